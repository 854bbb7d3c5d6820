//! `HelmChart`: one chart out of a source.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccessFrom, CrossNamespaceSource, Duration, OCIRepositoryVerification, SourceStatus, Unknown, is_false};

/// Which chart, which version, out of which source.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.toolkit.fluxcd.io", version = "v1", kind = "HelmChart", plural = "helmcharts")]
#[kube(namespaced, status = "SourceStatus", shortname = "hc", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct HelmChartSpec {
    /// The chart's name in a HelmRepository, or its folder in another source.
    pub chart: String,
    /// Version or range of versions; any when absent. Only `HelmRepositories` have more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `HelmRepository`, `GitRepository` or `Bucket`, in the same namespace.
    pub source_ref: CrossNamespaceSource,
    /// Time between two looks for another version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// `ChartVersion` (a new version is a new chart) or `Revision` (a new revision of the source too).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile_strategy: Option<String>,
    /// Files of values that are merged into the chart's own, later ones over earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
    /// One such file, as versions before v1 have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values_file: Option<String>,
    /// Leaves out files of values that do not exist.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_missing_values_files: bool,
    /// Whose objects of other namespaces may refer to this one; not honoured by Flux either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// Which signatures the chart needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<OCIRepositoryVerification>,
    /// Stops all work on this object.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Fields that this type does not name.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Unknown,
}

/// Whether a strategy is one that Flux has.
fn is_known(strategy: &str) -> bool {
    matches!(strategy, "ChartVersion" | "Revision")
}

impl HelmChartSpec {
    /// Whether a new revision of the source is a new chart, whatever its version says.
    pub fn follows_revisions(&self) -> bool {
        self.reconcile_strategy.as_deref() == Some("Revision")
    }

    /// The files of values, the one of old versions first.
    pub fn all_values_files(&self) -> Vec<String> {
        let old = self.values_file.iter().filter(|file| !file.is_empty());
        old.chain(&self.values_files).cloned().collect()
    }

    /// The fields that are set but not honoured, as paths below `spec`.
    pub fn unsupported(&self) -> Vec<String> {
        let known = [
            ("sourceRef.kind", !matches!(&*self.source_ref.kind, "HelmRepository" | "GitRepository" | "Bucket")),
            ("reconcileStrategy", self.reconcile_strategy.as_deref().is_some_and(|strategy| !is_known(strategy))),
        ];
        crate::named(&known, &self.unknown)
    }
}
