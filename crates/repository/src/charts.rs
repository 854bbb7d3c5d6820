//! The charts of `HelmReleases`: out of this repository, or fetched by whoever can.

use std::sync::Arc;

use goyaml::Value;
use helm::{Chart, HelmCompat};
use kustomize::{ChartAddress, Files};
use object::{Object, ObjectKey};
use render::{ChartSource, chart_of_archive, chart_of_folder};

use crate::SOURCE_GROUP;

/// Which Helm Flux 2.9 has.
const COMPAT: HelmCompat = HelmCompat::V4_2;

/// What a chart is looked for in.
pub(crate) trait Sources {
    /// The files that a source of this repository stands for.
    fn files(&self, kind: &str, namespace: &str, name: &str) -> Option<&dyn Files>;
    /// A source's manifest.
    fn source(&self, key: &ObjectKey) -> Option<&Object>;
}

/// A chart, and the folder of this repository that it was read from, if it was.
pub(crate) type Found = (Chart, Option<String>);

/// The chart of a HelmRelease; the error says why it cannot be had.
pub(crate) fn of(
    release: &Object,
    sources: &dyn Sources,
    fetched: Option<&Arc<dyn ChartSource>>,
) -> Result<Found, String> {
    let finding = Finding { release, sources, fetched };
    if let Some(reference) = release.value.at(&["spec", "chartRef"]) {
        return finding.by_reference(reference);
    }
    let template = release.value.at(&["spec", "chart", "spec"]);
    finding.by_template(template.ok_or("it names no chart")?, release.namespace())
}

struct Finding<'a> {
    release: &'a Object,
    sources: &'a dyn Sources,
    fetched: Option<&'a Arc<dyn ChartSource>>,
}

impl Finding<'_> {
    /// `spec.chartRef`.
    fn by_reference(&self, reference: &Value) -> Result<Found, String> {
        let (kind, namespace, name) = parts(reference, self.release.namespace());
        if let Some(files) = self.sources.files(kind, namespace, name) {
            return Ok((chart_of_folder(files, "", COMPAT)?, None));
        }
        let source = self.manifest(reference, self.release.namespace())?;
        match kind {
            "HelmChart" => self.by_template(source.value.get("spec").unwrap_or(&Value::NULL), source.namespace()),
            "OCIRepository" => self.of_artifact(source),
            kind => Err(format!("charts of {kind} are not looked for")),
        }
    }

    /// `spec.chart.spec`, or the spec of a HelmChart.
    fn by_template(&self, template: &Value, namespace: &str) -> Result<Found, String> {
        let text = |field: &str| template.str_at(&[field]).unwrap_or_default();
        if template.get("valuesFiles").and_then(Value::as_list).is_some_and(|files| !files.is_empty()) {
            return Err("valuesFiles are not followed yet".to_owned());
        }
        let reference = template.get("sourceRef").ok_or("it names no source")?;
        let (kind, namespace, name) = parts(reference, namespace);
        if let Some(files) = self.sources.files(kind, namespace, name) {
            let folder = text("chart").trim_start_matches("./").trim_matches('/');
            let is_repository = kind == "GitRepository";
            return Ok((chart_of_folder(files, folder, COMPAT)?, is_repository.then(|| folder.to_owned())));
        }
        if kind != "HelmRepository" {
            return Err(format!("its source {kind}/{namespace}/{name} is not this repository"));
        }
        let source = self.manifest(reference, namespace)?;
        let url = source.value.str_at(&["spec", "url"]).unwrap_or_default();
        // As Flux: any version where none is named.
        self.fetch(
            source,
            ChartAddress { repository: url, name: text("chart"), version: text("version"), devel: false },
        )
    }

    /// The chart that an OCIRepository is.
    fn of_artifact(&self, source: &Object) -> Result<Found, String> {
        let text = |path: &[&str]| source.value.at(path).and_then(Value::as_str).unwrap_or_default();
        let (repository, name) = text(&["spec", "url"]).rsplit_once('/').ok_or("its source has no address")?;
        if !text(&["spec", "ref", "digest"]).is_empty() {
            return Err("charts by digest are not fetched yet".to_owned());
        }
        let semver = text(&["spec", "ref", "semver"]);
        let version = if semver.is_empty() { text(&["spec", "ref", "tag"]) } else { semver };
        self.fetch(source, ChartAddress { repository, name, version, devel: false })
    }

    fn fetch(&self, source: &Object, address: ChartAddress<'_>) -> Result<Found, String> {
        let fetched = self.fetched.ok_or("nothing is fetched")?;
        if source.value.at(&["spec", "secretRef"]).is_some() {
            return Err(format!("{} asks for credentials, which only the cluster has", source.key()));
        }
        Ok((chart_of_archive(&fetched.archive(&address)?, COMPAT)?, None))
    }

    fn manifest(&self, reference: &Value, namespace: &str) -> Result<&Object, String> {
        let (kind, namespace, name) = parts(reference, namespace);
        let key = ObjectKey {
            group: SOURCE_GROUP.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.sources.source(&key).ok_or_else(|| format!("its source {key} is not in this repository"))
    }
}

/// Kind, namespace and name of a reference.
fn parts<'a>(reference: &'a Value, namespace: &'a str) -> (&'a str, &'a str, &'a str) {
    let text = |field: &str| reference.str_at(&[field]);
    (text("kind").unwrap_or_default(), text("namespace").unwrap_or(namespace), text("name").unwrap_or_default())
}
