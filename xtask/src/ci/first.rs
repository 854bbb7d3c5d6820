//! What README tells a newcomer to do first, done.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use oracle::Oracle;

use crate::failure::{At, Failure, output, run, say};
use crate::programs;

/// The repository of README's first command.
const EXAMPLE: &str = "examples/research-platform";
/// What `up` says when there is nothing left to do.
const READY: &str = "everything is ready";

/// The first command, the pages, and the commands of kubectl that README shows.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    let state = std::env::temp_dir().join(format!("setpoint-first-{}", std::process::id()));
    std::fs::create_dir_all(&state).at(&state)?;
    let outcome = Newcomer { root, state: &state }.follow();
    std::fs::remove_dir_all(&state).at(&state)?;
    outcome
}

struct Newcomer<'a> {
    root: &'a Path,
    state: &'a Path,
}

/// A running `up`; killed when dropped.
struct Up {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Newcomer<'_> {
    fn follow(&self) -> Result<(), Failure> {
        let mut first = Command::new("cargo");
        first.current_dir(self.root).args(["run", "--release", "--quiet", "--locked", "--", "up", EXAMPLE, "--once"]);
        let said = output(first.args(["--port", "0", "--state"]).arg(self.state))?;
        say(&said);
        if !said.contains(READY) {
            return Err(Failure::Refused(format!("the first command does not say `{READY}`")));
        }
        let setpoint = programs::setpoint(self.root)?;
        let mut up = self.up(&setpoint)?;
        let page = up.says("page: ")?;
        up.says(READY)?;
        self.page_answers(page.trim_start_matches("page: ").trim())?;
        self.kubectl(&["get", "deployments", "-A"])?;
        self.kubectl(&["-n", "library", "scale", "deployment", "hedgedoc", "--replicas", "3"])?;
        up.says("put back")?;
        run(Command::new(&setpoint).current_dir(self.state).arg("down"))?;
        let status = up.child.wait().at(&setpoint)?;
        if status.success() { Ok(()) } else { Err(Failure::Refused(format!("`up` ended with {status}"))) }
    }

    fn up(&self, setpoint: &PathBuf) -> Result<Up, Failure> {
        let mut up = Command::new(setpoint);
        up.current_dir(self.root).args(["up", EXAMPLE, "--port", "0", "--state"]).arg(self.state);
        let mut child = up.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().at(setpoint)?;
        let stdout = child.stdout.take().ok_or_else(|| Failure::Form("no standard output of `up`".into()))?;
        Ok(Up { child, lines: BufReader::new(stdout).lines() })
    }

    fn page_answers(&self, address: &str) -> Result<(), Failure> {
        let cookies = self.state.join("cookies");
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--location", "--max-time", "20", "--cookie-jar"]);
        let page = output(curl.arg(&cookies).arg("--cookie").arg(&cookies).arg(address))?;
        if page.contains("</html>") && page.contains("hedgedoc") {
            say(&format!("the page has {} bytes", page.len()));
            return Ok(());
        }
        Err(Failure::Refused(format!("the page at {address} does not show hedgedoc:\n{page}")))
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<(), Failure> {
        let kubectl = oracle::find(Oracle::Kubectl).map_err(|missing| Failure::Refused(missing.to_string()))?;
        run(Command::new(kubectl).arg("--kubeconfig").arg(self.state.join(".setpoint/kubeconfig")).args(arguments))
    }
}

impl Up {
    /// Reads on until a line that contains this text. CI's own limit ends a wait in vain.
    fn says(&mut self, text: &str) -> Result<String, Failure> {
        for line in self.lines.by_ref() {
            let line = line.at(Path::new("setpoint up"))?;
            say(&line);
            if line.contains(text) {
                return Ok(line);
            }
        }
        Err(Failure::Refused(format!("`up` ended without saying `{text}`")))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Both fail where it has ended, which is well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
