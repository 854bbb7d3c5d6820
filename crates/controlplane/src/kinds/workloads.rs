//! Pods and jobs when they are made.

use goyaml::{Map, Value};

/// A new pod waits, and has a class of service.
pub(super) fn new_pod(object: &mut Value) {
    let class = service_class(object);
    object.set_at(&["status"], Value::empty_map());
    object.set_at(&["status", "phase"], "Pending");
    object.set_at(&["status", "qosClass"], class);
    admitted(object);
    if object.str_at(&["spec", "serviceAccountName"]).unwrap_or_default().is_empty() {
        object.set_at(&["spec", "serviceAccountName"], "default");
        object.set_at(&["spec", "serviceAccount"], "default");
    }
}

const TOLERATED_SECONDS: i64 = 300;

/// What admission adds to every pod: a priority, and patience with a node that does not answer.
fn admitted(object: &mut Value) {
    if object.at(&["spec", "priority"]).is_none() {
        object.set_at(&["spec", "priority"], 0_i64);
        object.set_at(&["spec", "preemptionPolicy"], "PreemptLowerPriority");
    }
    let mut tolerations = object.at(&["spec", "tolerations"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covers = |one: &Value| matches!(one.str_at(&["key"]), None | Some("")) || one.str_at(&["key"]) == Some(key);
        let tolerated = tolerations
            .iter()
            .any(|one| covers(one) && matches!(one.str_at(&["effect"]), None | Some("" | "NoExecute")));
        if tolerated {
            continue;
        }
        let mut added: Value = [("key", key), ("operator", "Exists"), ("effect", "NoExecute")].into_iter().collect();
        added.set_at(&["tolerationSeconds"], TOLERATED_SECONDS);
        tolerations.push(added);
    }
    object.set_at(&["spec", "tolerations"], tolerations);
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
    if object.at(&["metadata", "labels"]).and_then(Value::as_map).is_none_or(Map::is_empty) {
        let labels = object.at(&["spec", "template", "metadata", "labels"]).cloned().unwrap_or_default();
        object.set_at(&["metadata", "labels"], labels);
    }
}

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Counts the changes of the template of a `DaemonSet`, where old clients look for it.
pub(super) fn template_generation(live: Option<&Value>, object: &mut Value) {
    let path = ["metadata", "annotations", TEMPLATE_GENERATION];
    let count = |value: &Value| value.str_at(&path).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let template = |value: &Value| value.at(&["spec", "template"]).cloned();
    let number = match live {
        None => 1,
        Some(live) if template(live) == template(object) => count(live),
        Some(live) => count(live) + 1,
    };
    object.set_at(&path, number.to_string());
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
