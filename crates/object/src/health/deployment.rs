//! Deployment: all replicas updated, available and ready, none of an old revision left.

use goyaml::Value;

use super::{Health, condition, number};

/// Reason of `Progressing=False` when the deadline has passed.
const DEADLINE: &str = "ProgressDeadlineExceeded";

pub(super) fn health(object: &Value) -> Health {
    let progressing = condition(object, "Progressing");
    if let Some(late) = progressing.as_ref().filter(|condition| condition.reason == DEADLINE) {
        return Health::failed(format!("made no progress within its deadline: {}", late.text()));
    }
    if let Some(failure) = condition(object, "ReplicaFailure").filter(super::Condition::is_true) {
        return Health::in_progress(format!("cannot make its pods: {}", failure.text()));
    }
    let count = |name| number(object, &["status", name]).unwrap_or(0);
    let wanted = number(object, &["spec", "replicas"]).unwrap_or(1);
    let (updated, total) = (count("updatedReplicas"), count("replicas"));
    let (available, ready) = (count("availableReplicas"), count("readyReplicas"));
    if object.get("status").and_then(Value::as_map).is_none_or(goyaml::Map::is_empty) {
        return Health::in_progress("its controller has not seen it yet");
    }
    if total < wanted {
        return Health::in_progress(format!("{total} of {wanted} pods exist"));
    }
    if updated < wanted {
        return Health::in_progress(format!("{updated} of {wanted} pods have the new template"));
    }
    if total > wanted {
        return Health::in_progress(format!("{} pods of the old template are still there", total - wanted));
    }
    if available < updated {
        return Health::in_progress(format!("{available} of {updated} pods are available"));
    }
    if ready < wanted {
        return Health::in_progress(format!("{ready} of {wanted} pods are ready"));
    }
    verdict(object, wanted)
}

fn verdict(object: &Value, wanted: i64) -> Health {
    let unavailable = condition(object, "Available").filter(|condition| !condition.is_true());
    if let Some(unavailable) = unavailable {
        return Health::in_progress(unavailable.text());
    }
    if number(object, &["status", "observedGeneration"]).is_none() {
        return Health::in_progress("its controller has not seen it yet");
    }
    Health::current(format!("{wanted} of {wanted} pods are ready"))
}
