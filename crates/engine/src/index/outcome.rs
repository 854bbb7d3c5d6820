//! What comes back from work.

use std::sync::Arc;
use std::time::Duration;

use api::KustomizationStatus;
use jiff::Timestamp;
use object::ObjectKey;
use source::FileTree;

use super::Held;
use crate::{DiagnosticState, HealedDrift, ObjectState, PlanState};

/// A good fetch.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) revision: Arc<str>,
    pub(crate) digest: Arc<str>,
    pub(crate) commit: Arc<str>,
    pub(crate) author: Arc<str>,
    pub(crate) subject: Arc<str>,
    pub(crate) time: Timestamp,
    /// The files; `None` in tests without any.
    pub(crate) tree: Option<FileTree>,
}

/// A fetch that failed.
#[derive(Clone, Debug)]
pub(crate) struct FetchFailure {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// Nothing helps but another spec.
    pub(crate) terminal: bool,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) run: u64,
    /// What the server has now.
    pub(crate) status: KustomizationStatus,
    /// What is held from now on; `None` leaves it as it was.
    pub(crate) held: Option<Arc<Held>>,
    pub(crate) outcome: Outcome,
    pub(crate) plan: Option<Arc<PlanState>>,
    pub(crate) diagnostics: Option<Arc<Vec<DiagnosticState>>>,
    pub(crate) objects: Option<Arc<Vec<ObjectState>>>,
    pub(crate) took: Duration,
    /// Change log, one line an object.
    pub(crate) log: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No input had changed: nothing was rendered or sent.
    Unchanged,
    /// All is written; `changed` says whether anything was different.
    Applied {
        /// Whether anything was different.
        changed: bool,
    },
    /// It did not work.
    Failed {
        /// Reason of the condition `Ready`.
        reason: &'static str,
        /// What, where, why, what to do.
        message: String,
        /// Whether the same may work later with nothing changed.
        retry: bool,
    },
}

/// How following the health ended.
#[derive(Clone, Debug)]
pub(crate) struct SettleOutcome {
    pub(crate) run: u64,
    /// `None`: all are well. Otherwise what is wrong.
    pub(crate) failure: Option<String>,
    pub(crate) took: Duration,
}

/// What putting drift right came to.
#[derive(Debug)]
pub(crate) struct Healed {
    /// What was put right.
    pub(crate) healed: Vec<HealedDrift>,
    /// What could not be put right, and why.
    pub(crate) failed: Vec<(ObjectKey, String)>,
}
