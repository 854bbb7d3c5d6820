//! Pods and jobs when they are made.

use goyaml::{Map, Value};

/// A new pod waits, and has a class of service.
pub(super) fn new_pod(object: &mut Value) {
    let class = service_class(object);
    object.set_at(&["status"], Value::empty_map());
    object.set_at(&["status", "phase"], "Pending");
    object.set_at(&["status", "qosClass"], class);
    if object.str_at(&["spec", "serviceAccountName"]).unwrap_or_default().is_empty() {
        object.set_at(&["spec", "serviceAccountName"], "default");
        object.set_at(&["spec", "serviceAccount"], "default");
    }
}

fn service_class(pod: &Value) -> &'static str {
    let containers = pod.at(&["spec", "containers"]).and_then(Value::as_list).unwrap_or_default();
    let of = |container: &Value, kind: &str| container.at(&["resources", kind]).cloned().unwrap_or_default();
    let empty = |value: &Value| value.as_map().is_none_or(Map::is_empty);
    if containers.iter().all(|one| empty(&of(one, "limits")) && empty(&of(one, "requests"))) {
        return "BestEffort";
    }
    let guaranteed = |one: &Value| {
        let limits = of(one, "limits");
        limits.get("cpu").is_some() && limits.get("memory").is_some() && limits == of(one, "requests")
    };
    if containers.iter().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}

const UID_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];
const NAME_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

/// A job finds its pods by its own uid unless it is told how.
pub(super) fn job_selector(object: &mut Value) {
    if object.at(&["spec", "manualSelector"]).and_then(Value::as_bool) == Some(true) {
        return;
    }
    let text = |key| object.str_at(&["metadata", key]).unwrap_or_default().to_owned();
    let (uid, name) = (text("uid"), text("name"));
    for label in UID_LABELS {
        object.set_at(&["spec", "template", "metadata", "labels", label], uid.as_str());
    }
    for label in NAME_LABELS {
        object.set_at(&["spec", "template", "metadata", "labels", label], name.as_str());
    }
    object.set_at(&["spec", "selector", "matchLabels", UID_LABELS[0]], uid);
}

/// A changed job that leaves these out means the ones it was given.
pub(super) fn keep_selector(live: &Value, object: &mut Value) {
    if let Some(selector) = live.at(&["spec", "selector"]).filter(|_| object.at(&["spec", "selector"]).is_none()) {
        object.set_at(&["spec", "selector"], selector.clone());
    }
    for label in UID_LABELS.into_iter().chain(NAME_LABELS) {
        let path = ["spec", "template", "metadata", "labels", label];
        if let Some(value) = live.at(&path).filter(|_| object.at(&path).is_none()) {
            object.set_at(&path, value.clone());
        }
    }
}
