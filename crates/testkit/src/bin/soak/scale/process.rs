//! The `setpoint` that is measured.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Outcome;

/// How `setpoint up` is started.
pub(super) struct Launch<'a> {
    pub(super) setpoint: PathBuf,
    pub(super) url: String,
    pub(super) kubeconfig: PathBuf,
    pub(super) folder: &'a Path,
}

/// A running `setpoint up`.
pub(super) struct Up(Child);

impl Launch<'_> {
    pub(super) fn start(&self) -> Outcome<Up> {
        let output = std::fs::File::options().create(true).append(true).open(self.folder.join("output"))?;
        let mut command = Command::new(&self.setpoint);
        command.args(["up", &self.url, "--path", "root", "--interval", "1h", "--port", "0", "--yes", "--kubeconfig"]);
        command.arg(&self.kubeconfig).env_clear().env("HOME", self.folder).current_dir(self.folder);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(Up(command.spawn()?))
    }
}

impl Up {
    /// Ends it in good order.
    pub(super) fn end(mut self) -> Outcome<()> {
        let status = Command::new("kill").arg(self.0.id().to_string()).status()?;
        if !status.success() || !self.0.wait()?.success() {
            return Err("setpoint did not end in good order".into());
        }
        Ok(())
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Processor time so far, of user and system.
    pub(super) fn processor(&self) -> Outcome<Duration> {
        /// Linux counts in hundredths of a second.
        const TICK: Duration = Duration::from_millis(10);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<u32>().ok()).unwrap_or(0);
        Ok(TICK * (ticks(11) + ticks(12)))
    }

    /// The most memory it had, in kilobytes.
    pub(super) fn memory(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
