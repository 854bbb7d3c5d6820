//! One source's record.

use std::sync::Arc;
use std::time::Duration;

use api::SourceStatus;
use jiff::Timestamp;

use super::Fetched;
use crate::source_object::SourceObject;
use crate::status::conditions;
use crate::{SourceName, SourceState};

/// What a fetch is made from. Two equal ones make equal fetches, what is outside of the cluster aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceWanted {
    pub(crate) generation: i64,
    pub(crate) requested: Option<String>,
    /// Revision and digest of each source that it is made of.
    pub(crate) inputs: Vec<Option<(Arc<str>, Arc<str>)>>,
}

/// One source's record.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub(crate) struct Source {
    pub(super) object: Arc<SourceObject>,
    /// What the status is to be.
    pub(super) status: SourceStatus,
    /// What the server has.
    pub(super) stored: SourceStatus,
    /// What is being written.
    pub(super) writing: Option<SourceStatus>,
    pub(super) write_failures: u32,
    pub(super) fetched: Option<Fetched>,
    /// Generation of the spec that `fetched` is of.
    pub(super) fetched_of: Option<i64>,
    /// The last fetch failed.
    pub(super) failing: bool,
    pub(super) failures: u32,
    pub(super) fetching: bool,
    /// Something changed during a fetch.
    pub(super) again: bool,
    /// What the last fetch was made from.
    pub(super) tried: Option<SourceWanted>,
    pub(super) checked: Option<Timestamp>,
    /// Generation for which what the source needs in the cluster was made.
    pub(super) prepared: Option<i64>,
    pub(super) preparing: bool,
    /// Why it waits for another source: reason and message.
    pub(super) waits: Option<(&'static str, String)>,
}

impl Source {
    pub(super) fn new(object: Arc<SourceObject>) -> Self {
        let status = object.status.clone();
        Self {
            object,
            stored: status.clone(),
            status,
            writing: None,
            write_failures: 0,
            fetched: None,
            fetched_of: None,
            failing: false,
            failures: 0,
            fetching: false,
            again: false,
            tried: None,
            checked: None,
            prepared: None,
            preparing: false,
            waits: None,
        }
    }

    /// While others write the status, theirs counts.
    pub(super) fn adopt_status(&mut self) {
        if self.writing.is_none() {
            self.stored = self.object.status.clone();
            self.status = self.stored.clone();
        }
    }

    pub(super) fn generation(&self) -> i64 {
        self.object.generation()
    }

    /// Revision of the last good fetch.
    pub(super) fn revision(&self) -> Option<&Arc<str>> {
        self.fetched.as_ref().map(|fetched| &fetched.revision)
    }

    /// Pause before the next try after this many failures.
    pub(super) fn backoff(&self) -> Duration {
        const FIRST: Duration = Duration::from_secs(1);
        let pause = FIRST * 2u32.saturating_pow(self.failures.saturating_sub(1).min(20));
        pause.min(self.object.interval().max(FIRST))
    }

    /// What others see of it.
    pub(super) fn view(&self, name: &SourceName) -> SourceState {
        let fetched = self.fetched.as_ref();
        let commit = fetched.and_then(|fetched| fetched.commit.as_ref());
        let known = self.status.artifact.as_ref();
        SourceState {
            name: name.clone(),
            url: self.object.url().into(),
            reference: self.object.reference(),
            suspended: self.object.is_suspended(),
            revision: fetched
                .map(|fetched| fetched.revision.clone())
                .or_else(|| known.map(|known| known.revision.as_str().into())),
            digest: fetched.map(|fetched| fetched.digest.clone()),
            commit: commit.map(|commit| commit.id.as_str().into()),
            subject: commit.map(|commit| commit.subject.as_str().into()),
            author: commit.map(|commit| commit.author.as_str().into()),
            committed: commit.map(|commit| commit.time),
            fetched: known.map(|known| known.last_update_time.0),
            checked: self.checked,
            conditions: conditions::shown(&self.status.conditions),
        }
    }
}
