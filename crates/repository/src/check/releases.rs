//! What Flux's own kinds name: sources, charts' values.

use goyaml::Value;
use object::{Object, ObjectKey};

use super::known::{Known, Presence};
use super::references::{Reference, report};
use super::waiver::is_waived;
use crate::fields::items;
use crate::{Cluster, Finding, HELM_GROUP, KUSTOMIZE_GROUP, Rule, SOURCE_GROUP};

/// Finds sources and values that are not there.
pub(crate) fn check(cluster: &Cluster, known: &Known<'_>, notes: &mut Vec<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for unit in &cluster.units {
        for object in unit.objects.iter().filter(|object| !is_waived(object, Rule::MissingReference)) {
            for reference in of(object) {
                found.extend(report((unit, object), &reference, known, notes));
            }
        }
    }
    found
}

fn of(object: &Object) -> Vec<Reference<'_>> {
    let gvk = object.gvk();
    let (value, mut found) = (&object.value, Vec::new());
    let mut source = |path: &[&str]| found.extend(value.at(path).and_then(|source| to_source(object, source)));
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        (KUSTOMIZE_GROUP, "Kustomization") | (SOURCE_GROUP, "HelmChart") => source(&["spec", "sourceRef"]),
        (HELM_GROUP, "HelmRelease") => {
            source(&["spec", "chart", "spec", "sourceRef"]);
            source(&["spec", "chartRef"]);
            found.extend(items(value, &["spec", "valuesFrom"]).filter_map(|entry| to_values(object, entry)));
        }
        _ => {}
    }
    found
}

fn to_source<'a>(object: &Object, source: &'a Value) -> Option<Reference<'a>> {
    let name = source.get("name")?;
    let key = ObjectKey {
        group: SOURCE_GROUP.to_owned(),
        kind: source.str_at(&["kind"])?.to_owned(),
        namespace: source.str_at(&["namespace"]).unwrap_or(object.namespace()).to_owned(),
        name: name.as_str()?.to_owned(),
    };
    Some(Reference { key, at: name, field: "its source is", data: None })
}

fn to_values<'a>(object: &Object, entry: &'a Value) -> Option<Reference<'a>> {
    if entry.get("optional").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let name = entry.get("name")?;
    let key = ObjectKey {
        group: String::new(),
        kind: entry.str_at(&["kind"])?.to_owned(),
        namespace: object.namespace().to_owned(),
        name: name.as_str()?.to_owned(),
    };
    Some(Reference { key, at: name, field: "valuesFrom names", data: entry.get("valuesKey") })
}

/// Sources are made by nothing but a manifest: a chart in the same namespace is no reason for them to be there.
pub(crate) fn is_certain(key: &ObjectKey, presence: Presence) -> bool {
    presence == Presence::Missing || (presence == Presence::Perhaps && key.group == SOURCE_GROUP)
}
