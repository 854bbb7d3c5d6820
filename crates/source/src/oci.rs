//! Artifacts in OCI registries that are no charts: `flux push artifact` makes them, and many projects publish their
//! manifests so.
//!
//! [`fetch`] looks up which version is meant, asks for its digest alone, and brings the layer here only where that is
//! another than the caller has. The layer is unpacked in memory, never to disk.

mod cosign;
mod error;
mod fetch;
mod request;

pub use error::OciError;
pub use fetch::fetch;
pub use request::{OciReference, OciRequest, Signed};

use std::{collections::BTreeMap, sync::Arc};

use crate::FileTree;

/// An artifact.
#[derive(Clone, Debug)]
pub struct OciArtifact {
    /// `<tag>@sha256:…`, or `sha256:…` where the digest was asked for.
    pub revision: String,
    /// `sha256:…` of the content: of the files that are left after the ignore rules, or of the layer that is kept whole.
    pub digest: String,
    /// Annotations of its manifest.
    pub metadata: BTreeMap<String, String>,
    /// The files; none if a layer that is kept whole is no archive.
    pub tree: Option<FileTree>,
    /// The layer, where it is kept whole.
    pub layer: Option<Arc<[u8]>>,
}

/// What a look at a registry came to.
#[derive(Debug)]
pub enum OciOutcome {
    /// The caller has the newest.
    Unchanged {
        /// Its revision.
        revision: String,
    },
    /// Something else is there.
    Fetched(OciArtifact),
}
