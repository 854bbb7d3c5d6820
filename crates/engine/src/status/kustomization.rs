//! The status of a Kustomization, worded as Flux words it.

use std::time::Duration;

use api::{Inventory, KustomizationStatus};

use super::conditions::{self, Says, Stamp};
use super::history::{self, Try};

/// The reasons of the condition `Ready`, Flux's unless said otherwise.
pub(crate) mod reason {
    /// All is applied and healthy.
    pub(crate) const SUCCEEDED: &str = "ReconciliationSucceeded";
    /// Work is under way.
    pub(crate) const PROGRESSING: &str = "Progressing";
    /// Work is tried again.
    pub(crate) const RETRYING: &str = "ProgressingWithRetry";
    /// The source is missing, or has no such path.
    pub(crate) const ARTIFACT_FAILED: &str = "ArtifactFailed";
    /// The files do not render.
    pub(crate) const BUILD_FAILED: &str = "BuildFailed";
    /// The objects could not be applied.
    pub(crate) const RECONCILIATION_FAILED: &str = "ReconciliationFailed";
    /// Objects could not be deleted.
    pub(crate) const PRUNE_FAILED: &str = "PruneFailed";
    /// Pruning waits for an approval (ours).
    pub(crate) const PRUNE_HELD: &str = "PruneHeld";
    /// Objects are not healthy.
    pub(crate) const HEALTH_CHECK_FAILED: &str = "HealthCheckFailed";
    /// Another Kustomization is not ready.
    pub(crate) const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
    /// The reference leads into another namespace.
    pub(crate) const ACCESS_DENIED: &str = "AccessDenied";
    /// A CEL expression of the spec cannot be used.
    pub(crate) const INVALID_CEL_EXPRESSION: &str = "InvalidCELExpression";
    /// A field is not honoured (ours).
    pub(crate) const UNSUPPORTED: &str = "UnsupportedFeature";
}

/// How messages begin that tell of a spec which cannot work.
pub(crate) const TERMINAL: &str = "Reconciliation failed terminally due to configuration error";

/// The condition of a delivery whose objects somebody else keeps changing.
pub(crate) const DRIFT_CONTESTED: &str = "DriftContested";

/// The condition of a delivery for which nothing is done, as another controller holds the cluster.
pub(crate) const CONTROLLER_CONFLICT: &str = "ControllerConflict";

/// What a success is to tell.
#[derive(Debug)]
pub(crate) struct Success<'a> {
    /// Revision that is applied.
    pub(crate) revision: &'a str,
    /// Digest of what was rendered.
    pub(crate) digest: &'a str,
    /// Objects of the delivery.
    pub(crate) inventory: Inventory,
    /// How long the health check took, if health was asked for.
    pub(crate) checked: Option<Duration>,
    /// How long the whole took.
    pub(crate) took: Duration,
    /// Whether anything was tried: a restart that finds all as recorded has not.
    pub(crate) counts: bool,
}

/// Work is under way: `Ready` unknown.
pub(crate) fn progressing(status: &mut KustomizationStatus, message: &str, stamp: Stamp) {
    let set = &mut status.conditions;
    conditions::set(set, "Reconciling", Says::yes(reason::PROGRESSING, message), stamp);
    conditions::set(set, "Ready", Says::unknown(reason::PROGRESSING, "Reconciliation in progress"), stamp);
    conditions::remove(set, "Stalled");
}

/// All is as wanted.
pub(crate) fn succeeded(status: &mut KustomizationStatus, success: Success<'_>, stamp: Stamp) {
    let set = &mut status.conditions;
    conditions::remove(set, "Reconciling");
    conditions::remove(set, "Stalled");
    let message = format!("Applied revision: {}", success.revision);
    conditions::set(set, "Ready", Says::yes(reason::SUCCEEDED, &message), stamp);
    match success.checked {
        None => conditions::remove(set, "Healthy"),
        Some(_)
            if !success.counts && api::condition(set, "Healthy").is_some_and(|healthy| healthy.status == "True") => {}
        Some(took) => {
            let message = format!("Health check passed in {}", rounded(took));
            conditions::set(set, "Healthy", Says::yes("Succeeded", &message), stamp);
        }
    }
    status.observed_generation = Some(stamp.generation);
    status.last_applied_revision = Some(success.revision.to_owned());
    status.last_attempted_revision = Some(success.revision.to_owned());
    status.inventory = Some(success.inventory);
    if success.counts {
        let outcome = Try {
            digest: success.digest,
            status: reason::SUCCEEDED,
            revision: success.revision,
            took: success.took,
            now: stamp.now,
        };
        history::record(&mut status.history, &outcome);
    }
}

/// What a failure is to tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure<'a> {
    /// Reason of the condition `Ready`.
    pub(crate) reason: &'static str,
    /// What, where, why, what to do.
    pub(crate) message: &'a str,
    /// Revision that was tried.
    pub(crate) revision: Option<&'a str>,
    /// Digest of what was rendered, if it came to that.
    pub(crate) digest: Option<&'a str>,
    /// How long the whole took.
    pub(crate) took: Duration,
}

/// Did not work; is tried again. `observedGeneration` stays, so that kstatus sees the work as not done.
pub(crate) fn failed(status: &mut KustomizationStatus, failure: Failure<'_>, stamp: Stamp) {
    let set = &mut status.conditions;
    conditions::set(set, "Reconciling", Says::yes(reason::RETRYING, failure.message), stamp);
    conditions::set(set, "Ready", Says::no(failure.reason, failure.message), stamp);
    conditions::remove(set, "Stalled");
    if failure.reason == reason::HEALTH_CHECK_FAILED {
        conditions::set(set, "Healthy", Says::no(failure.reason, failure.message), stamp);
    }
    if let Some(revision) = failure.revision {
        status.last_attempted_revision = Some(revision.to_owned());
    }
    if let (Some(digest), Some(revision)) = (failure.digest, failure.revision) {
        let outcome = Try { digest, status: failure.reason, revision, took: failure.took, now: stamp.now };
        history::record(&mut status.history, &outcome);
    }
}

/// Waits for something outside: `Ready` false, not tried before that has happened.
pub(crate) fn blocked(status: &mut KustomizationStatus, reason: &str, message: &str, stamp: Stamp) {
    let set = &mut status.conditions;
    conditions::set(set, "Reconciling", Says::yes(reason::RETRYING, message), stamp);
    conditions::set(set, "Ready", Says::no(reason, message), stamp);
    conditions::remove(set, "Stalled");
}

/// Cannot work before the spec changes.
pub(crate) fn stalled(status: &mut KustomizationStatus, reason: &str, message: &str, stamp: Stamp) {
    let set = &mut status.conditions;
    conditions::remove(set, "Reconciling");
    conditions::set(set, "Stalled", Says::yes(reason, message), stamp);
    conditions::set(set, "Ready", Says::no(reason, message), stamp);
    status.observed_generation = Some(stamp.generation);
}

/// A length as Flux prints it in messages: milliseconds, no more.
pub(crate) fn rounded(length: Duration) -> api::Duration {
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis).into()
}

#[cfg(test)]
mod tests {
    use api::condition;
    use jiff::Timestamp;

    use super::*;

    fn stamp() -> Stamp {
        Stamp { now: Timestamp::UNIX_EPOCH, generation: 3 }
    }

    fn success(counts: bool) -> Success<'static> {
        let checked = Some(Duration::from_millis(5020));
        Success {
            revision: "main@sha1:1",
            digest: "sha256:1",
            inventory: Inventory::default(),
            checked,
            took: Duration::from_secs(6),
            counts,
        }
    }

    #[test]
    fn a_success_ends_work_and_failure() {
        let mut status = KustomizationStatus::default();
        progressing(&mut status, "Building manifests", stamp());
        let failure = Failure {
            reason: reason::BUILD_FAILED,
            message: "no",
            revision: Some("main@sha1:0"),
            digest: None,
            took: Duration::ZERO,
        };
        failed(&mut status, failure, stamp());
        assert_eq!(status.observed_generation, None);
        assert_eq!(condition(&status.conditions, "Ready").unwrap().reason, "BuildFailed");
        assert_eq!(condition(&status.conditions, "Reconciling").unwrap().reason, "ProgressingWithRetry");
        succeeded(&mut status, success(true), stamp());
        let said: Vec<_> =
            status.conditions.iter().map(|condition| (condition.type_.as_str(), condition.message.as_str())).collect();
        assert_eq!(said, [("Ready", "Applied revision: main@sha1:1"), ("Healthy", "Health check passed in 5.02s")]);
        assert_eq!(status.observed_generation, Some(3));
        assert_eq!(status.history.len(), 1);
    }

    #[test]
    fn a_restart_that_finds_all_as_recorded_writes_nothing() {
        let mut status = KustomizationStatus::default();
        succeeded(&mut status, success(true), stamp());
        let before = status.clone();
        let later = Stamp { now: Timestamp::from_second(60).unwrap(), generation: 3 };
        let again = Success { checked: Some(Duration::ZERO), ..success(false) };
        succeeded(&mut status, again, later);
        assert_eq!(super::super::patch::between(&before, &status), None);
    }

    #[test]
    fn a_stall_is_terminal() {
        let mut status = KustomizationStatus::default();
        stalled(&mut status, reason::UNSUPPORTED, "spec.decryption", stamp());
        assert_eq!(status.observed_generation, Some(3));
        assert!(condition(&status.conditions, "Reconciling").is_none());
    }
}
