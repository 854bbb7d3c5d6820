//! Fields that cannot be changed once an object is there.

use goyaml::Value;

use super::{forbidden, invalid};
use crate::registry::Resource;
use crate::status::Cause;

const IMMUTABLE: &str = "field is immutable";

/// Per kind: fields that stay as they are. Told as invalid values.
const FIELDS: &[(&str, &str, &[&[&str]])] = &[
    ("apps", "deployments", &[&["spec", "selector"]]),
    ("apps", "daemonsets", &[&["spec", "selector"]]),
    ("apps", "replicasets", &[&["spec", "selector"]]),
    ("batch", "jobs", &[&["spec", "selector"], &["spec", "template"], &["spec", "completionMode"]]),
    ("", "secrets", &[&["type"]]),
    ("rbac.authorization.k8s.io", "rolebindings", &[&["roleRef"]]),
    ("rbac.authorization.k8s.io", "clusterrolebindings", &[&["roleRef"]]),
    ("storage.k8s.io", "storageclasses", &[&["reclaimPolicy"], &["volumeBindingMode"]]),
    ("scheduling.k8s.io", "priorityclasses", &[&["value"], &["preemptionPolicy"]]),
];

/// Fields of a StatefulSet that may change.
const STATEFUL_SET_MUTABLE: [&str; 8] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
    "status",
];
const STATEFUL_SET: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const CLAIM: &str =
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
const POD: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Changes of such fields.
pub(super) fn check(resource: &Resource, live: &Value, object: &Value) -> Vec<Cause> {
    let place = (&*resource.name.group, &*resource.name.resource);
    let fields =
        FIELDS.iter().find(|(group, name, _)| (*group, *name) == place).map_or(&[][..], |(_, _, fields)| fields);
    let mut faults: Vec<Cause> = fields.iter().filter_map(|path| unchanged(live, object, path)).collect();
    match place {
        ("apps", "statefulsets") => faults.extend(stateful_set(live, object)),
        ("", "services") => faults.extend(cluster_ip(live, object)),
        ("", "secrets" | "configmaps") => faults.extend(frozen(live, object)),
        ("", "persistentvolumeclaims") => faults.extend(claim(live, object)),
        ("", "pods") => faults.extend(pod(live, object)),
        _ => {}
    }
    faults
}

fn unchanged(live: &Value, object: &Value, path: &[&str]) -> Option<Cause> {
    let now = object.at(path).cloned().unwrap_or_default();
    (live.at(path).cloned().unwrap_or_default() != now).then(|| invalid(&path.join("."), &now, IMMUTABLE))
}

fn without(value: &Value, keys: &[&str]) -> Value {
    let mut spec = value.get("spec").cloned().unwrap_or_default();
    if let Some(map) = spec.as_map_mut() {
        map.retain(|key, _| !keys.contains(&key));
    }
    spec
}

fn stateful_set(live: &Value, object: &Value) -> Option<Cause> {
    let differs = without(live, &STATEFUL_SET_MUTABLE) != without(object, &STATEFUL_SET_MUTABLE);
    differs.then(|| forbidden("spec", STATEFUL_SET))
}

fn cluster_ip(live: &Value, object: &Value) -> Option<Cause> {
    let address = |value: &Value| value.str_at(&["spec", "clusterIP"]).unwrap_or_default().to_owned();
    let is_external = |value: &Value| value.str_at(&["spec", "type"]) == Some("ExternalName");
    let (before, after) = (address(live), address(object));
    if before.is_empty() || before == after || is_external(live) || is_external(object) {
        return None;
    }
    let value = vec![Value::from(after)].into();
    Some(invalid("spec.clusterIPs[0]", &value, "may not change once set"))
}

/// An immutable ConfigMap or Secret.
fn frozen(live: &Value, object: &Value) -> Vec<Cause> {
    if live.get("immutable").and_then(Value::as_bool) != Some(true) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let why = "field is immutable when `immutable` is set";
    if object.get("immutable").and_then(Value::as_bool) != Some(true) {
        faults.push(forbidden("immutable", why));
    }
    let changed = |key: &&&str| live.get(key) != object.get(key);
    faults.extend(["data", "binaryData"].iter().filter(changed).map(|key| forbidden(key, why)));
    faults
}

fn claim(live: &Value, object: &Value) -> Option<Cause> {
    let bound = live.str_at(&["status", "phase"]) == Some("Bound");
    let mut keys = vec!["volumeAttributesClassName"];
    if bound {
        keys.push("resources");
    }
    let named = live.str_at(&["spec", "volumeName"]).is_some_and(|name| !name.is_empty());
    if !named {
        // Binding names the volume once, and a claim gets the default class once.
        keys.extend(["volumeName", "storageClassName"]);
    }
    (without(live, &keys) != without(object, &keys)).then(|| forbidden("spec", CLAIM))
}

fn pod(live: &Value, object: &Value) -> Option<Cause> {
    let bare = |value: &Value| {
        let keys = [
            "activeDeadlineSeconds",
            "tolerations",
            "terminationGracePeriodSeconds",
            "nodeName",
            "schedulingGates",
            "ephemeralContainers",
        ];
        let mut spec = without(value, &keys);
        for list in ["containers", "initContainers"] {
            let containers = spec.as_map_mut().and_then(|spec| spec.get_mut(list)).and_then(Value::as_list_mut);
            for container in containers.into_iter().flatten() {
                for key in ["image", "resources"] {
                    container.remove_at(&[key]);
                }
            }
        }
        spec
    };
    (bare(live) != bare(object)).then(|| forbidden("spec", POD))
}
