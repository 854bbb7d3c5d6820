//! Everything that one cluster is held to.

use kustomize::Files;
use object::ObjectKey;

use crate::follow::{Fetch, Following};
use crate::{Finding, Unit};

/// What a cluster's folder leads to.
#[derive(Debug, Default)]
pub struct Cluster {
    /// The folder.
    pub path: String,
    /// The Kustomizations that could be rendered, in the order in which they were met.
    pub units: Vec<Unit>,
    /// What could not be rendered, and why.
    pub findings: Vec<Finding>,
    /// The Kustomizations that could not be rendered.
    pub failed: Vec<ObjectKey>,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
    /// Kinds and names that files of the repository declare, where something could not be rendered: what seems to be
    /// missing may be there.
    pub(crate) declared: Option<Vec<(String, String)>>,
}

impl Cluster {
    /// A cluster that has nothing, as its folder is not there.
    pub fn none(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// Renders the folder as the Kustomization `flux-system/flux-system` does, then each Kustomization of this repository
    /// that comes out of it, then each HelmRelease whose chart can be had.
    pub fn read(files: &dyn Files, path: &str, fetch: Fetch) -> Self {
        Following::new(files, fetch).follow(path)
    }
}
