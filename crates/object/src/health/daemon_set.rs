//! `DaemonSet`: on every node it is meant for, updated, available and ready.

use goyaml::Value;

use super::{Health, number};

pub(super) fn health(object: &Value) -> Health {
    let Some(wanted) = number(object, &["status", "desiredNumberScheduled"]) else {
        return Health::in_progress("its controller has not counted its nodes yet");
    };
    if number(object, &["status", "observedGeneration"]).is_none() {
        return Health::in_progress("its controller has not seen it yet");
    }
    let on_delete = object.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete");
    let count = |name| number(object, &["status", name]).unwrap_or(0);
    for (name, words) in [
        ("currentNumberScheduled", "are scheduled"),
        ("updatedNumberScheduled", "have the new template"),
        ("numberAvailable", "are available"),
        ("numberReady", "are ready"),
    ] {
        let have = count(name);
        if have < wanted && !(on_delete && name == "updatedNumberScheduled") {
            return Health::in_progress(format!("{have} of {wanted} pods {words}"));
        }
    }
    Health::current(format!("{wanted} of {wanted} pods are ready"))
}
