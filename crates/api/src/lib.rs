//! The custom resources that Setpoint reads: Flux's kinds as Flux 2.9 serves them, one file a kind.
//!
//! The types are for reading; unknown fields stay in `unknown` and in the stored object, so nothing is lost and nothing is
//! silently ignored: each kind lists in `unsupported` what its controller does not honour. [`definitions`] makes the
//! `CustomResourceDefinitions`, whose YAML is committed in `crds/` and held against the types by a test.

mod condition;
mod crd;
mod duration;
mod git_repository;
mod kustomization;
mod reference;

pub use condition::{Ready, condition, ready};
pub use crd::{definitions, to_yaml};
pub use duration::{Duration, DurationError};
pub use git_repository::{
    Artifact, GitRepository, GitRepositoryInclude, GitRepositoryReference, GitRepositorySpec, GitRepositoryStatus,
    GitRepositoryVerification,
};
pub use kustomization::{
    CommonMetadata, CrossNamespaceSource, Decryption, DependencyReference, HealthCheckExpression, HistoryEntry,
    IgnoreRule, Image, Inventory, InventoryEntry, KubeConfig, Kustomization, KustomizationSpec, KustomizationStatus,
    ObjectReference, Patch, PatchSelector, PostBuild, SubstituteReference,
};
pub use reference::{LocalReference, SecretKeyReference, Unknown};

/// The finalizer that Flux puts on every kind.
pub const FINALIZER: &str = "finalizers.fluxcd.io";
/// The annotation whose new value asks for a reconciliation now.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// The annotation that approves one pruning plan by its digest.
pub const APPROVE_PRUNE: &str = "setpoint.dev/approve-prune";
