//! `ExternalArtifact`: an artifact that something else than a source makes.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CrossNamespaceSource, SourceStatus, Unknown};

/// Who makes the artifact.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.toolkit.fluxcd.io", version = "v1", kind = "ExternalArtifact", plural = "externalartifacts")]
#[kube(namespaced, status = "SourceStatus", shortname = "ea", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct ExternalArtifactSpec {
    /// The object that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<CrossNamespaceSource>,
    /// Fields that this type does not name.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Unknown,
}
