//! What a user is told when a command fails, and the exit code that scripts see.
//!
//! Exit codes: 0 done, 1 the thing asked for failed (for `diff`: there is a difference), 2 the command line was wrong,
//! 3 the cluster or the source could not be reached. `diff` reports errors above 1.

use std::fmt::Write as _;
use std::process::ExitCode;

/// Who can mend it; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// What was asked for did not work out.
    Task,
    /// The command line was wrong.
    Usage,
    /// The cluster or the source could not be reached.
    Unreachable,
}

/// A failed command: what happened, who can mend it and how.
#[derive(Debug)]
pub(crate) struct Failure {
    blame: Blame,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    /// What was asked for did not work out.
    pub(crate) fn task(message: impl Into<String>) -> Self {
        Self::new(Blame::Task, message)
    }

    /// The command line was wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Blame::Usage, message)
    }

    /// The cluster or the source could not be reached.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Blame::Unreachable, message)
    }

    fn new(blame: Blame, message: impl Into<String>) -> Self {
        Self { blame, message: message.into(), hints: Vec::new() }
    }

    /// Adds what the user can do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What happened, in one text.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The exit code that scripts see.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.blame {
            Blame::Task => 1,
            Blame::Usage => 2,
            Blame::Unreachable => 3,
        })
    }

    /// The exit code of commands for which 1 means "there is a difference".
    pub(crate) fn exit_code_of_comparison(&self) -> ExitCode {
        ExitCode::from(if self.blame == Blame::Unreachable { 3 } else { 2 })
    }

    /// The text for standard error.
    pub(crate) fn report(&self) -> String {
        let mut text = format!("error: {}", self.message.trim_end());
        for hint in &self.hints {
            let _ = write!(text, "\n  hint: {hint}");
        }
        text
    }
}

/// A kube error, told apart: refused by the server, or the server was not reached.
impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::task(format!("the cluster refused: {}", status.message)),
            kube::Error::Auth(cause) => {
                Self::unreachable(format!("the cluster did not accept the credentials: {cause}"))
            }
            other => Self::unreachable(format!("the cluster does not answer: {}", causes(&other))),
        }
    }
}

/// An error with all its causes on one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            let _ = write!(text, ": {inner_text}");
        }
        cause = inner.source();
    }
    text
}
