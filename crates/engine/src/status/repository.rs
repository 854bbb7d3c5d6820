//! The status of a GitRepository, worded as Flux words it.

use api::{Artifact, GitRepositorySpec, GitRepositoryStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::conditions::{self, Says, Stamp};

/// The reason of a success.
const SUCCEEDED: &str = "Succeeded";

/// A revision was fetched.
pub(crate) fn fetched(
    status: &mut GitRepositoryStatus,
    spec: &GitRepositorySpec,
    revision: (&str, &str),
    stamp: Stamp,
) {
    let (revision, digest) = revision;
    let same =
        status.artifact.as_ref().is_some_and(|old| old.revision == revision && old.digest.as_deref() == Some(digest));
    if !same {
        status.artifact = Some(Artifact {
            path: String::new(),
            url: String::new(),
            revision: revision.to_owned(),
            digest: Some(digest.to_owned()),
            last_update_time: Time(stamp.now),
            size: None,
            metadata: None,
        });
    }
    let message = format!("stored artifact for revision '{revision}'");
    let set = &mut status.conditions;
    for gone in ["Reconciling", "Stalled", "FetchFailed"] {
        conditions::remove(set, gone);
    }
    conditions::set(set, "Ready", Says::yes(SUCCEEDED, &message), stamp);
    conditions::set(set, "ArtifactInStorage", Says::yes(SUCCEEDED, &message), stamp);
    status.observed_generation = Some(stamp.generation);
    status.observed_ignore.clone_from(&spec.ignore);
}

/// The fetch failed; the last good artifact stays. `terminal`: nothing helps but another spec.
pub(crate) fn failed(status: &mut GitRepositoryStatus, reason: &str, message: &str, terminal: bool, stamp: Stamp) {
    let set = &mut status.conditions;
    conditions::set(set, "FetchFailed", Says::yes(reason, message), stamp);
    conditions::set(set, "Ready", Says::no(reason, message), stamp);
    if terminal {
        conditions::remove(set, "Reconciling");
        conditions::set(set, "Stalled", Says::yes(reason, message), stamp);
        status.observed_generation = Some(stamp.generation);
    } else {
        conditions::remove(set, "Stalled");
        conditions::set(set, "Reconciling", Says::yes("ProgressingWithRetry", message), stamp);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_failure_keeps_the_artifact() {
        let spec = GitRepositorySpec::default();
        let stamp = Stamp { now: Timestamp::UNIX_EPOCH, generation: 1 };
        let mut status = GitRepositoryStatus::default();
        fetched(&mut status, &spec, ("main@sha1:1", "sha256:1"), stamp);
        let artifact = status.artifact.clone();
        failed(&mut status, "GitOperationFailed", "gone", false, stamp);
        assert_eq!(status.artifact, artifact);
        assert_eq!(api::condition(&status.conditions, "Reconciling").unwrap().reason, "ProgressingWithRetry");
        let later = Stamp { now: Timestamp::from_second(9).unwrap(), generation: 1 };
        fetched(&mut status, &spec, ("main@sha1:1", "sha256:1"), later);
        assert_eq!(status.artifact, artifact);
        assert!(api::condition(&status.conditions, "FetchFailed").is_none());
    }
}
