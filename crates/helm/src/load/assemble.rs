//! A chart from its files.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Pos, Value, parallel};

use super::{LoadError, Loading};
use crate::chart::Lock;
use crate::metadata::{self, Metadata};
use crate::schema::Schema;
use crate::warning::Warning;
use crate::yaml::{self, YamlFault};
use crate::{Chart, ChartFile, HelmCompat};

/// The files of one chart by what they are.
#[derive(Default)]
struct Sorted {
    chart: Option<ChartFile>,
    lock: Option<ChartFile>,
    requirements: Option<ChartFile>,
    values: Option<ChartFile>,
    schema: Option<Arc<Schema>>,
    templates: Vec<ChartFile>,
    files: Vec<ChartFile>,
    charts: Charts,
}

/// By name of folder or archive in `charts/`; paths start with that name.
type Charts = BTreeMap<String, Vec<ChartFile>>;

/// Bytes of values that are worth a thread of their own.
const VALUES_OF_A_THREAD: usize = 32 << 10;

impl Loading {
    /// The chart at the top of the tree.
    pub(super) fn root(&mut self, files: Vec<ChartFile>, without: &str) -> Option<Chart> {
        if !self.errors.is_empty() {
            return None;
        }
        if !files.iter().any(|file| &*file.name == CHART) {
            self.error("", 0, without, Some("a chart's folder has a Chart.yaml; is this the right folder?"));
            return None;
        }
        let chart = self.assemble(files, "", 0)?;
        match chart.metadata.api_version.as_str() {
            "v1" | "v2" => Some(chart),
            "v3" => {
                let remedy = "charts of apiVersion v3 are an experiment of Helm's; write `apiVersion: v2`";
                self.error(CHART, 0, "invalid chart apiVersion", Some(remedy));
                None
            }
            _ => {
                self.error(CHART, 0, "unsupported chart version", Some("write `apiVersion: v2`"));
                None
            }
        }
    }

    /// A chart from its files; `at` is its folder's path with a `/` behind it, empty at the top.
    fn assemble(&mut self, files: Vec<ChartFile>, at: &str, depth: usize) -> Option<Chart> {
        let before = self.errors.len();
        let sorted = sort(files);
        let Some(chart) = &sorted.chart else {
            self.error(at.trim_end_matches('/'), 0, "Chart.yaml file is missing", Some(NO_CHART));
            return None;
        };
        let mut metadata = self.metadata(chart, at);
        let v1 = metadata.api_version == "v1";
        let mut files = sorted.files;
        if !v1 {
            files.retain(|file| !matches!(&*file.name, REQUIREMENTS | REQUIREMENTS_LOCK));
        }
        if let Some(file) = sorted.requirements {
            self.requirements(&file, at, &mut metadata);
        }
        let lock = sorted.lock.and_then(|file| self.lock(&file, at));
        let (values, dependencies) = self.values_and_charts(sorted.values, (sorted.charts, &metadata), at, depth);
        if self.errors.len() > before {
            return None;
        }
        Some(Chart {
            metadata: Arc::new(metadata),
            values,
            schema: sorted.schema,
            lock,
            templates: sorted.templates.into(),
            files: files.into(),
            dependencies,
            sources: Arc::default(),
            warnings: Arc::default(),
        })
    }

    fn metadata(&mut self, file: &ChartFile, at: &str) -> Metadata {
        let path = format!("{at}{CHART}");
        let root = match yaml::first_document(&file.data, 0) {
            Ok(root) => root,
            Err(faults) => {
                self.unreadable(&path, "cannot load Chart.yaml", faults);
                return Metadata::default();
            }
        };
        let mut decoded = metadata::decode(&root);
        if decoded.metadata.api_version.is_empty() {
            "v1".clone_into(&mut decoded.metadata.api_version);
        }
        let wrong = std::mem::take(&mut decoded.faults);
        let unreadable = !wrong.is_empty();
        for fault in wrong {
            self.error(&path, fault.pos.line, format!("cannot load Chart.yaml: {}", fault.message), None);
        }
        for violation in metadata::validate(&mut decoded) {
            // What could not be read is not said to be missing besides.
            if !(unreadable && violation.pos == Pos::default()) {
                self.error(&path, violation.pos.line, violation.message, Some(violation.remedy));
            }
        }
        decoded.metadata
    }

    fn unreadable(&mut self, path: &str, what: &str, faults: Vec<YamlFault>) {
        for fault in faults {
            self.error(path, fault.line, format!("{what}: {}", fault.message), None);
        }
    }

    /// `requirements.yaml`: the dependencies of charts of apiVersion v1.
    fn requirements(&mut self, file: &ChartFile, at: &str, metadata: &mut Metadata) {
        let path = format!("{at}{REQUIREMENTS}");
        if metadata.api_version != "v1" {
            let message = "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend \
                           migrating dependencies to Chart.yaml.";
            self.warnings.push(Warning::new(at.trim_end_matches('/'), message));
        }
        match yaml::first_document(&file.data, 0) {
            Ok(root) => {
                let mut decoded = metadata::decode(&root);
                for fault in std::mem::take(&mut decoded.faults) {
                    let message = format!("cannot load requirements.yaml: {}", fault.message);
                    self.error(&path, fault.pos.line, message, None);
                }
                if decoded.places.contains_key("dependencies") {
                    // Only what concerns the dependencies is checked: names and the like stand in Chart.yaml.
                    decoded.metadata.name.clone_from(&metadata.name);
                    decoded.metadata.version.clone_from(&metadata.version);
                    for violation in metadata::validate(&mut decoded) {
                        self.error(&path, violation.pos.line, violation.message, Some(violation.remedy));
                    }
                    metadata.dependencies = decoded.metadata.dependencies;
                    metadata.declares_dependencies = decoded.metadata.declares_dependencies;
                }
            }
            Err(faults) => self.unreadable(&path, "cannot load requirements.yaml", faults),
        }
    }

    fn lock(&mut self, file: &ChartFile, at: &str) -> Option<Arc<Lock>> {
        let path = format!("{at}{}", file.name);
        let what = format!("cannot load {}", file.name);
        match yaml::first_document(&file.data, 0) {
            Ok(root) => {
                let (dependencies, faults) = metadata::decode_dependencies(&root);
                for fault in faults {
                    self.error(&path, fault.pos.line, format!("{what}: {}", fault.message), None);
                }
                let text = |key: &str| root.str_at(&[key]).unwrap_or_default().to_owned();
                Some(Arc::new(Lock { generated: text("generated"), digest: text("digest"), dependencies }))
            }
            Err(faults) => {
                self.unreadable(&path, &what, faults);
                None
            }
        }
    }

    /// The values of a chart and the charts in it, which are read at the same time.
    fn values_and_charts(
        &mut self,
        values: Option<ChartFile>,
        (charts, metadata): (Charts, &Metadata),
        at: &str,
        depth: usize,
    ) -> (Value, Vec<Chart>) {
        let Some(file) = values else {
            return (Value::empty_map(), self.charts(charts, metadata, at, depth));
        };
        let path = format!("{at}{VALUES}");
        let (source, compat, before) = (self.source(&path), self.options.compat, self.errors.len());
        let read = || yaml::values(&file.data, source, compat);
        let worth = file.data.len() >= VALUES_OF_A_THREAD && !charts.is_empty();
        let (values, charts) = parallel::both(worth, read, || self.charts(charts, metadata, at, depth));
        let values = values.unwrap_or_else(|faults| {
            let charts = self.errors.split_off(before);
            self.unreadable_values(&path, faults);
            self.errors.extend(charts);
            Value::empty_map()
        });
        (values, charts)
    }

    fn unreadable_values(&mut self, path: &str, faults: Vec<YamlFault>) {
        let document = if self.options.compat == HelmCompat::V3 { "" } else { "cannot unmarshal yaml document: " };
        for fault in faults {
            let step = if fault.message.starts_with("error reading") { "" } else { document };
            self.error(path, fault.line, format!("cannot load values.yaml: {step}{}", fault.message), None);
        }
    }

    /// The charts in `charts/`.
    fn charts(&mut self, charts: Charts, parent: &Metadata, at: &str, depth: usize) -> Vec<Chart> {
        let mut loaded = Vec::new();
        for (name, files) in charts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let before = self.errors.len();
            let path = format!("{at}charts/{name}");
            if depth >= self.options.limits.depth {
                let message = format!("charts are nested deeper than {}", self.options.limits.depth);
                self.error(&path, 0, message, Some("does the chart contain itself?"));
                continue;
            }
            loaded.extend(self.one_of_charts(&name, files, (&path, parent), depth));
            for error in &mut self.errors[before..] {
                if !error.message.starts_with("error unpacking subchart tar") {
                    error.message = format!("error unpacking subchart {name} in {}: {}", parent.name, error.message);
                }
            }
        }
        loaded
    }

    fn one_of_charts(
        &mut self,
        name: &str,
        files: Vec<ChartFile>,
        (path, parent): (&str, &Metadata),
        depth: usize,
    ) -> Option<Chart> {
        let folder = format!("{path}/");
        if !has_extension(name, "tgz") {
            let below = |file: ChartFile| {
                let (_, rest) = file.name.split_once('/')?;
                Some(ChartFile { name: rest.into(), data: file.data })
            };
            return self.assemble(files.into_iter().filter_map(below).collect(), &folder, depth + 1);
        }
        let file = files.first()?;
        if &*file.name != name {
            let message =
                format!("error unpacking subchart tar in {}: expected {name}, got {}", parent.name, file.name);
            self.error(path, 0, message, Some("a folder must not have a name that ends with .tgz"));
            return None;
        }
        match self.unpack(&file.data, path) {
            Ok(files) => self.assemble(files, &folder, depth + 1),
            Err(errors) => {
                self.errors.extend::<Vec<LoadError>>(errors);
                None
            }
        }
    }
}

const CHART: &str = "Chart.yaml";
const VALUES: &str = "values.yaml";
const REQUIREMENTS: &str = "requirements.yaml";
const REQUIREMENTS_LOCK: &str = "requirements.lock";
const NO_CHART: &str = "what is in charts/ must be a chart; name other files in .helmignore";

fn sort(files: Vec<ChartFile>) -> Sorted {
    let mut sorted = Sorted::default();
    for file in files {
        match &*file.name {
            CHART => sorted.chart = Some(file),
            "Chart.lock" => sorted.lock = Some(file),
            REQUIREMENTS_LOCK => {
                sorted.lock = Some(file.clone());
                sorted.files.push(file);
            }
            VALUES => sorted.values = Some(file),
            "values.schema.json" => sorted.schema = Some(Arc::new(Schema::new(Arc::clone(file.data.bytes())))),
            REQUIREMENTS => {
                sorted.requirements = Some(file.clone());
                sorted.files.push(file);
            }
            name if name.starts_with("templates/") => sorted.templates.push(file),
            name => match name.strip_prefix("charts/") {
                Some(rest) if !has_extension(name, "prov") => {
                    let chart = rest.split('/').next().unwrap_or(rest).to_owned();
                    let file = ChartFile { name: rest.into(), data: file.data };
                    sorted.charts.entry(chart).or_default().push(file);
                }
                _ => sorted.files.push(file),
            },
        }
    }
    sorted
}

/// Whether a name ends with a dot and this, as Go's `filepath.Ext` has it.
pub(super) fn has_extension(name: &str, extension: &str) -> bool {
    name.strip_suffix(extension).is_some_and(|stem| stem.ends_with('.'))
}
