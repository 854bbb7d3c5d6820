//! kustomize's own library in a process beside, asked line by line.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use goyaml::Value;

/// The program of `tools/oracle/kustomize`.
pub(crate) struct Batch {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How long the last build took in the process.
    pub(crate) seconds: f64,
}

impl Batch {
    pub(crate) fn start(program: &str) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { child, input, output, seconds: 0.0 })
    }

    /// Asks: `path` and, if the tree is not on disk, `files`. Gives what it prints, or says when it fails.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Result<String, String>, Box<dyn Error>> {
        writeln!(self.input, "{}", goyaml::json::to_string(request))?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer = goyaml::json::parse(line.as_bytes()).map_err(|error| error.to_string())?;
        let text = |key: &str| answer.str_at(&[key]).unwrap_or_default().to_owned();
        let seconds = answer.get("seconds").map(goyaml::json::to_string).and_then(|text| text.parse().ok());
        self.seconds = seconds.unwrap_or_default();
        let result = if text("error").is_empty() { Ok(text("output")) } else { Err(text("error")) };
        Ok(result)
    }

    pub(crate) fn end(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.input);
        self.child.wait()?;
        Ok(())
    }
}
