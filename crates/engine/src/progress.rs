//! What happens, as it happens: one typed event a line.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use object::ObjectKey;

use crate::Name;

/// One event and whom it concerns.
#[derive(Clone, Debug)]
pub struct ProgressLine {
    /// When it happened.
    pub at: Timestamp,
    /// The delivery, or the source for [`Progress::Fetched`] and [`Progress::FetchFailed`], or the Lease for
    /// [`Progress::HeldBack`].
    pub name: Name,
    /// What happened.
    pub progress: Progress,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Progress {
    /// A new revision of a source was fetched.
    Fetched {
        /// Revision.
        revision: Arc<str>,
        /// First line of the commit's message.
        subject: Arc<str>,
    },
    /// A source could not be fetched.
    FetchFailed {
        /// What, where, why, what to do.
        message: Arc<str>,
    },
    /// The files were rendered.
    Rendered {
        /// Objects.
        objects: usize,
        /// Findings that did not stop the work.
        diagnostics: usize,
    },
    /// One object was written.
    Applied {
        /// Which.
        key: ObjectKey,
        /// `created`, `configured` or another word of Flux's change log.
        action: &'static str,
    },
    /// One object was refused by the cluster.
    Refused {
        /// Which.
        key: ObjectKey,
        /// What the server said.
        message: Arc<str>,
    },
    /// The delivery waits for this object.
    Waiting {
        /// Which.
        key: ObjectKey,
        /// Why it is not healthy.
        why: Arc<str>,
    },
    /// Nothing is written from now on, as another controller holds the cluster.
    HeldBack {
        /// Who, and what to do.
        why: Arc<str>,
    },
    /// The delivery waits for another one or its source.
    Blocked {
        /// Why.
        why: Arc<str>,
    },
    /// One object was deleted, as it is no longer wanted.
    Pruned {
        /// Which.
        key: ObjectKey,
    },
    /// Pruning was held back until it is approved.
    PruneHeld {
        /// What to do.
        message: Arc<str>,
    },
    /// A drift was put right.
    Healed {
        /// Which.
        key: ObjectKey,
        /// Who had done what to it, in words.
        after: Arc<str>,
    },
    /// All is as wanted.
    Ready {
        /// Revision.
        revision: Arc<str>,
    },
    /// The delivery failed.
    Failed {
        /// Flux's reason.
        reason: &'static str,
        /// What, where, why, what to do.
        message: Arc<str>,
    },
}

impl fmt::Display for ProgressLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.name, self.progress)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetched { revision, subject } if subject.is_empty() => write!(out, "fetched {revision}"),
            Self::Fetched { revision, subject } => write!(out, "fetched {revision} ({subject})"),
            Self::FetchFailed { message } => write!(out, "fetch failed: {message}"),
            Self::Rendered { objects, diagnostics: 0 } => write!(out, "rendered {objects} objects"),
            Self::Rendered { objects, diagnostics } => {
                write!(out, "rendered {objects} objects, left out {diagnostics} broken parts")
            }
            Self::Applied { key, action } => write!(out, "{key} {action}"),
            Self::Refused { key, message } => write!(out, "{key} refused: {message}"),
            Self::Waiting { key, why } => write!(out, "waiting for {key}: {why}"),
            Self::HeldBack { why } => write!(out, "held back: {why}"),
            Self::Blocked { why } => write!(out, "waiting: {why}"),
            Self::Pruned { key } => write!(out, "{key} deleted"),
            Self::PruneHeld { message } => write!(out, "pruning held: {message}"),
            Self::Healed { key, after } => write!(out, "{key} put back after {after}"),
            Self::Ready { revision } => write!(out, "ready at {revision}"),
            Self::Failed { reason, message } => write!(out, "failed ({reason}): {message}"),
        }
    }
}
