//! What went wrong while a template ran, and where.

use std::fmt;

/// An error of a running template. Its text is Go's:
/// `template: NAME:LINE:COLUMN: executing "NAME" at <EXPRESSION>: MESSAGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecError {
    /// The template that was running.
    pub template: String,
    /// The file its text stands in.
    pub file: String,
    /// Line, from 1; 0 where there is no place (a template that is not there).
    pub line: usize,
    /// Column in bytes, from 0, as Go counts.
    pub column: usize,
    /// The expression.
    pub expression: String,
    /// What is wrong; with a cause, only the words before it.
    pub message: String,
    /// The error of an included template.
    pub cause: Option<Box<Self>>,
    /// Whether the chart itself raised it, by `fail` or `required`: [`Self::innermost`] has its words alone.
    pub raised: Option<String>,
}

impl ExecError {
    /// The error at the bottom: where the trouble is, under all that included it.
    pub fn innermost(&self) -> &Self {
        let mut error = self;
        while let Some(cause) = &error.cause {
            error = cause;
        }
        error
    }

    pub(crate) fn without_place(message: String) -> Self {
        Self {
            template: String::new(),
            file: String::new(),
            line: 0,
            column: 0,
            expression: String::new(),
            message,
            cause: None,
            raised: None,
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            let name = crate::fmt::quote(self.template.as_bytes());
            let Self { file, line, column, expression, .. } = self;
            write!(out, "template: {file}:{line}:{column}: executing {name} at <{expression}>: ")?;
        }
        out.write_str(&self.message)?;
        self.cause.as_ref().map_or(Ok(()), |cause| cause.fmt(out))
    }
}

impl std::error::Error for ExecError {}

/// Why a function failed.
#[derive(Debug)]
pub struct Fault {
    /// The words; with a cause, those before it.
    pub message: String,
    /// The error of a template that the function ran.
    pub cause: Option<Box<ExecError>>,
    /// Whether the chart raised it by `fail` or `required`.
    pub raised: bool,
}

impl Fault {
    /// A failure with these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: None, raised: false }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}
