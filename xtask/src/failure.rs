//! What can go wrong in a chore, and how a chore speaks.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a chore stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder that was asked for.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// A program could not be started or ended with an error.
    #[error("`{command}` failed: {why}")]
    Program {
        /// The command line.
        command: String,
        /// Its exit status, or why it did not start.
        why: String,
    },
    /// The catalogue of oracles is not usable.
    #[error(transparent)]
    Catalogue(#[from] oracle::CatalogueError),
    /// A file does not have the form that the chore needs.
    #[error("{0}")]
    Form(String),
    /// The chore judged, and the judgement is no.
    #[error("{0}")]
    Refused(String),
}

/// Gives an I/O error the path it belongs to.
pub(crate) trait At<T> {
    /// The same result, its error naming `path`.
    fn at(self, path: &Path) -> Result<T, Failure>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Failure> {
        self.map_err(|source| Failure::Io { path: path.to_path_buf(), source })
    }
}

/// Prints one line at once, so that CI logs keep their order.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice; there is nobody left to tell.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Runs a program to its end with this terminal; any exit status but 0 is a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|why| program(command, &why.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(program(command, &status.to_string()))
}

/// Runs a program to its end and returns what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|why| program(command, &why.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(program(command, &format!("{}\n{}", output.status, said.trim_end())));
    }
    String::from_utf8(output.stdout).map_err(|_| program(command, "its output is not UTF-8"))
}

fn program(command: &Command, why: &str) -> Failure {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    Failure::Program { command: words.join(" "), why: why.to_owned() }
}
