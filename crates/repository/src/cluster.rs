//! Everything that one cluster is held to.

use std::sync::Arc;

use kustomize::{Files, Remote};
use object::ObjectKey;

use crate::follow::Following;
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

    /// Renders the folder as the Kustomization `flux-system/flux-system` does, and then each Kustomization of this
    /// repository that comes out of it. Remote bases are refused without something that fetches them.
    pub fn read(files: &dyn Files, path: &str, remote: Option<Arc<dyn Remote>>) -> Self {
        Following::new(files, remote).follow(path)
    }
}
