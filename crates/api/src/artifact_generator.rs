//! `ArtifactGenerator`: artifacts put together out of the files of sources.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CommonMetadata, SourceStatus, Unknown};

/// Out of which sources which artifacts are put together.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.extensions.fluxcd.io", version = "v1beta1", kind = "ArtifactGenerator")]
#[kube(namespaced, status = "SourceStatus", shortname = "ag", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct ArtifactGeneratorSpec {
    /// The sources, each with the name that the copies call it by.
    pub sources: Vec<GeneratorSource>,
    /// Makes one artifact of each folder that fits, such as `@alias/apps/{app}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern: Option<String>,
    /// The artifacts.
    #[serde(default, rename = "artifacts", skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<GeneratorOutput>,
    /// Labels and annotations of the artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,
    /// Fields that this type does not name.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Unknown,
}

/// A source under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorSource {
    /// What the copies call it.
    pub alias: String,
    /// `GitRepository`, `OCIRepository`, `Bucket`, `HelmChart` or `ExternalArtifact`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; that of the generator when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// One artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorOutput {
    /// Name of the `ExternalArtifact`.
    pub name: String,
    /// `@alias`: takes the revision of that source instead of the digest of the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// `@alias`: names the revision of that source in the artifact's metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_revision: Option<String>,
    /// What is copied, in this order.
    pub copy: Vec<GeneratorCopy>,
}

/// Files that are copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorCopy {
    /// `@alias/path` or `@alias/pattern`.
    pub from: String,
    /// `@artifact/path`.
    pub to: String,
    /// Patterns of what is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether there may be nothing to copy.
    #[serde(default, skip_serializing_if = "crate::is_false")]
    pub optional: bool,
    /// `Overwrite`, `Merge` or `Extract`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
}

impl ArtifactGeneratorSpec {
    /// The fields that are set but not honoured, as paths below `spec`.
    pub fn unsupported(&self) -> Vec<String> {
        let copies = || self.outputs.iter().flat_map(|output| &output.copy);
        let is_known = |strategy: &str| matches!(strategy, "Overwrite" | "Merge" | "Extract");
        let other = |copy: &GeneratorCopy| copy.strategy.as_deref().is_some_and(|strategy| !is_known(strategy));
        let known = [("artifacts.copy.strategy", copies().any(other))];
        crate::named(&known, &self.unknown)
    }
}
