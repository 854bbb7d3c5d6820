//! What the `HelmReleases` of a cluster render to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gotemplate::NoHost;
use goyaml::Value;
use kustomize::Files;
use object::{Object, ObjectKey, diff};
use render::{ChartSource, ReleaseRequest, ReleaseValues, Traced};

use crate::artifacts::Artifact;
use crate::fields::items;
use crate::{Cluster, Finding, HELM_GROUP, SOURCE_GROUP, Unit, charts};

/// The key in a ConfigMap or Secret that holds values.
const VALUES_KEY: &str = "values.yaml";

/// Everything that releases are rendered from.
pub(crate) struct Ground<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) artifacts: &'a BTreeMap<(String, String), Artifact>,
    /// Whether a GitRepository is this repository, by namespace and name.
    pub(crate) is_own: &'a dyn Fn(&str, &str) -> bool,
    pub(crate) charts: Option<&'a Arc<dyn ChartSource>>,
}

/// Renders all releases; those whose chart or values cannot be had are told in notes.
pub(crate) fn render(cluster: &mut Cluster, ground: &Ground<'_>) {
    let mut rendered = Vec::new();
    let known = Known::new(cluster, ground);
    for unit in &cluster.units {
        let is_release = |object: &&Object| object.gvk().group == HELM_GROUP && object.kind() == "HelmRelease";
        for release in unit.objects.iter().filter(is_release) {
            rendered.push((release.key(), one(unit, release, &known)));
        }
    }
    for (key, outcome) in rendered {
        match outcome {
            Ok(unit) => cluster.units.push(unit),
            Err(Missed::Unknown(why)) => cluster.notes.push(format!("{key} is not rendered: {why}")),
            Err(Missed::Refused(findings)) => {
                cluster.failed.push(key);
                cluster.findings.extend(findings);
            }
        }
    }
}

/// Why a release is not rendered.
enum Missed {
    /// Its chart or values are not to be had here.
    Unknown(String),
    /// Its chart refuses its values.
    Refused(Vec<Finding>),
}

fn one(unit: &Unit, release: &Object, known: &Known<'_>) -> Result<Unit, Missed> {
    let values = known.values(release).map_err(Missed::Unknown)?;
    let (chart, folder) = charts::of(release, known, known.ground.charts).map_err(Missed::Unknown)?;
    let request = ReleaseRequest { release, chart: &chart, values: &values, host: &NoHost };
    match render::helm_release(&request) {
        Ok(objects) => {
            let namespace = request.namespace().to_owned();
            let places = folder.map(|folder| places(&objects, chart.name(), &folder)).unwrap_or_default();
            let rendered = Traced { objects, ..Traced::default() };
            Ok(Unit::new((release.key(), true), rendered, places).in_namespace(namespace))
        }
        Err(diagnostics) => Err(Missed::Refused(
            diagnostics.into_iter().map(|found| Finding { file: unit.file_of(release), ..found.into() }).collect(),
        )),
    }
}

/// The files of a chart that lies in this repository.
fn places(objects: &[Object], chart: &str, folder: &str) -> BTreeMap<String, String> {
    let place = |object: &Object| {
        let (_, path) = object.origin.file.split_once(": ")?;
        let path = path.strip_prefix(chart)?;
        Some((object.origin.file.to_string(), format!("{folder}{path}").trim_start_matches('/').to_owned()))
    };
    objects.iter().filter_map(place).collect()
}

/// The objects that releases name.
struct Known<'a> {
    objects: HashMap<ObjectKey, &'a Object>,
    ground: &'a Ground<'a>,
}

impl<'a> Known<'a> {
    fn new(cluster: &'a Cluster, ground: &'a Ground<'a>) -> Self {
        let wanted = |object: &&Object| {
            let gvk = object.gvk();
            gvk.group == SOURCE_GROUP || (gvk.group.is_empty() && matches!(object.kind(), "ConfigMap" | "Secret"))
        };
        let objects = cluster.units.iter().flat_map(|unit| &unit.objects).filter(wanted);
        Self { objects: objects.map(|object| (object.key(), object)).collect(), ground }
    }

    /// What `valuesFrom` leads to.
    fn values(&self, release: &Object) -> Result<Vec<ReleaseValues>, String> {
        let mut found = Vec::new();
        for entry in items(&release.value, &["spec", "valuesFrom"]) {
            let text = |field: &str| entry.str_at(&[field]).unwrap_or_default().to_owned();
            let flag = |field: &str| entry.get(field).and_then(Value::as_bool).unwrap_or_default();
            let key = ObjectKey {
                group: String::new(),
                kind: text("kind"),
                namespace: release.namespace().to_owned(),
                name: text("name"),
            };
            let wanted = Some(text("valuesKey")).filter(|key| !key.is_empty()).unwrap_or_else(|| VALUES_KEY.to_owned());
            match self.objects.get(&key).and_then(|object| data(object, &wanted)) {
                Some(Ok(text_of)) => found.push(ReleaseValues {
                    name: key.to_string(),
                    text: text_of,
                    target_path: Some(text("targetPath")).filter(|path| !path.is_empty()),
                    literal: flag("literal"),
                }),
                Some(Err(why)) => return Err(format!("{key} {why}")),
                None if flag("optional") => {}
                None => return Err(format!("{key} with the key {wanted} is not in this repository")),
            }
        }
        Ok(found)
    }
}

impl charts::Sources for Known<'_> {
    fn files(&self, kind: &str, namespace: &str, name: &str) -> Option<&dyn Files> {
        match kind {
            "GitRepository" => (self.ground.is_own)(namespace, name).then_some(self.ground.files),
            "ExternalArtifact" => {
                let artifact = self.ground.artifacts.get(&(namespace.to_owned(), name.to_owned()))?;
                Some(&artifact.files)
            }
            _ => None,
        }
    }

    fn source(&self, key: &ObjectKey) -> Option<&Object> {
        self.objects.get(key).copied()
    }
}

/// A text of a ConfigMap or Secret.
fn data(object: &Object, key: &str) -> Option<Result<String, &'static str>> {
    let text = diff::scalar_text(object.value.at(&["data", key])?);
    if object.value.at(&["sops", "mac"]).is_some() {
        return Some(Err("is encrypted"));
    }
    Some(Ok(if object.kind() == "Secret" { crate::variables::decoded(&text) } else { text }))
}
