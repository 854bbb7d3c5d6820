//! kustomize's own library in a process beside, asked line by line.

use std::error::Error;
use std::process::Command;

use goyaml::Value;

/// The program of `tools/oracle/kustomize`.
pub(crate) struct Batch {
    program: String,
    driver: ::oracle::Batch,
    /// How long the last build took in the process.
    pub(crate) seconds: f64,
}

impl Batch {
    pub(crate) fn start(program: &str) -> Result<Self, Box<dyn Error>> {
        let driver = ::oracle::Batch::start(&mut Command::new(program))?;
        Ok(Self { program: program.to_owned(), driver, seconds: 0.0 })
    }

    /// Asks: `path` and, if the tree is not on disk, `files`. Gives what it prints, or says when it fails, be it that it dies.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Result<String, String>, Box<dyn Error>> {
        let Some(line) = self.driver.ask(&goyaml::json::to_string(request))? else {
            self.driver = ::oracle::Batch::start(&mut Command::new(&self.program))?;
            return Ok(Err("kustomize died of it".to_owned()));
        };
        let answer = goyaml::json::parse(line.as_bytes()).map_err(|error| error.to_string())?;
        let text = |key: &str| answer.str_at(&[key]).unwrap_or_default().to_owned();
        let seconds = answer.get("seconds").map(goyaml::json::to_string).and_then(|text| text.parse().ok());
        self.seconds = seconds.unwrap_or_default();
        let result = if text("error").is_empty() { Ok(text("output")) } else { Err(text("error")) };
        Ok(result)
    }
}
