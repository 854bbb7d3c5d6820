//! The custom resources that Setpoint reads: Flux's kinds as Flux 2.9 serves them, one file a kind.
//!
//! Each kind is served in all versions that Flux ever had: their shapes are alike, so one type reads them all, and what only
//! an older version has is a field of it too. Unknown fields stay in `unknown`, so nothing is silently ignored: each kind
//! lists in `unsupported` what its controller does not honour. [`definitions`] makes the `CustomResourceDefinitions`, whose
//! YAML is committed in `crds/` and held against the types by a test.

mod artifact_generator;
mod bucket;
mod condition;
mod crd;
mod duration;
mod external_artifact;
mod git_repository;
mod helm_chart;
mod helm_release;
mod helm_repository;
mod kustomization;
mod oci_repository;
mod reference;
mod rules;
mod source_status;

pub use artifact_generator::{
    ArtifactGenerator, ArtifactGeneratorSpec, GeneratorCopy, GeneratorOutput, GeneratorSource,
};
pub use bucket::{Bucket, BucketSpec, BucketSts};
pub use condition::{Ready, condition, ready};
pub use crd::{definitions, to_yaml};
pub use duration::{Duration, DurationError};
pub use external_artifact::{ExternalArtifact, ExternalArtifactSpec};
pub use git_repository::{
    GitRepository, GitRepositoryInclude, GitRepositoryReference, GitRepositorySpec, GitRepositoryVerification,
};
pub use helm_chart::{HelmChart, HelmChartSpec};
pub use helm_release::{
    DriftDetection, HelmAction, HelmChartTemplate, HelmChartTemplateSpec, HelmRelease, HelmReleaseSpec,
    HelmReleaseStatus, HelmRemediation, HelmStrategy, HelmTest, HelmTestFilter, KustomizeRenderer, Named, PostRenderer,
    ReleaseSnapshot, TestHookStatus, ValuesReference,
};
pub use helm_repository::{AccessFrom, HelmRepository, HelmRepositorySpec, NamespaceSelector};
pub use kustomization::{
    CommonMetadata, CrossNamespaceSource, Decryption, DependencyReference, HealthCheckExpression, HistoryEntry,
    IgnoreRule, Image, Inventory, InventoryEntry, KubeConfig, Kustomization, KustomizationSpec, KustomizationStatus,
    ObjectReference, Patch, PatchSelector, PostBuild, SubstituteReference,
};
pub use oci_repository::{
    OCIRepository, OCIRepositoryReference, OCIRepositorySpec, OCIRepositoryVerification, OciLayerSelector, OidcIdentity,
};
pub use reference::{LocalReference, SecretKeyReference, Unknown};
pub use source_status::{Artifact, GeneratedArtifact, SourceStatus};

/// The finalizer that Flux puts on every kind.
pub const FINALIZER: &str = "finalizers.fluxcd.io";
/// The annotation whose new value asks for a reconciliation now.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// The annotation that approves one pruning plan by its digest.
pub const APPROVE_PRUNE: &str = "setpoint.dev/approve-prune";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to `skip_serializing_if`")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

/// The names of the fields that are set, then those that no type has.
pub(crate) fn named(known: &[(&str, bool)], unknown: &Unknown) -> Vec<String> {
    let set = known.iter().filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned());
    set.chain(unknown.keys().cloned()).collect()
}
