//! Defaults of the group `apps`.

use goyaml::Value;

use super::{child, core, empty, items, missing, pod};

const HISTORY: i64 = 10;
const PROGRESS_SECONDS: i64 = 600;
const QUARTER: &str = "25%";

pub(super) fn apply(resource: &str, object: &mut Value) {
    if resource == "controllerrevisions" {
        return;
    }
    let Some(spec) = super::made(object, "spec") else {
        return;
    };
    if let Some(spec) = child(spec, "template").and_then(|template| child(template, "spec")) {
        pod::spec(spec);
    }
    match resource {
        "deployments" => deployment(spec),
        "statefulsets" => stateful_set(spec),
        "daemonsets" => daemon_set(spec),
        "replicasets" => missing(spec, &["replicas"], 1_i64),
        _ => {}
    }
}

fn deployment(spec: &mut Value) {
    missing(spec, &["replicas"], 1_i64);
    empty(spec, &["strategy", "type"], "RollingUpdate");
    if spec.str_at(&["strategy", "type"]) == Some("RollingUpdate") {
        missing(spec, &["strategy", "rollingUpdate", "maxUnavailable"], QUARTER);
        missing(spec, &["strategy", "rollingUpdate", "maxSurge"], QUARTER);
    }
    missing(spec, &["revisionHistoryLimit"], HISTORY);
    missing(spec, &["progressDeadlineSeconds"], PROGRESS_SECONDS);
}

fn stateful_set(spec: &mut Value) {
    empty(spec, &["podManagementPolicy"], "OrderedReady");
    empty(spec, &["updateStrategy", "type"], "RollingUpdate");
    if spec.str_at(&["updateStrategy", "type"]) == Some("RollingUpdate") {
        missing(spec, &["updateStrategy", "rollingUpdate", "partition"], 0_i64);
    }
    empty(spec, &["persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain");
    empty(spec, &["persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain");
    missing(spec, &["replicas"], 1_i64);
    missing(spec, &["revisionHistoryLimit"], HISTORY);
    missing(spec, &["serviceName"], "");
    for claim in items(spec, "volumeClaimTemplates") {
        child(claim, "spec").into_iter().for_each(core::claim_spec);
        empty(claim, &["apiVersion"], "v1");
        empty(claim, &["kind"], "PersistentVolumeClaim");
        empty(claim, &["status", "phase"], "Pending");
    }
}

fn daemon_set(spec: &mut Value) {
    empty(spec, &["updateStrategy", "type"], "RollingUpdate");
    if spec.str_at(&["updateStrategy", "type"]) == Some("RollingUpdate") {
        missing(spec, &["updateStrategy", "rollingUpdate", "maxUnavailable"], 1_i64);
        missing(spec, &["updateStrategy", "rollingUpdate", "maxSurge"], 0_i64);
    }
    missing(spec, &["revisionHistoryLimit"], HISTORY);
}
