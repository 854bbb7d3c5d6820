//! One source's record.

use std::sync::Arc;
use std::time::Duration;

use api::{GitRepository, GitRepositoryReference, GitRepositoryStatus};
use jiff::Timestamp;
use kube::ResourceExt;

use super::Fetched;
use crate::status::conditions;
use crate::{Name, SourceState};

/// One source's record.
#[derive(Debug)]
pub(crate) struct Source {
    pub(super) object: Arc<GitRepository>,
    /// What the status is to be.
    pub(super) status: GitRepositoryStatus,
    /// What the server has.
    pub(super) stored: GitRepositoryStatus,
    /// What is being written.
    pub(super) writing: Option<GitRepositoryStatus>,
    pub(super) write_failures: u32,
    pub(super) fetched: Option<Fetched>,
    /// The last fetch failed.
    pub(super) failing: bool,
    pub(super) failures: u32,
    pub(super) fetching: bool,
    /// Something changed during a fetch.
    pub(super) again: bool,
    /// Generation and requested time of the last fetch.
    pub(super) tried: Option<(i64, Option<String>)>,
    pub(super) checked: Option<Timestamp>,
}

impl Source {
    pub(super) fn new(object: Arc<GitRepository>) -> Self {
        let status = object.status.clone().unwrap_or_default();
        Self {
            object,
            stored: status.clone(),
            status,
            writing: None,
            write_failures: 0,
            fetched: None,
            failing: false,
            failures: 0,
            fetching: false,
            again: false,
            tried: None,
            checked: None,
        }
    }

    /// While others write the status, theirs counts.
    pub(super) fn adopt_status(&mut self) {
        if self.writing.is_none() {
            self.stored = self.object.status.clone().unwrap_or_default();
            self.status = self.stored.clone();
        }
    }

    pub(super) fn generation(&self) -> i64 {
        self.object.metadata.generation.unwrap_or_default()
    }

    pub(super) fn requested(&self) -> Option<String> {
        self.object.annotations().get(api::REQUESTED_AT).cloned()
    }

    /// What the next fetch would be of.
    pub(super) fn wanted(&self) -> (i64, Option<String>) {
        (self.generation(), self.requested())
    }

    /// Revision of the last good fetch.
    pub(super) fn revision(&self) -> Option<&Arc<str>> {
        self.fetched.as_ref().map(|fetched| &fetched.revision)
    }

    /// Pause before the next try after this many failures.
    pub(super) fn backoff(&self) -> Duration {
        const FIRST: Duration = Duration::from_secs(1);
        let pause = FIRST * 2u32.saturating_pow(self.failures.saturating_sub(1).min(20));
        pause.min(self.object.spec.interval.get().max(FIRST))
    }

    /// What others see of it.
    pub(super) fn view(&self, name: &Name) -> SourceState {
        let fetched = self.fetched.as_ref();
        let known = self.status.artifact.as_ref();
        SourceState {
            name: name.clone(),
            url: without_credentials(&self.object.spec.url).into(),
            reference: self.object.spec.reference.as_ref().map_or_else(|| "branch master".into(), in_words),
            suspended: self.object.spec.suspend,
            revision: fetched
                .map(|fetched| fetched.revision.clone())
                .or_else(|| known.map(|known| known.revision.as_str().into())),
            digest: fetched.map(|fetched| fetched.digest.clone()),
            commit: fetched.map(|fetched| fetched.commit.clone()),
            subject: fetched.map(|fetched| fetched.subject.clone()),
            author: fetched.map(|fetched| fetched.author.clone()),
            committed: fetched.map(|fetched| fetched.time),
            fetched: known.map(|known| known.last_update_time.0),
            checked: self.checked,
            conditions: conditions::shown(&self.status.conditions),
        }
    }
}

/// What is asked for, in words.
fn in_words(reference: &GitRepositoryReference) -> Arc<str> {
    let named = [
        ("commit", &reference.commit),
        ("", &reference.name),
        ("versions", &reference.semver),
        ("tag", &reference.tag),
        ("branch", &reference.branch),
    ];
    let found = named.into_iter().find_map(|(word, value)| value.as_ref().map(|value| format!("{word} {value}")));
    found.as_deref().map_or("branch master", str::trim).into()
}

/// An address without what stands before its `@`.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            match rest[..end].rfind('@') {
                Some(at) if scheme != "ssh" => format!("{scheme}://{}", &rest[at + 1..]),
                _ => url.to_owned(),
            }
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(without_credentials("https://user:secret@host/a@b"), "https://host/a@b");
        assert_eq!(without_credentials("ssh://git@host/a"), "ssh://git@host/a");
        assert_eq!(without_credentials("https://host/a"), "https://host/a");
        assert_eq!(without_credentials("file:///a"), "file:///a");
    }
}
