//! What would go wrong with a repository, found before it reaches a cluster.
//!
//! [`clusters`] finds the folders that clusters are held to, [`Cluster::read`] renders everything that such a folder leads
//! to, one Kustomization after the other, and [`Cluster::check`] looks at all of it together. Each [`Finding`] stands at the
//! file and line that is to be changed: the field's origin tells it, through bases, patches and variables. What a server would
//! refuse is asked by whoever has one, and told with [`Unit::place`].

mod artifacts;
mod cluster;
mod dependencies;
mod duplicates;
mod entries;
mod finding;
mod follow;
mod images;
mod known;
mod pods;
mod references;
mod releases;
mod removed;
mod secrets;
mod unit;
mod variables;
mod waiver;

pub use cluster::Cluster;
pub use entries::clusters;
pub use finding::{Finding, Rule};
pub use removed::is_removed;
pub use unit::Unit;
pub use waiver::IGNORE;

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
