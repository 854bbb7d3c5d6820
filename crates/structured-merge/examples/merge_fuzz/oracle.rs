//! The other side: a process that answers one line of JSON with another.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use goyaml::Value;

use crate::Failure;

pub(crate) struct Oracle {
    _process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub(crate) fn start(program: &str, schema: &str) -> Result<Self, Failure> {
        let mut process = Command::new(program)
            .arg(schema)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let questions = process.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        Ok(Self { _process: process, questions, answers })
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Result<Result<Value, String>, Failure> {
        writeln!(self.questions, "{}", goyaml::json::to_string(request))?;
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the oracle stopped".into());
        }
        let answer = goyaml::json::parse(line.as_bytes())?;
        if let Some(error) = answer.str_at(&["error"]) {
            return Ok(Err(error.to_owned()));
        }
        Ok(Ok(answer.get("object").cloned().unwrap_or_default()))
    }
}
