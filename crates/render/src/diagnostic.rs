//! A finding about a source, said at its place.

use std::fmt;

/// One finding: what is wrong, where, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// Path from the root of the source.
    pub file: String,
    /// Line, from 1; 0 when no line is to blame.
    pub line: u32,
    /// Column, from 1, in characters; 0 when unknown.
    pub column: u32,
    /// What is wrong and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// `file:line:column: message`, and the hint indented on a line of its own. Unknown numbers are left out.
impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if self.line > 0 {
            write!(out, ":{}", self.line)?;
            if self.column > 0 {
                write!(out, ":{}", self.column)?;
            }
        }
        write!(out, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(out, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}
