//! What comes back from work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::KustomizationStatus;
use object::ObjectKey;
use source::{Commit, FileTree};

use super::Held;
use crate::{DiagnosticState, HealedDrift, ObjectState, PlanState};

/// A good fetch, or what was made of others.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) revision: Arc<str>,
    pub(crate) digest: Arc<str>,
    /// Of a Git repository.
    pub(crate) commit: Option<Arc<Commit>>,
    /// What the source tells of the artifact, such as the commit that it was made of.
    pub(crate) metadata: BTreeMap<String, String>,
    /// The files; an index has none.
    pub(crate) tree: Option<FileTree>,
    /// The archive, where it is kept whole.
    pub(crate) archive: Option<Arc<[u8]>>,
    /// Which chart it is, if it is one.
    pub(crate) chart: Option<ChartName>,
    /// Revision of the source that a chart was made of.
    pub(crate) made_of: Option<Arc<str>>,
    /// Files of values that a chart's own were made of.
    pub(crate) values_files: Vec<String>,
    pub(crate) verified: Verified,
    /// Revision and digest of each source of which a folder was put into this one.
    pub(crate) included: Vec<(Arc<str>, Arc<str>)>,
    /// What a generator made, by name.
    pub(crate) made: BTreeMap<String, Arc<Self>>,
}

/// Name and version of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChartName {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// What became of the signatures that a source asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// It asks for none.
    Unasked,
    /// They are good.
    Yes,
    /// They are good; in words which, by which keys.
    Signed(String),
    /// They were not looked at, as the caller of `up` allowed for this address; in words.
    Excepted(String),
}

impl Fetched {
    /// An artifact of which nothing more is known.
    pub(crate) fn new(revision: &str, digest: &str) -> Self {
        Self {
            revision: revision.into(),
            digest: digest.into(),
            commit: None,
            metadata: BTreeMap::new(),
            tree: None,
            archive: None,
            chart: None,
            made_of: None,
            values_files: Vec::new(),
            verified: Verified::Unasked,
            included: Vec::new(),
            made: BTreeMap::new(),
        }
    }

    /// One line that people know it by: a commit's first line.
    pub(crate) fn title(&self) -> Arc<str> {
        self.commit.as_ref().map_or_else(|| "".into(), |commit| commit.subject.as_str().into())
    }
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
