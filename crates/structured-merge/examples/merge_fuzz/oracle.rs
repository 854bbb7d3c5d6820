//! The other side: a process that answers one line of JSON with another.

use std::process::{Command, Stdio};

use ::oracle::Batch;
use goyaml::Value;

use crate::Failure;

pub(crate) struct Oracle(Batch);

impl Oracle {
    pub(crate) fn start(program: &str, schema: &str) -> Result<Self, Failure> {
        Ok(Self(Batch::start(Command::new(program).arg(schema).stderr(Stdio::null()))?))
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Result<Result<Value, String>, Failure> {
        let line = self.0.ask(&goyaml::json::to_string(request))?.ok_or("the oracle stopped")?;
        let answer = goyaml::json::parse(line.as_bytes())?;
        if let Some(error) = answer.str_at(&["error"]) {
            return Ok(Err(error.to_owned()));
        }
        Ok(Ok(answer.get("object").cloned().unwrap_or_default()))
    }
}
