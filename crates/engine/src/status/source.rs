//! The status of sources, worded as Flux words them.

use api::{Artifact, GeneratedArtifact, SourceStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::conditions::{self, Says, Stamp};
use crate::SourceKind;
use crate::index::{FetchFailure, Fetched, Verified};
use crate::source_object::{SourceObject, SourceSpec};

/// The reason of a success.
const SUCCEEDED: &str = "Succeeded";
/// The reason of a signature that is missing or wrong.
const VERIFICATION: &str = "VerificationError";
/// All reasons that are about signatures; the others are those of commits and tags.
const VERIFICATIONS: [&str; 5] =
    [VERIFICATION, "InvalidVerificationMode", "InvalidGitObject", "InvalidTagSignature", "InvalidCommitSignature"];
/// The condition of signatures.
const SOURCE_VERIFIED: &str = "SourceVerified";

/// The conditions of what went wrong; one at a time.
const FAILURES: [&str; 3] = ["FetchFailed", "IncludeUnavailable", "StorageOperationFailed"];

/// A revision was fetched or made.
pub(crate) fn fetched(status: &mut SourceStatus, object: &SourceObject, fetched: &Fetched, stamp: Stamp) {
    if object.name.kind == SourceKind::ArtifactGenerator {
        status.inventory = inventory(object, fetched);
        status.observed_sources_digest = Some(fetched.digest.to_string());
    } else {
        set_artifact(status, fetched, stamp);
    }
    observed(status, object, fetched, stamp);
    let (reason, message) = success(object, fetched);
    let set = &mut status.conditions;
    for gone in ["Reconciling", "Stalled"].iter().chain(&FAILURES) {
        conditions::remove(set, gone);
    }
    conditions::set(set, "Ready", Says::yes(reason, &message), stamp);
    if object.name.kind != SourceKind::ArtifactGenerator {
        conditions::set(set, "ArtifactInStorage", Says::yes(reason, &message), stamp);
    }
    match &fetched.verified {
        Verified::Unasked => conditions::remove(set, SOURCE_VERIFIED),
        Verified::Yes => {
            let message = format!("verified signature of revision {}", fetched.revision);
            conditions::set(set, SOURCE_VERIFIED, Says::yes(SUCCEEDED, &message), stamp);
        }
        Verified::Signed(what) => conditions::set(set, SOURCE_VERIFIED, Says::yes(SUCCEEDED, what), stamp),
        Verified::Excepted(why) => conditions::set(set, SOURCE_VERIFIED, Says::no(VERIFICATION, why), stamp),
    }
    status.observed_generation = Some(stamp.generation);
}

/// It did not work; the last good artifact stays.
pub(crate) fn failed(status: &mut SourceStatus, object: &SourceObject, failure: &FetchFailure, stamp: Stamp) {
    let FetchFailure { reason, message, terminal } = failure;
    let set = &mut status.conditions;
    let made = matches!(object.name.kind, SourceKind::ArtifactGenerator | SourceKind::HelmRelease);
    let kind = failure_kind(object, reason);
    for gone in FAILURES.into_iter().filter(|gone| *gone != kind) {
        conditions::remove(set, gone);
    }
    if kind == SOURCE_VERIFIED {
        conditions::set(set, kind, Says::no(reason, message), stamp);
    } else if !made {
        // What was wrong with signatures is looked at anew; that they were good stays true of the artifact.
        set.retain(|condition| condition.type_ != SOURCE_VERIFIED || condition.status == "True");
        conditions::set(set, kind, Says::yes(reason, message), stamp);
    }
    conditions::set(set, "Ready", Says::no(reason, message), stamp);
    if *terminal {
        conditions::remove(set, "Reconciling");
        conditions::set(set, "Stalled", Says::yes(reason, message), stamp);
        status.observed_generation = Some(stamp.generation);
    } else {
        conditions::remove(set, "Stalled");
        conditions::set(set, "Reconciling", Says::yes("ProgressingWithRetry", message), stamp);
    }
}

/// The condition that tells of a failure with this reason.
fn failure_kind(object: &SourceObject, reason: &str) -> &'static str {
    let is_git = object.name.kind == SourceKind::GitRepository;
    match reason {
        reason if VERIFICATIONS.contains(&reason) => SOURCE_VERIFIED,
        "NotFound" | "NoArtifact" | "CircularInclude" if is_git => "IncludeUnavailable",
        "IllegalPath" | "CopyFailure" if is_git => "StorageOperationFailed",
        _ => "FetchFailed",
    }
}

/// Why a source is not ready, if it says so.
pub(crate) fn trouble(status: &SourceStatus) -> Option<&str> {
    let ready = api::condition(&status.conditions, "Ready").filter(|ready| ready.status == "False");
    ready.map(|ready| ready.message.as_str())
}

/// What an Event tells of a new artifact: reason and message.
pub(crate) fn news(object: &SourceObject, fetched: &Fetched) -> (String, String) {
    let revision = &fetched.revision;
    let message = match &object.spec {
        SourceSpec::Git(_) => format!("stored artifact for commit '{}', revision '{revision}'", fetched.title()),
        SourceSpec::Oci(spec) => {
            let mut message = format!("stored artifact with revision '{revision}' from '{}'", spec.url);
            let origin = |name: &str| fetched.metadata.get(name).filter(|text| !text.is_empty());
            let (source, commit) =
                (origin("org.opencontainers.image.source"), origin("org.opencontainers.image.revision"));
            if let (Some(source), Some(commit)) = (source, commit) {
                message += ", origin source '";
                message += source;
                message += "', origin revision '";
                message += commit;
                message += "'";
            }
            message
        }
        SourceSpec::Bucket(spec) => {
            let files = fetched.tree.as_ref().map_or(0, |tree| tree.files().len());
            format!("stored artifact with {files} fetched files from '{}' bucket", spec.bucket_name)
        }
        SourceSpec::Generator(_) => {
            let made = fetched.made.iter();
            let lines = made.map(|(name, made)| format!("{}/{name} ({})", object.name.namespace, made.digest));
            let lines: Vec<_> = lines.collect();
            return ("Succeeded".into(), format!("external artifacts reconciled: {}", lines.join("\n")));
        }
        _ => {
            let (reason, message) = success(object, fetched);
            let reason = if reason == SUCCEEDED { "NewArtifact" } else { reason };
            return (reason.to_owned(), message);
        }
    };
    ("NewArtifact".into(), message)
}

/// Reason and message of `Ready`.
fn success(object: &SourceObject, fetched: &Fetched) -> (&'static str, String) {
    let revision = &fetched.revision;
    match &object.spec {
        SourceSpec::Oci(_) => (SUCCEEDED, format!("stored artifact for digest '{revision}'")),
        SourceSpec::HelmRepository(_) | SourceSpec::Bucket(_) => {
            (SUCCEEDED, format!("stored artifact: revision '{revision}'"))
        }
        SourceSpec::HelmChart(spec) => {
            let name = fetched.chart.as_ref().map_or("", |chart| &chart.name);
            let (reason, verb) = if spec.source_ref.kind == "HelmRepository" {
                ("ChartPullSucceeded", "pulled")
            } else {
                ("ChartPackageSucceeded", "packaged")
            };
            (reason, format!("{verb} '{name}' chart with version '{revision}'"))
        }
        SourceSpec::Generator(_) => {
            (SUCCEEDED, format!("reconciliation succeeded, generated {} artifact(s)", fetched.made.len()))
        }
        SourceSpec::Git(_) | SourceSpec::External | SourceSpec::Release(_) => {
            (SUCCEEDED, format!("stored artifact for revision '{revision}'"))
        }
    }
}

fn set_artifact(status: &mut SourceStatus, fetched: &Fetched, stamp: Stamp) {
    let (revision, digest) = (&*fetched.revision, &*fetched.digest);
    let same =
        status.artifact.as_ref().is_some_and(|old| old.revision == revision && old.digest.as_deref() == Some(digest));
    if !same {
        status.artifact = Some(artifact(fetched, stamp));
    }
}

/// What is told of an artifact.
pub(crate) fn artifact(fetched: &Fetched, stamp: Stamp) -> Artifact {
    Artifact {
        path: String::new(),
        url: String::new(),
        revision: fetched.revision.to_string(),
        digest: Some(fetched.digest.to_string()),
        last_update_time: Time(stamp.now),
        size: fetched.archive.as_ref().and_then(|archive| i64::try_from(archive.len()).ok()),
        metadata: Some(fetched.metadata.clone()).filter(|metadata| !metadata.is_empty()),
    }
}

/// The parts of the spec that the artifact is of.
fn observed(status: &mut SourceStatus, object: &SourceObject, fetched: &Fetched, stamp: Stamp) {
    match &object.spec {
        SourceSpec::Git(spec) => {
            status.observed_ignore.clone_from(&spec.ignore);
            status.source_verification_mode = spec.verify.as_ref().map(|verify| verify.mode().to_owned());
            status.observed_recurse_submodules = spec.recurse_submodules.then_some(true);
            status.observed_include.clone_from(&spec.include);
            status.observed_sparse_checkout.clone_from(&spec.sparse_checkout);
            status.included_artifacts = included(&status.included_artifacts, fetched, stamp);
        }
        SourceSpec::Oci(spec) => {
            status.observed_ignore.clone_from(&spec.ignore);
            status.observed_layer_selector.clone_from(&spec.layer_selector);
        }
        SourceSpec::Bucket(spec) => status.observed_ignore.clone_from(&spec.ignore),
        SourceSpec::HelmChart(_) => {
            status.observed_chart_name = fetched.chart.as_ref().map(|chart| chart.name.clone());
            status.observed_source_artifact_revision = fetched.made_of.as_deref().map(str::to_owned);
            status.observed_values_files.clone_from(&fetched.values_files);
        }
        _ => {}
    }
}

/// What was put into the artifact; the time moves only where the content did.
fn included(known: &[Artifact], fetched: &Fetched, stamp: Stamp) -> Vec<Artifact> {
    let one = |(revision, digest): &(std::sync::Arc<str>, std::sync::Arc<str>)| {
        let same = |old: &&Artifact| old.revision == **revision && old.digest.as_deref() == Some(&**digest);
        known.iter().find(same).cloned().unwrap_or_else(|| artifact(&Fetched::new(revision, digest), stamp))
    };
    fetched.included.iter().map(one).collect()
}

fn inventory(object: &SourceObject, fetched: &Fetched) -> Vec<GeneratedArtifact> {
    let entry = |(name, made): (&String, &std::sync::Arc<Fetched>)| GeneratedArtifact {
        name: name.clone(),
        namespace: object.name.namespace.to_string(),
        digest: made.digest.to_string(),
        filename: format!("{}.tar.gz", made.digest.trim_start_matches("sha256:")),
    };
    fetched.made.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn object(kind: SourceKind, spec: &serde_json::Value) -> SourceObject {
        SourceObject::read(kind, json!({"metadata": {"name": "a", "namespace": "b"}, "spec": spec})).unwrap()
    }

    #[test]
    fn a_failure_keeps_the_artifact() {
        let git = object(SourceKind::GitRepository, &json!({"url": "https://a", "interval": "1m"}));
        let stamp = Stamp { now: Timestamp::UNIX_EPOCH, generation: 1 };
        let mut status = SourceStatus::default();
        let good = Fetched::new("main@sha1:1", "sha256:1");
        fetched(&mut status, &git, &good, stamp);
        let artifact = status.artifact.clone();
        let failure = FetchFailure { reason: "GitOperationFailed", message: "gone".into(), terminal: false };
        failed(&mut status, &git, &failure, stamp);
        assert_eq!(status.artifact, artifact);
        assert_eq!(api::condition(&status.conditions, "Reconciling").unwrap().reason, "ProgressingWithRetry");
        let later = Stamp { now: Timestamp::from_second(9).unwrap(), generation: 1 };
        fetched(&mut status, &git, &good, later);
        assert_eq!(status.artifact, artifact);
        assert!(api::condition(&status.conditions, "FetchFailed").is_none());
    }

    #[test]
    fn a_missing_signature_is_told_apart_from_a_failed_fetch() {
        let oci = object(SourceKind::OCIRepository, &json!({"url": "oci://a/b", "interval": "1m"}));
        let stamp = Stamp { now: Timestamp::UNIX_EPOCH, generation: 1 };
        let mut status = SourceStatus::default();
        let failure = FetchFailure { reason: "VerificationError", message: "no".into(), terminal: false };
        failed(&mut status, &oci, &failure, stamp);
        assert_eq!(api::condition(&status.conditions, "SourceVerified").unwrap().status, "False");
        assert!(api::condition(&status.conditions, "FetchFailed").is_none());
        fetched(
            &mut status,
            &oci,
            &Fetched { verified: Verified::Yes, ..Fetched::new("1@sha256:1", "sha256:2") },
            stamp,
        );
        let verified = api::condition(&status.conditions, "SourceVerified").unwrap();
        assert_eq!((&*verified.status, &*verified.message), ("True", "verified signature of revision 1@sha256:1"));
        let ready = api::condition(&status.conditions, "Ready").unwrap();
        assert_eq!(ready.message, "stored artifact for digest '1@sha256:1'");
    }
}
