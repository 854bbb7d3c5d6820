//! Pods, the kinds that make them, services and other kinds people write most.

use goyaml::{Map, Value};

use super::{duplicate, forbidden, invalid, names, not_supported, required, too_long};
use crate::quantity;
use crate::registry::Resource;
use crate::status::Cause;

const MAX_PORT: i64 = 65535;
/// Bytes of all entries of a Secret or a `ConfigMap`.
const MAX_DATA: usize = 1 << 20;

/// Faults of an object by its kind.
pub(super) fn check(resource: &Resource, object: &Value) -> Vec<Cause> {
    let mut faults = Vec::new();
    match (&*resource.name.group, &*resource.name.resource) {
        ("", "pods") => pod(object, ("spec", Mounts::Volumes), &mut faults),
        ("apps", "statefulsets") => workload(object, Mounts::Anything, &mut faults),
        ("apps", "deployments" | "replicasets" | "daemonsets") => workload(object, Mounts::Volumes, &mut faults),
        ("batch", "jobs") => {
            template(object.at(&["spec", "template"]), ("spec.template", Mounts::Volumes), &mut faults);
        }
        ("batch", "cronjobs") => cron_job(object, &mut faults),
        ("", "services") => service(object, &mut faults),
        ("", "persistentvolumeclaims") => claim(object, &mut faults),
        ("", "configmaps") => {
            data(object, &mut faults);
            size(object, ("data", "binaryData"), "[]", &mut faults);
        }
        ("", "secrets") => {
            data(object, &mut faults);
            size(object, ("", "data"), "data", &mut faults);
        }
        ("networking.k8s.io", "ingresses") => ingress(object, &mut faults),
        ("apiextensions.k8s.io", "customresourcedefinitions") => definition(object, &mut faults),
        _ => {}
    }
    faults
}

/// What a container may mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mounts {
    /// The volumes of its pod.
    Volumes,
    /// What it likes: the claims of a StatefulSet are named elsewhere, so kube-apiserver leaves its mounts to the pods.
    Anything,
}

fn workload(object: &Value, mounts: Mounts, faults: &mut Vec<Cause>) {
    if let Some(replicas) =
        object.at(&["spec", "replicas"]).filter(|replicas| replicas.as_i64().is_some_and(|count| count < 0))
    {
        faults.push(invalid("spec.replicas", replicas, "must be greater than or equal to 0"));
    }
    let selector = object.at(&["spec", "selector"]);
    if selector.is_none() {
        faults.push(required("spec.selector", ""));
    } else if selector.and_then(Value::as_map).is_some_and(Map::is_empty) {
        faults.push(invalid("spec.selector", &Value::empty_map(), "empty selector is invalid for deployment"));
    }
    let labels = object.at(&["spec", "template", "metadata", "labels"]).cloned().unwrap_or_else(Value::empty_map);
    let wanted = selector.and_then(|selector| selector.get("matchLabels")).and_then(Value::as_map);
    if wanted.into_iter().flat_map(Map::iter).any(|(key, value)| labels.get(key) != Some(value)) {
        faults.push(invalid("spec.template.metadata.labels", &labels, "`selector` does not match template `labels`"));
    }
    template(object.at(&["spec", "template"]), ("spec.template", mounts), faults);
    let policy =
        object.at(&["spec", "template", "spec", "restartPolicy"]).filter(|policy| policy.as_str() != Some("Always"));
    if let Some(policy) = policy.filter(|policy| !policy.is_null()) {
        faults.push(not_supported("spec.template.spec.restartPolicy", policy, &["Always"]));
    }
}

fn cron_job(object: &Value, faults: &mut Vec<Cause>) {
    if object.str_at(&["spec", "schedule"]).unwrap_or_default().is_empty() {
        faults.push(required("spec.schedule", ""));
    }
    let path = "spec.jobTemplate.spec.template";
    template(object.at(&["spec", "jobTemplate", "spec", "template"]), (path, Mounts::Volumes), faults);
}

fn template(template: Option<&Value>, (path, mounts): (&str, Mounts), faults: &mut Vec<Cause>) {
    let Some(template) = template else {
        return;
    };
    names::labels(template, &["metadata", "labels"], &format!("{path}.metadata.labels"), faults);
    pod(template, (&format!("{path}.spec"), mounts), faults);
}

fn pod(object: &Value, (path, mounts): (&str, Mounts), faults: &mut Vec<Cause>) {
    let list = |key: &str| object.at(&["spec", key]).and_then(Value::as_list).unwrap_or_default();
    let volumes: Vec<_> = list("volumes").iter().filter_map(|volume| volume.str_at(&["name"])).collect();
    volume_names(&volumes, path, faults);
    let volumes = (mounts == Mounts::Volumes).then_some(volumes.as_slice());
    if list("containers").is_empty() {
        faults.push(required(&format!("{path}.containers"), ""));
    }
    let mut seen = Vec::new();
    for key in ["initContainers", "containers"] {
        for (index, one) in list(key).iter().enumerate() {
            container(one, &format!("{path}.{key}[{index}]"), volumes, faults);
            let name = one.str_at(&["name"]).unwrap_or_default();
            if !name.is_empty() && seen.contains(&name) {
                faults.push(duplicate(&format!("{path}.{key}[{index}].name"), &name.into()));
            }
            seen.push(name);
        }
    }
    if let Some(policy) = object.at(&["spec", "restartPolicy"])
        && !matches!(policy.as_str(), Some("Always" | "OnFailure" | "Never"))
        && !policy.is_null()
    {
        faults.push(not_supported(&format!("{path}.restartPolicy"), policy, &["Always", "OnFailure", "Never"]));
    }
}

fn volume_names(volumes: &[&str], path: &str, faults: &mut Vec<Cause>) {
    for (index, name) in volumes.iter().enumerate() {
        if volumes[..index].contains(name) {
            faults.push(duplicate(&format!("{path}.volumes[{index}].name"), &(*name).into()));
        }
    }
}

/// Without `volumes` everything may be mounted.
fn container(container: &Value, path: &str, volumes: Option<&[&str]>, faults: &mut Vec<Cause>) {
    let text = |key: &str| container.str_at(&[key]).unwrap_or_default();
    let list = |key: &str| container.get(key).and_then(Value::as_list).unwrap_or_default();
    let name = text("name");
    if name.is_empty() {
        faults.push(required(&format!("{path}.name"), ""));
    } else if !names::is_label(name) || name.len() > 63 {
        faults.push(invalid(&format!("{path}.name"), &name.into(), "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"));
    }
    if text("image").is_empty() {
        faults.push(required(&format!("{path}.image"), ""));
    }
    for (index, port) in list("ports").iter().enumerate() {
        port_number(port, "containerPort", &format!("{path}.ports[{index}]"), faults);
    }
    for (index, mount) in list("volumeMounts").iter().enumerate() {
        let name = mount.str_at(&["name"]).unwrap_or_default();
        if volumes.is_some_and(|volumes| !volumes.contains(&name)) {
            let message = format!("Not found: {name:?}");
            let field = format!("{path}.volumeMounts[{index}].name");
            faults.push(Cause { reason: "FieldValueNotFound".into(), message, field });
        }
    }
    for (index, variable) in list("env").iter().enumerate() {
        if variable.str_at(&["name"]).unwrap_or_default().is_empty() {
            faults.push(required(&format!("{path}.env[{index}].name"), ""));
        }
        let has_value = variable.str_at(&["value"]).is_some_and(|value| !value.is_empty());
        if has_value && variable.get("valueFrom").is_some() {
            let why = "may not be specified when `value` is not empty";
            faults.push(invalid(&format!("{path}.env[{index}].valueFrom"), &"".into(), why));
        }
    }
    resources(container, path, faults);
}

fn port_number(port: &Value, key: &str, path: &str, faults: &mut Vec<Cause>) {
    match port.get(key).and_then(Value::as_i64) {
        None | Some(0) if key == "containerPort" => faults.push(required(&format!("{path}.{key}"), "")),
        Some(number) if (1..=MAX_PORT).contains(&number) => {}
        number => {
            let value = number.unwrap_or(0).into();
            faults.push(invalid(&format!("{path}.{key}"), &value, "must be between 1 and 65535, inclusive"));
        }
    }
}

fn resources(container: &Value, path: &str, faults: &mut Vec<Cause>) {
    for kind in ["limits", "requests"] {
        for (name, value) in container.at(&["resources", kind]).and_then(Value::as_map).into_iter().flat_map(Map::iter)
        {
            let limit = container.at(&["resources", "limits", name]).and_then(Value::as_str).and_then(quantity::parse);
            let found = value.as_str().and_then(quantity::parse);
            let field = format!("{path}.resources.{kind}[{name}]");
            match (found, limit) {
                (None, _) => faults.push(invalid(
                    &field,
                    value,
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                )),
                (Some(found), _) if found.nanos < 0 => {
                    faults.push(invalid(&field, value, "must be greater than or equal to 0"));
                }
                (Some(found), Some(limit)) if kind == "requests" && found.nanos > limit.nanos => {
                    let why = format!("must be less than or equal to {name} limit of {}", quantity::format(limit));
                    faults.push(invalid(&format!("{path}.resources.requests"), value, &why));
                }
                _ => {}
            }
        }
    }
}

fn service(object: &Value, faults: &mut Vec<Cause>) {
    let kind = object.str_at(&["spec", "type"]).unwrap_or_default();
    let ports = object.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default();
    let headless = object.str_at(&["spec", "clusterIP"]) == Some("None");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        faults.push(required("spec.ports", ""));
    }
    if kind == "ExternalName" && object.str_at(&["spec", "externalName"]).unwrap_or_default().is_empty() {
        faults.push(required("spec.externalName", ""));
    }
    if !matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName") {
        let supported = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
        faults.push(not_supported("spec.type", &kind.into(), &supported));
    }
    let mut names = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        let name = port.str_at(&["name"]).unwrap_or_default();
        if name.is_empty() && ports.len() > 1 {
            faults.push(required(&format!("{path}.name"), ""));
        } else if !name.is_empty() && names.contains(&name) {
            faults.push(duplicate(&format!("{path}.name"), &name.into()));
        }
        names.push(name);
        port_number(port, "port", &path, faults);
    }
}

fn claim(object: &Value, faults: &mut Vec<Cause>) {
    if object.at(&["spec", "accessModes"]).and_then(Value::as_list).unwrap_or_default().is_empty() {
        faults.push(required("spec.accessModes", "at least 1 access mode is required"));
    }
    if object.at(&["spec", "resources", "requests", "storage"]).is_none() {
        faults.push(required("spec.resources[storage]", ""));
    }
}

fn data(object: &Value, faults: &mut Vec<Cause>) {
    for map in ["data", "binaryData"] {
        for (key, _) in object.get(map).and_then(Value::as_map).into_iter().flat_map(Map::iter) {
            let fits = key.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.'));
            if !fits || key.is_empty() || matches!(key, "." | "..") {
                let why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
                faults.push(invalid(&format!("{map}[{key}]"), &key.into(), why));
            }
        }
    }
}

/// Whether all entries together are small enough: those of the first map are text, those of the second base64.
fn size(object: &Value, (texts, encoded): (&str, &str), field: &str, faults: &mut Vec<Cause>) {
    let entries = |map: &str| object.get(map).and_then(Value::as_map).into_iter().flat_map(Map::values);
    let texts = entries(texts).filter_map(Value::as_str).map(str::len);
    let encoded = entries(encoded).filter_map(Value::as_str).map(|text| text.trim_end_matches('=').len() * 3 / 4);
    if texts.chain(encoded).sum::<usize>() > MAX_DATA {
        faults.push(too_long(field, MAX_DATA));
    }
}

fn ingress(object: &Value, faults: &mut Vec<Cause>) {
    let has =
        |key: &str| object.at(&["spec", key]).is_some_and(|value| value.as_list().is_none_or(|list| !list.is_empty()));
    if !has("rules") && !has("defaultBackend") {
        let why = "either `defaultBackend` or `rules` must be specified";
        faults.push(invalid("spec", &object.get("spec").cloned().unwrap_or_default(), why));
    }
    let rules = object.at(&["spec", "rules"]).and_then(Value::as_list).unwrap_or_default();
    for (index, rule) in rules.iter().enumerate() {
        let paths = rule.at(&["http", "paths"]).and_then(Value::as_list).unwrap_or_default();
        for (at, path) in paths.iter().enumerate().filter(|(_, path)| path.get("pathType").is_none()) {
            let _ = path;
            faults.push(required(
                &format!("spec.rules[{index}].http.paths[{at}].pathType"),
                "pathType must be specified",
            ));
        }
    }
}

fn definition(object: &Value, faults: &mut Vec<Cause>) {
    let text = |path: &[&str]| object.str_at(path).unwrap_or_default();
    let (group, plural) = (text(&["spec", "group"]), text(&["spec", "names", "plural"]));
    let name = text(&["metadata", "name"]);
    if name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        faults.push(invalid("metadata.name", &name.into(), why));
    }
    if !matches!(text(&["spec", "scope"]), "Cluster" | "Namespaced") {
        let scope = text(&["spec", "scope"]);
        let fault = if scope.is_empty() {
            required("spec.scope", "")
        } else {
            not_supported("spec.scope", &scope.into(), &["Cluster", "Namespaced"])
        };
        faults.push(fault);
    }
    let versions = object.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    let storage =
        versions.iter().filter(|version| version.get("storage").and_then(Value::as_bool) == Some(true)).count();
    if storage != 1 {
        let value = object.at(&["spec", "versions"]).cloned().unwrap_or_default();
        faults.push(invalid("spec.versions", &value, "must have exactly one version marked as storage version"));
    }
    let preserve = object.at(&["spec", "preserveUnknownFields"]).and_then(Value::as_bool) == Some(true);
    if preserve {
        faults.push(forbidden(
            "spec.preserveUnknownFields",
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ));
    }
    for (index, version) in versions.iter().enumerate() {
        if version.at(&["schema", "openAPIV3Schema"]).is_none() {
            faults.push(required(&format!("spec.versions[{index}].schema.openAPIV3Schema"), "schemas are required"));
        }
    }
}
