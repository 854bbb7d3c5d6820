//! Go's side: a batch driver that answers a line of JSON with a line of JSON.

use std::fmt;
use std::process::{Command, Stdio};

use base64::Engine;
use oracle::Batch;

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
pub(crate) struct Peer(Batch);

impl Peer {
    pub(crate) fn start(program: &str) -> Self {
        // Go ends with a long trace where a map contains itself.
        let started = Batch::start(Command::new(program).stderr(Stdio::null()));
        Self(started.expect("the oracle starts; build tools/oracle/template with `go build`"))
    }

    /// The answer; `None` if the driver died of the question, or did not end.
    pub(crate) fn ask(&mut self, template: &str, values: &str, engine: &str) -> Option<Answer> {
        let template = goyaml::json::to_string(&template.into());
        let question = format!(r#"{{"template":{template},"values":{values},"engine":"{engine}"}}"#);
        let line = self.0.ask(&question).expect("the oracle reads and answers")?;
        let answer = goyaml::json::parse(line.as_bytes()).expect("the oracle answers in JSON");
        let output = answer.str_at(&["output"]).unwrap_or_default();
        let output = base64::engine::general_purpose::STANDARD.decode(output).expect("the output is base64");
        Some(Answer { output, error: answer.str_at(&["error"]).unwrap_or_default().to_owned() })
    }
}
