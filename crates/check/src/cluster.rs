//! Everything that one cluster is held to.

use std::sync::Arc;

use kustomize::{Files, Remote};

use crate::follow::Following;
use crate::known::Known;
use crate::{Finding, Unit, dependencies, duplicates, images, references, releases, removed, secrets};

/// What a cluster's folder leads to.
#[derive(Debug, Default)]
pub struct Cluster {
    /// The folder.
    pub path: String,
    /// The Kustomizations that could be rendered, in the order in which they were met.
    pub units: Vec<Unit>,
    /// What could not be rendered.
    pub findings: Vec<Finding>,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
    /// Kinds and names that files of the repository declare, where something could not be rendered: what seems to be
    /// missing may be there.
    pub(crate) declared: Option<Vec<(String, String)>>,
}

impl Cluster {
    /// Renders the folder as the Kustomization `flux-system/flux-system` does, and then each Kustomization of this
    /// repository that comes out of it. Remote bases are refused without something that fetches them.
    pub fn read(files: &dyn Files, path: &str, remote: Option<Arc<dyn Remote>>) -> Self {
        Following::new(files, remote).follow(path)
    }

    /// Looks at all objects together.
    pub fn check(&self) -> (Vec<Finding>, Vec<String>) {
        let known = Known::new(self);
        let mut notes = Vec::new();
        let mut findings = dependencies::check(self);
        findings.extend(duplicates::check(self));
        findings.extend(removed::check(self));
        findings.extend(secrets::check(self));
        findings.extend(images::check(self));
        findings.extend(releases::check(self, &known, &mut notes));
        findings.extend(references::check(self, &known, &mut notes));
        (findings, notes)
    }
}
