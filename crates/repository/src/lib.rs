//! A repository as a whole: everything that its clusters are held to.
//!
//! [`clusters`] finds the folders that clusters are held to, and [`Cluster::read`] renders everything that such a folder
//! leads to, one Kustomization after the other and then each HelmRelease, without asking a cluster. [`Cluster::check`] says what is wrong with it: each
//! [`Finding`] stands at the file and line that is to be changed, as the field's origin tells it through bases, patches and
//! variables. [`Comparison`] says what becomes different between two states of it. What a server would refuse is asked by
//! whoever has one, and told with [`Unit::place`].

mod artifacts;
mod charts;
pub mod check;
mod cluster;
mod compare;
mod entries;
mod fields;
mod finding;
mod follow;
mod releases;
mod unit;
mod variables;

pub use cluster::Cluster;
pub use compare::{Action, Change, Comparison};
pub use entries::clusters;
pub use finding::{Finding, Rule};
pub use follow::Fetch;
pub use unit::Unit;

/// Group of Flux's Kustomizations.
const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// Group of Flux's `HelmReleases`.
const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";
/// Group of Flux's sources.
const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
/// Group of Flux's generators of artifacts.
const GENERATOR_GROUP: &str = "source.extensions.fluxcd.io";
/// Namespace and name of the repository itself, of its GitRepository and of the Kustomization that everything starts with.
const ROOT: &str = "flux-system";
