//! All revisions of a release.

use super::{Release, Status};

/// The recorded revisions of one release, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    revisions: Vec<Release>,
}

impl History {
    /// Puts the revisions of one release into their order.
    pub fn new(mut revisions: Vec<Release>) -> Self {
        revisions.sort_by_key(|release| release.version);
        Self { revisions }
    }

    /// All revisions, oldest first.
    pub fn revisions(&self) -> &[Release] {
        &self.revisions
    }

    /// Gives them away.
    pub fn into_revisions(self) -> Vec<Release> {
        self.revisions
    }

    /// The newest revision.
    pub fn last(&self) -> Option<&Release> {
        self.revisions.last()
    }

    /// One revision.
    pub fn get(&self, version: i64) -> Option<&Release> {
        self.revisions.iter().find(|release| release.version == version)
    }

    /// The newest revision that is deployed.
    pub fn deployed(&self) -> Option<&Release> {
        self.all_deployed().next_back()
    }

    /// All revisions that are deployed. More than one come of interrupted work.
    pub fn all_deployed(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.revisions.iter().filter(|release| release.info.status == Status::Deployed)
    }

    /// The revisions that go before another one is added, so that no more than `max` stay: the oldest, but never the one
    /// that is deployed. 0 means all stay.
    pub fn surplus(&self, max: usize) -> Vec<i64> {
        let Some(room) = max.checked_sub(1) else { return Vec::new() };
        let deployed = self.deployed().map(|release| release.version);
        let versions = self.revisions.iter().map(|release| release.version);
        let over = self.revisions.len().saturating_sub(room);
        versions.filter(|version| Some(*version) != deployed).take(over).collect()
    }
}
