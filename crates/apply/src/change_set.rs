//! What an apply did, object by object.

use std::fmt;

use object::{FieldDiff, ObjectKey};

/// What became of one object, as Flux names it in its change log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It was changed.
    Configured,
    /// It was as it should be.
    Unchanged,
    /// It was deleted.
    Deleted,
    /// It was left alone because its annotations say so.
    Skipped,
    /// The server refused.
    Failed,
}

/// One object's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Result {
    /// Which object.
    pub key: ObjectKey,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where there is something to say; the error of a failed one.
    pub message: String,
    /// What changed, Secrets redacted.
    pub fields: Vec<FieldDiff>,
    /// Whether a failure may go away by itself (connection, overload).
    pub transient: bool,
    /// Whether a skipped deletion is to be tried again: the object stays in the inventory.
    pub kept: bool,
}

/// The outcome of an apply, in the order of the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeSet {
    /// One result an object.
    pub results: Vec<Result>,
}

impl Outcome {
    /// The word of the change log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Result {
    /// A result without a message.
    pub fn new(key: ObjectKey, outcome: Outcome) -> Self {
        Self { key, outcome, message: String::new(), fields: Vec::new(), transient: false, kept: false }
    }

    /// A result with a message.
    pub fn with(key: ObjectKey, outcome: Outcome, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::new(key, outcome) }
    }

    /// A deletion that is put off.
    pub(crate) fn kept(key: ObjectKey, why: &str) -> Self {
        Self { kept: true, ..Self::with(key, Outcome::Skipped, why) }
    }

    pub(crate) fn failed(key: ObjectKey, error: &crate::ApplyError) -> Self {
        Self { transient: error.is_transient(), ..Self::with(key, Outcome::Failed, error.cause.to_string()) }
    }
}

/// `Deployment/apps/web configured`, with the message behind a colon.
impl fmt::Display for Result {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.key, self.outcome)?;
        if self.message.is_empty() { Ok(()) } else { write!(out, ": {}", self.message) }
    }
}

impl ChangeSet {
    /// The results with this outcome.
    pub fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Result> {
        self.results.iter().filter(move |result| result.outcome == outcome)
    }

    /// Whether anything on the cluster is different now.
    pub fn changed(&self) -> bool {
        self.results
            .iter()
            .any(|result| matches!(result.outcome, Outcome::Created | Outcome::Configured | Outcome::Deleted))
    }

    /// Whether any object failed.
    pub fn has_failures(&self) -> bool {
        self.with(Outcome::Failed).next().is_some()
    }

    /// What an object's outcome was.
    pub fn outcome(&self, key: &ObjectKey) -> Option<Outcome> {
        self.results.iter().find(|result| result.key == *key).map(|result| result.outcome)
    }

    pub(crate) fn is_kept(&self, key: &ObjectKey) -> bool {
        self.results.iter().any(|result| result.key == *key && result.kept)
    }

    /// Adds the results of another set, such as those of a prune.
    pub fn append(&mut self, other: Self) {
        self.results.extend(other.results);
    }
}

/// The change log of an event: one line an object that changed or failed.
impl fmt::Display for ChangeSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.results.iter().filter(|result| result.outcome != Outcome::Unchanged);
        for (place, result) in shown.enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            write!(out, "{result}")?;
        }
        Ok(())
    }
}
