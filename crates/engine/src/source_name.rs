//! Which source: its kind, its namespace, its name.

use std::fmt;
use std::sync::Arc;

use kube::api::ApiResource;

use crate::Name;

/// What the engine makes artifacts of, and for whom. `HelmReleases` are among them, as what is read of them is which chart
/// they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceKind {
    /// A Git repository.
    GitRepository,
    /// An artifact in a registry.
    OCIRepository,
    /// Where charts are.
    HelmRepository,
    /// One chart.
    HelmChart,
    /// Files in an object store.
    Bucket,
    /// An artifact that a generator made.
    ExternalArtifact,
    /// What makes artifacts out of sources.
    ArtifactGenerator,
    /// What wants a chart.
    HelmRelease,
}

impl SourceKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::GitRepository,
        Self::OCIRepository,
        Self::HelmRepository,
        Self::HelmChart,
        Self::Bucket,
        Self::ExternalArtifact,
        Self::ArtifactGenerator,
        Self::HelmRelease,
    ];

    /// As it is written in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitRepository => "GitRepository",
            Self::OCIRepository => "OCIRepository",
            Self::HelmRepository => "HelmRepository",
            Self::HelmChart => "HelmChart",
            Self::Bucket => "Bucket",
            Self::ExternalArtifact => "ExternalArtifact",
            Self::ArtifactGenerator => "ArtifactGenerator",
            Self::HelmRelease => "HelmRelease",
        }
    }

    /// The kind with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// How the API server calls it.
    pub fn resource(self) -> ApiResource {
        match self {
            Self::GitRepository => ApiResource::erase::<api::GitRepository>(&()),
            Self::OCIRepository => ApiResource::erase::<api::OCIRepository>(&()),
            Self::HelmRepository => ApiResource::erase::<api::HelmRepository>(&()),
            Self::HelmChart => ApiResource::erase::<api::HelmChart>(&()),
            Self::Bucket => ApiResource::erase::<api::Bucket>(&()),
            Self::ExternalArtifact => ApiResource::erase::<api::ExternalArtifact>(&()),
            Self::ArtifactGenerator => ApiResource::erase::<api::ArtifactGenerator>(&()),
            Self::HelmRelease => ApiResource::erase::<api::HelmRelease>(&()),
        }
    }
}

/// Kind, namespace and name; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceName {
    /// Kind.
    pub kind: SourceKind,
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

impl SourceName {
    /// Puts the parts together.
    pub fn new(kind: SourceKind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The Git repository of this name.
    pub fn git(name: &Name) -> Self {
        Self { kind: SourceKind::GitRepository, namespace: name.namespace.clone(), name: name.name.clone() }
    }

    /// Namespace and name alone.
    pub fn plain(&self) -> Name {
        Name { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

/// `Kind/namespace/name`
impl fmt::Display for SourceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.kind.as_str(), self.namespace, self.name)
    }
}
