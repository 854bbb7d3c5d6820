//! What went wrong in a build, said at the place where it can be put right.

use std::fmt;

/// One fault of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// Path of the file at fault, from the root of the tree.
    pub file: String,
    /// Line in that file, from 1; 0 when no line is to blame.
    pub line: u32,
    /// Column in that line, from 1, in characters; 0 when unknown.
    pub column: u32,
    /// What is wrong and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl BuildError {
    /// A fault at a line of a file.
    pub fn new(file: impl Into<String>, line: u32, message: impl Into<String>) -> Self {
        Self { file: file.into(), line, column: 0, message: message.into(), hint: None }
    }

    /// The same fault at a column of its line.
    #[must_use]
    pub fn at_column(self, column: u32) -> Self {
        Self { column, ..self }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// `apps/kustomization.yaml:4:7: message`, and the hint on a line of its own. Unknown numbers are left out.
impl fmt::Display for BuildError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().take_while(|number| *number > 0) {
            write!(out, ":{number}")?;
        }
        write!(out, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(out, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BuildError {}
