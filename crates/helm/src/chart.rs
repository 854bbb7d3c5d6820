//! A chart in memory.

use std::sync::Arc;

use goyaml::Value;

use crate::content::Content;
use crate::metadata::Metadata;
use crate::schema::Schema;
use crate::sources::Source;
use crate::warning::Warning;
use crate::yaml;

/// One file of a chart, by its path relative to the chart's top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    /// Path inside the chart, `/`-separated, such as `templates/deployment.yaml`.
    pub name: Arc<str>,
    /// Its bytes, without a byte-order mark.
    pub data: Content,
}

/// A chart and the charts it brings along.
///
/// Cloning is cheap: files and values are shared. Processing of dependencies works on a clone, so that a loaded chart
/// can be kept by its content hash and rendered with other values.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What `Chart.yaml` says.
    pub metadata: Arc<Metadata>,
    /// The defaults of `values.yaml`, a map. Numbers are floats, as Helm has them; positions lead to the file.
    pub values: Value,
    /// `values.schema.json`.
    pub schema: Option<Arc<Schema>>,
    /// What `Chart.lock` or `requirements.lock` says.
    pub lock: Option<Arc<Lock>>,
    /// Files below `templates/`, in the order Helm reads them.
    pub templates: Arc<[ChartFile]>,
    /// Every other file but those of `charts/`, with `crds/` among them.
    pub files: Arc<[ChartFile]>,
    /// Charts from `charts/`, by name of file or folder. Helm has them in an order of chance.
    pub dependencies: Vec<Self>,
    /// The texts that positions in `values` point to, by [`goyaml::Pos::source`]; those of the whole tree stand at its root.
    pub sources: Arc<[Source]>,
    /// What loading found odd; that of the whole tree stands at its root.
    pub warnings: Arc<[Warning]>,
}

/// `Chart.lock`: the versions that the ranges of `Chart.yaml` were resolved to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was written, as it stands there.
    pub generated: String,
    /// Hash of the dependencies as declared and as resolved.
    pub digest: String,
    /// The resolved dependencies.
    pub dependencies: Vec<crate::metadata::Dependency>,
}

impl Chart {
    /// The chart's name; for a copy under an alias the alias.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        &self.metadata.version
    }

    /// Whether it only lends templates to others (`type: library`).
    pub fn is_library(&self) -> bool {
        self.metadata.chart_type.eq_ignore_ascii_case("library")
    }

    /// Whether this is the other chart or a clone of it, not one of the same content.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let schema = self.schema.as_ref().map(Arc::as_ptr) == other.schema.as_ref().map(Arc::as_ptr);
        let lock = self.lock.as_ref().map(Arc::as_ptr) == other.lock.as_ref().map(Arc::as_ptr);
        Arc::ptr_eq(&self.metadata, &other.metadata)
            && Arc::ptr_eq(&self.templates, &other.templates)
            && Arc::ptr_eq(&self.files, &other.files)
            && Arc::ptr_eq(&self.sources, &other.sources)
            && Arc::ptr_eq(&self.warnings, &other.warnings)
            && (schema && lock)
            && yaml::is_same(&self.values, &other.values)
            && self.dependencies.len() == other.dependencies.len()
            && self.dependencies.iter().zip(&other.dependencies).all(|(one, other)| one.is(other))
    }

    /// How many charts there are: this one and all below.
    pub fn count(&self) -> usize {
        1 + self.dependencies.iter().map(Self::count).sum::<usize>()
    }
}
