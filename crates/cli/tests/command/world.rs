//! A folder with a repository and a `setpoint` that knows nothing of the machine it runs on.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use oracle::Oracle;
use tempfile::TempDir;
use testkit::git::GitRepo;

/// Longest wait for anything that `setpoint` says it does at once.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A repository and a place for `.setpoint/`.
pub(crate) struct World {
    pub(crate) repository: GitRepo,
    pub(crate) state: TempDir,
}

/// A running `setpoint up`; killed when dropped.
pub(crate) struct Up {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl World {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self { repository: GitRepo::with_files(files), state: tempfile::tempdir().expect("a temporary folder") }
    }

    /// `setpoint` with nothing of the environment but a home of its own.
    pub(crate) fn setpoint(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_setpoint"));
        command.args(arguments).current_dir(self.state.path()).env_clear().env("HOME", self.state.path());
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.setpoint(arguments);
        // Files, as a pipe that nobody reads holds up who writes much.
        let [mut stdout, mut stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a temporary file"));
        let piped = |file: &File| Stdio::from(file.try_clone().expect("a second handle"));
        let mut child = command.stdout(piped(&stdout)).stderr(piped(&stderr)).spawn().expect("setpoint starts");
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().expect("it can be asked").is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let ended = child.try_wait().expect("it can be asked").is_some();
        let _ = child.kill();
        let status = child.wait().expect("it can be waited for");
        let [stdout, stderr] = [&mut stdout, &mut stderr].map(|file| {
            let mut text = Vec::new();
            file.rewind().and_then(|()| file.read_to_end(&mut text)).expect("what was written can be read");
            text
        });
        let output = Output { status, stdout, stderr };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(ended, "{arguments:?} did not end within {PATIENCE:?}; it said:\n{said}");
        output
    }

    /// Standard output of a run that must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Exit code and standard error of a run that must fail.
    pub(crate) fn fail(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        let code = output.status.code().expect("an exit code");
        assert_ne!(code, 0, "{arguments:?} succeeded: {}", String::from_utf8_lossy(&output.stdout));
        (code, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn repository_path(&self) -> String {
        self.repository.path().display().to_string()
    }

    /// Starts `setpoint up` on the repository.
    pub(crate) fn up(&self, more: &[&str]) -> Up {
        let path = self.repository_path();
        let mut arguments = vec!["up", path.as_str(), "--port", "0"];
        arguments.extend_from_slice(more);
        Up::start(&mut self.setpoint(&arguments), "")
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.state.path().join(".setpoint/kubeconfig")
    }

    /// Standard output of a kubectl run that must succeed.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.try_kubectl(arguments);
        assert!(output.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn try_kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_command(arguments).output().expect("kubectl starts")
    }

    pub(crate) fn kubectl_command(&self, arguments: &[&str]) -> Command {
        let kubectl = oracle::find(Oracle::Kubectl).expect("kubectl was looked for before");
        let mut command = Command::new(kubectl);
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(arguments);
        command.env("HOME", self.state.path()).stdin(Stdio::null());
        command
    }

    /// Asks kubectl until it succeeds and the answer is as expected.
    pub(crate) fn kubectl_until(&self, arguments: &[&str], expected: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = self.try_kubectl(arguments);
            let answer = String::from_utf8_lossy(&output.stdout);
            if output.status.success() && answer.trim() == expected {
                return;
            }
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(Instant::now() < deadline, "kubectl {arguments:?} stays at {answer:?}, not {expected:?}\n{error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Up {
    /// Starts a command that is an `up`, with this on its standard input.
    pub(crate) fn start(command: &mut Command, input: &str) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("setpoint starts");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it is read, or fits into the pipe");
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line that contains this text, and gives it.
    pub(crate) fn says(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).ok();
            assert!(line.is_some(), "`{text}` was not said; what was:\n{}", self.seen.join("\n"));
            self.seen.extend(line.clone());
            if let Some(line) = line.filter(|line| line.contains(text)) {
                return line;
            }
        }
    }

    /// The most memory that it had, in kilobytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Its number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it without a chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Waits until it ends by itself.
    pub(crate) fn exit_code(&mut self) -> i32 {
        self.child.wait().expect("it ends").code().expect("an exit code")
    }
}

impl Drop for Up {
    #[expect(clippy::print_stderr, reason = "for whoever reads why a test failed")]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            self.seen.extend(self.lines.iter());
            eprintln!("`up` said:\n{}", self.seen.join("\n"));
        }
    }
}
