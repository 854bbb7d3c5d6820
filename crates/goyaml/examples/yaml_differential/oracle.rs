//! The Go program that answers for Go's libraries.

use std::io::Error;
use std::process::Command;

use ::oracle::Batch;
use goyaml::{Value, json};

/// A running oracle.
pub(crate) struct Oracle(Batch);

/// What Go answered.
pub(crate) struct Answer {
    pub(crate) documents: Vec<String>,
    pub(crate) text: String,
    pub(crate) error: String,
}

impl Oracle {
    /// Starts the program.
    pub(crate) fn start() -> std::io::Result<Self> {
        let program = ::oracle::find(::oracle::Oracle::Yaml).map_err(Error::other)?;
        Batch::start(&mut Command::new(program)).map(Self)
    }

    /// Asks with a text.
    pub(crate) fn read(&mut self, op: &str, text: &str) -> std::io::Result<Answer> {
        self.ask(&Value::from_iter([("op", Value::from(op)), ("text", text.into())]))
    }

    /// Asks with a value.
    pub(crate) fn write(&mut self, op: &str, value: &Value) -> std::io::Result<Answer> {
        self.ask(&Value::from_iter([("op", Value::from(op)), ("value", value.clone())]))
    }

    fn ask(&mut self, request: &Value) -> std::io::Result<Answer> {
        let line = self.0.ask(&json::to_go_string(request))?.ok_or_else(|| Error::other("the oracle stopped"))?;
        let answer = json::parse(line.as_bytes()).map_err(Error::other)?;
        let text = |name: &str| answer.str_at(&[name]).unwrap_or_default().to_owned();
        let documents = answer.get("documents").and_then(Value::as_list).unwrap_or_default();
        let documents = documents.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Answer { documents, text: text("text"), error: text("error") })
    }
}
