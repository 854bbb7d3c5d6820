//! A chart in memory.

use std::sync::Arc;

use goyaml::Value;

/// One file of a chart, by its path relative to the chart's top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    /// Path inside the chart, `/`-separated, such as `templates/deployment.yaml`.
    pub name: Arc<str>,
    /// Its bytes, without a byte-order mark.
    pub data: Arc<[u8]>,
}

/// A chart and the charts it brings along.
///
/// Cloning is cheap: files and values are shared. Processing of dependencies works on a clone, so that a loaded chart
/// can be kept and rendered with other values.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What `Chart.yaml` says, as it was read: keys in the order of the file, with their lines.
    pub metadata: Value,
    /// The defaults of `values.yaml`, a map. Numbers are floats, as Helm has them; positions lead to the file.
    pub values: Value,
    /// The bytes of `values.schema.json`.
    pub schema: Option<Arc<[u8]>>,
    /// The bytes of `Chart.lock` or `requirements.lock`.
    pub lock: Option<Arc<[u8]>>,
    /// Files below `templates/`, in the order Helm reads them.
    pub templates: Vec<ChartFile>,
    /// Every other file but those of `charts/`, with `crds/` among them.
    pub files: Vec<ChartFile>,
    /// Charts from `charts/`, in the order Helm reads them.
    pub dependencies: Vec<Self>,
}

impl Chart {
    /// The chart's name.
    pub fn name(&self) -> &str {
        self.metadata.str_at(&["name"]).unwrap_or_default()
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        self.metadata.str_at(&["version"]).unwrap_or_default()
    }

    /// Whether it only lends templates to others (`type: library`).
    pub fn is_library(&self) -> bool {
        self.metadata.str_at(&["type"]) == Some("library")
    }
}
