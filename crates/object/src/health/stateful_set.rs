//! `StatefulSet`: all replicas ready and of the current revision, as far as its partition asks.

use goyaml::Value;

use super::{Health, number};

pub(super) fn health(object: &Value) -> Health {
    if object.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Health::current("updates its pods when they are deleted (OnDelete)");
    }
    let count = |name| number(object, &["status", name]).unwrap_or(0);
    let wanted = number(object, &["spec", "replicas"]).unwrap_or(1);
    let (total, ready, current) = (count("replicas"), count("readyReplicas"), count("currentReplicas"));
    let updated = count("updatedReplicas");
    if total < wanted {
        return Health::in_progress(format!("{total} of {wanted} pods exist"));
    }
    if ready < wanted {
        return Health::in_progress(format!("{ready} of {wanted} pods are ready"));
    }
    let partition = number(object, &["spec", "updateStrategy", "rollingUpdate", "partition"]).unwrap_or(0);
    if partition > 0 {
        let due = (wanted - partition).max(0);
        return if updated < due {
            Health::in_progress(format!("{updated} of {due} pods above the partition have the new template"))
        } else {
            Health::current(format!("{updated} pods above the partition have the new template"))
        };
    }
    if total > wanted {
        return Health::in_progress(format!("{} pods too many are still there", total - wanted));
    }
    if current < wanted {
        return Health::in_progress(format!("{current} of {wanted} pods have the current template"));
    }
    let revision = |name| object.str_at(&["status", name]);
    if wanted > 0 && revision("currentRevision") != revision("updateRevision") {
        return Health::in_progress(format!("{updated} of {wanted} pods have the new template"));
    }
    Health::current(format!("{wanted} of {wanted} pods are ready"))
}
