//! `ReplicaSet` and `ReplicationController`: all replicas labelled, available and ready.

use goyaml::Value;

use super::{Health, condition, number};

pub(super) fn health(object: &Value) -> Health {
    if let Some(failure) = condition(object, "ReplicaFailure").filter(super::Condition::is_true) {
        return Health::in_progress(format!("cannot make its pods: {}", failure.text()));
    }
    let count = |name| number(object, &["status", name]).unwrap_or(0);
    let wanted = number(object, &["spec", "replicas"]).unwrap_or(1);
    let total = count("replicas");
    for (name, words) in [
        ("fullyLabeledReplicas", "carry their labels"),
        ("availableReplicas", "are available"),
        ("readyReplicas", "are ready"),
    ] {
        let have = count(name);
        if have < wanted {
            return Health::in_progress(format!("{have} of {wanted} pods {words}"));
        }
    }
    if total > wanted {
        return Health::in_progress(format!("{} pods too many are still there", total - wanted));
    }
    Health::current(format!("{wanted} of {wanted} pods are ready"))
}
