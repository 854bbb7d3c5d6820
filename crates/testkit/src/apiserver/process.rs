//! Programs that end with us, however we end.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::StartError;

/// Runs its arguments as a program and kills it when the pipe on standard input closes. The system closes the pipe when
/// the test process dies in whatever way, so that no `Drop` needs to run for the program to end.
const GUARD: &str = r#"exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ cat <&3 >/dev/null; kill -9 $program; } 2>/dev/null &
exec 3<&-
wait $program"#;

/// How much of a log an error message shows, in lines.
const LOG_LINES: usize = 12;

/// A program that runs.
pub(crate) struct Running {
    name: String,
    guard: Child,
    pipe: Option<ChildStdin>,
    log: PathBuf,
}

impl Running {
    /// Starts a program whose output goes to `log`.
    pub(crate) fn start(program: &Path, arguments: &[String], log: PathBuf) -> io::Result<Self> {
        let output = File::create(&log)?;
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let pipe = guard.stdin.take();
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, guard, pipe, log })
    }

    /// Fails where the program has ended.
    pub(crate) fn check(&mut self) -> Result<(), StartError> {
        match self.guard.try_wait()? {
            Some(status) => Err(self.not_ready(&format!("ended ({status})"))),
            None => Ok(()),
        }
    }

    /// An error with the end of the program's log.
    pub(crate) fn not_ready(&self, why: &str) -> StartError {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let log = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        StartError::NotReady { what: format!("{} {why}", self.name), log }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The guard ends as soon as it has killed the program; where that fails there is nothing left to do.
        let _ = self.guard.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::Running;

    #[test]
    fn a_program_ends_with_its_guard() {
        let folder = tempfile::tempdir().expect("a folder");
        let pid_file = folder.path().join("pid");
        let script = format!("echo $$ > {}; exec sleep 600", pid_file.display());
        let arguments = ["-c".to_owned(), script];
        let running = Running::start(Path::new("/bin/sh"), &arguments, folder.path().join("log")).expect("it starts");
        let pid = wait_for(|| std::fs::read_to_string(&pid_file).ok().filter(|pid| pid.ends_with('\n')));
        let process = Path::new("/proc").join(pid.trim());
        assert!(process.exists());
        drop(running);
        wait_for(|| (!process.exists()).then_some(()));
    }

    #[test]
    fn an_early_end_is_told_with_the_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ["-c", "echo no such flag >&2; exit 7"].map(str::to_owned);
        let mut running =
            Running::start(Path::new("/bin/sh"), &arguments, folder.path().join("log")).expect("it starts");
        let error = wait_for(|| running.check().err()).to_string();
        assert!(error.contains("ended (exit status: 7)") && error.contains("no such flag"), "{error}");
    }

    fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(Instant::now() < deadline, "waited in vain");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
