//! Helm's library in a process beside.

use std::path::Path;
use std::process::Command;

use oracle::{Batch, Oracle};

/// The running driver.
pub(crate) struct Peer(Batch);

/// What one render took, in milliseconds.
pub(crate) struct Took {
    /// Reading the chart.
    pub(crate) loaded: f64,
    /// From the chart to the output.
    pub(crate) rendered: f64,
    /// Bytes of the output.
    pub(crate) bytes: usize,
    /// Lines of the output.
    pub(crate) lines: usize,
}

impl Peer {
    pub(crate) fn start() -> Result<Self, String> {
        let program = oracle::find(Oracle::Charts).map_err(|missing| missing.to_string())?;
        Ok(Self(Batch::start(&mut Command::new(program)).map_err(|error| error.to_string())?))
    }

    /// Reads and renders a chart once.
    pub(crate) fn time(&mut self, folder: &Path) -> Result<Took, String> {
        let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        let question = serde_json::json!({ "op": "time", "name": folder });
        let answer = self.0.ask(&question.to_string()).map_err(|error| error.to_string())?;
        let answer = answer.ok_or("Helm's library ended")?;
        let answer: serde_json::Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        let number = |name: &str| answer[name].as_f64();
        let count = |name: &str| answer[name].as_u64().and_then(|count| usize::try_from(count).ok());
        match (number("loaded"), number("rendered"), count("bytes"), count("lines")) {
            (Some(loaded), Some(rendered), Some(bytes), Some(lines)) => Ok(Took { loaded, rendered, bytes, lines }),
            _ => Err(format!("Helm's library on {}: {}", folder.display(), answer["error"])),
        }
    }
}
