//! Go's side: a batch driver that answers a line of JSON with a line of JSON.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;

/// What came of a template.
pub(crate) struct Answer {
    pub(crate) output: Vec<u8>,
    pub(crate) error: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.error.is_empty() {
            write!(out, "{:?}", String::from_utf8_lossy(&self.output))
        } else {
            write!(out, "ERROR {}", self.error)
        }
    }
}

/// The running driver.
pub(crate) struct Peer {
    child: Child,
    into: ChildStdin,
    out: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(program: &str) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Go ends with a long trace where a map contains itself.
            .stderr(Stdio::null())
            .spawn()
            .expect("the oracle starts; build tools/oracle/template with `go build`");
        let into = child.stdin.take().expect("stdin is piped");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self { child, into, out }
    }

    /// The answer; `None` if the driver died of the question.
    pub(crate) fn ask(&mut self, template: &str, values: &str, engine: &str) -> Option<Answer> {
        let template = goyaml::json::to_string(&template.into());
        writeln!(self.into, r#"{{"template":{template},"values":{values},"engine":"{engine}"}}"#)
            .expect("the oracle reads");
        self.into.flush().expect("the oracle reads");
        let mut line = String::new();
        self.out.read_line(&mut line).expect("the oracle answers");
        if line.is_empty() {
            return None;
        }
        let answer = goyaml::json::parse(line.as_bytes()).expect("the oracle answers in JSON");
        let output = answer.str_at(&["output"]).unwrap_or_default();
        let output = base64::engine::general_purpose::STANDARD.decode(output).expect("the output is base64");
        Some(Answer { output, error: answer.str_at(&["error"]).unwrap_or_default().to_owned() })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
