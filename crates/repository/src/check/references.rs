//! Objects that name others.

use goyaml::Value;
use object::{Object, ObjectKey};

use super::known::{Known, Presence};
use super::pods::{containers, spec};
use super::releases::is_certain;
use super::waiver::is_waived;
use crate::fields::items;
use crate::{Cluster, Finding, Rule, Unit};

/// Names that a message lists.
const MAX_NAMED: usize = 8;

/// A name of an object in a field of another.
pub(crate) struct Reference<'a> {
    pub(crate) key: ObjectKey,
    /// The field.
    pub(crate) at: &'a Value,
    /// What messages say before the object.
    pub(crate) field: &'static str,
    /// The key of its data that is asked for.
    pub(crate) data: Option<&'a Value>,
}

/// Finds names of objects that are not there.
pub(crate) fn check(cluster: &Cluster, known: &Known<'_>, notes: &mut Vec<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for unit in &cluster.units {
        for object in unit.objects.iter().filter(|object| !is_waived(object, Rule::MissingReference)) {
            let mut references = Vec::new();
            if let Some(spec) = spec(object) {
                of_pod(object, spec, &mut references);
            }
            of_kind(object, &mut references);
            for reference in references {
                found.extend(report((unit, object), &reference, known, notes));
            }
        }
    }
    found
}

/// What is said of a reference.
pub(crate) fn report(
    (unit, object): (&Unit, &Object),
    reference: &Reference<'_>,
    known: &Known<'_>,
    notes: &mut Vec<String>,
) -> Option<Finding> {
    let Reference { key, at, field, data } = reference;
    if let Some(target) = known.get(key) {
        let wanted = (*data)?;
        return missing_data((unit, object), (target, wanted));
    }
    let presence = known.presence(key);
    if presence == Presence::There {
        return None;
    }
    if key.kind == "Secret" {
        notes.push(format!("{}: {field} {key}, which is not in this repository", object.key()));
        return None;
    }
    if !is_certain(key, presence) {
        return None;
    }
    let message = format!("{}: {field} {key}, which is not in this repository", object.key());
    let names = known.names_of(key);
    let hint = match names.as_slice() {
        [] => "Add it, or correct the name.".to_owned(),
        names => format!("Add it, or correct the name: there is {}.", shown(names)),
    };
    Some(unit.at(object, at, Rule::MissingReference, message).hint(hint))
}

fn missing_data((unit, object): (&Unit, &Object), (target, wanted): (&Object, &Value)) -> Option<Finding> {
    let name = wanted.as_str()?;
    let fields = ["data", "binaryData", "stringData"];
    let maps = fields.iter().filter_map(|field| target.value.get(field)?.as_map());
    let keys: Vec<&str> = maps.flat_map(|map| map.iter().map(|(key, _)| key)).collect();
    if keys.contains(&name) {
        return None;
    }
    let message = format!("{}: {} has no key {name}", object.key(), target.key());
    let hint = match keys.as_slice() {
        [] => format!("It has none at all; see {}.", target.origin),
        keys => format!("It has {}; see {}.", shown(keys), target.origin),
    };
    Some(unit.at(object, wanted, Rule::MissingReference, message).hint(hint))
}

fn shown(names: &[&str]) -> String {
    let more = if names.len() > MAX_NAMED { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(MAX_NAMED)].join(", "))
}

fn is_optional(value: &Value) -> bool {
    value.get("optional").and_then(Value::as_bool) == Some(true)
}

/// Adds a reference to an object of the same namespace.
fn push<'a>(
    found: &mut Vec<Reference<'a>>,
    object: &Object,
    (group, kind): (&str, &str),
    (at, field): (Option<&'a Value>, &'static str),
) {
    let Some(at) = at else { return };
    let Some(name) = at.as_str().filter(|name| !name.is_empty()) else { return };
    let key = ObjectKey {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: object.namespace().to_owned(),
        name: name.to_owned(),
    };
    found.push(Reference { key, at, field, data: None });
}

fn of_pod<'a>(object: &Object, spec: &'a Value, found: &mut Vec<Reference<'a>>) {
    push(found, object, ("", "ServiceAccount"), (spec.get("serviceAccountName"), "it runs as"));
    for secret in items(spec, &["imagePullSecrets"]) {
        push(found, object, ("", "Secret"), (secret.get("name"), "images are pulled with"));
    }
    for volume in items(spec, &["volumes"]) {
        of_volume(object, volume, found);
    }
    for container in containers(spec) {
        of_container(object, container, found);
    }
}

fn of_volume<'a>(object: &Object, volume: &'a Value, found: &mut Vec<Reference<'a>>) {
    const FIELD: &str = "a volume is";
    push(found, object, ("", "PersistentVolumeClaim"), (volume.at(&["persistentVolumeClaim", "claimName"]), FIELD));
    let projected = items(volume, &["projected", "sources"]);
    for source in std::iter::once(volume).chain(projected) {
        let wanted = |field: &str| source.get(field).filter(|part| !is_optional(part));
        let secret = wanted("secret");
        let named = secret.and_then(|secret| secret.get("secretName").or_else(|| secret.get("name")));
        push(found, object, ("", "Secret"), (named, FIELD));
        push(found, object, ("", "ConfigMap"), (wanted("configMap").and_then(|map| map.get("name")), FIELD));
    }
}

fn of_container<'a>(object: &Object, container: &'a Value, found: &mut Vec<Reference<'a>>) {
    const FIELD: &str = "its environment comes from";
    for (kind, of_all, of_key) in
        [("ConfigMap", "configMapRef", "configMapKeyRef"), ("Secret", "secretRef", "secretKeyRef")]
    {
        let all = items(container, &["envFrom"]).filter_map(|source| source.get(of_all));
        for source in all.filter(|source| !is_optional(source)) {
            push(found, object, ("", kind), (source.get("name"), FIELD));
        }
        let keys = items(container, &["env"]).filter_map(|variable| variable.at(&["valueFrom", of_key]));
        for source in keys.filter(|source| !is_optional(source)) {
            let before = found.len();
            push(found, object, ("", kind), (source.get("name"), FIELD));
            found[before..].iter_mut().for_each(|reference| reference.data = source.get("key"));
        }
    }
}

/// What other kinds name.
fn of_kind<'a>(object: &'a Object, found: &mut Vec<Reference<'a>>) {
    let (gvk, value) = (object.gvk(), &object.value);
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apps", "StatefulSet") => {
            push(found, object, ("", "Service"), (value.at(&["spec", "serviceName"]), "its Service is"));
        }
        ("autoscaling", "HorizontalPodAutoscaler") => {
            let target = value.at(&["spec", "scaleTargetRef"]);
            let text = |field: &str| target.and_then(|target| target.str_at(&[field])).unwrap_or_default();
            let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
            push(found, object, (group, text("kind")), (target.and_then(|target| target.get("name")), "it scales"));
        }
        ("networking.k8s.io", "Ingress") => of_ingress(object, found),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => of_binding(object, found),
        _ => {}
    }
}

fn of_ingress<'a>(object: &'a Object, found: &mut Vec<Reference<'a>>) {
    const FIELD: &str = "requests go to";
    const BACKEND: [&str; 3] = ["backend", "service", "name"];
    let default = object.value.at(&["spec", "defaultBackend", "service", "name"]);
    push(found, object, ("", "Service"), (default, FIELD));
    for rule in items(&object.value, &["spec", "rules"]) {
        for path in items(rule, &["http", "paths"]) {
            push(found, object, ("", "Service"), (path.at(&BACKEND), FIELD));
        }
    }
}

fn of_binding<'a>(object: &'a Object, found: &mut Vec<Reference<'a>>) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let role = object.value.get("roleRef");
    let kind = role.and_then(|role| role.str_at(&["kind"])).unwrap_or_default();
    let before = found.len();
    push(found, object, (GROUP, kind), (role.and_then(|role| role.get("name")), "the role is"));
    if kind == "ClusterRole" {
        found[before..].iter_mut().for_each(|reference| reference.key.namespace.clear());
    }
    for subject in items(&object.value, &["subjects"]) {
        if subject.str_at(&["kind"]) == Some("ServiceAccount") {
            let before = found.len();
            push(found, object, ("", "ServiceAccount"), (subject.get("name"), "the rights are those of"));
            if let (Some(reference), Some(namespace)) = (found.get_mut(before), subject.str_at(&["namespace"])) {
                namespace.clone_into(&mut reference.key.namespace);
            }
        }
    }
}
