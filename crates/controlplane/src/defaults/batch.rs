//! Defaults of the group `batch`.

use goyaml::Value;

use super::{child, empty, items, missing, pod};

const BACKOFF: i64 = 6;

pub(super) fn apply(resource: &str, object: &mut Value) {
    let Some(spec) = super::made(object, "spec") else {
        return;
    };
    match resource {
        "jobs" => job(spec),
        "cronjobs" => {
            empty(spec, &["concurrencyPolicy"], "Allow");
            missing(spec, &["suspend"], false);
            missing(spec, &["successfulJobsHistoryLimit"], 3_i64);
            missing(spec, &["failedJobsHistoryLimit"], 1_i64);
            // The template of a job is completed only in its pods, as upstream does.
            if let Some(pod) = child(spec, "jobTemplate")
                .and_then(|template| child(template, "spec"))
                .and_then(|job| child(job, "template"))
                .and_then(|template| child(template, "spec"))
            {
                pod::spec(pod);
            }
        }
        _ => {}
    }
}

fn job(spec: &mut Value) {
    if let Some(pod) = child(spec, "template").and_then(|template| child(template, "spec")) {
        pod::spec(pod);
    }
    let given = |key: &str| spec.get(key).is_some_and(|value| !value.is_null());
    if !given("completions") && !given("parallelism") {
        spec.set_at(&["completions"], 1_i64);
        spec.set_at(&["parallelism"], 1_i64);
    }
    missing(spec, &["parallelism"], 1_i64);
    let indexed_limit = spec.get("backoffLimitPerIndex").is_some();
    missing(spec, &["backoffLimit"], if indexed_limit { i64::from(i32::MAX) } else { BACKOFF });
    missing(spec, &["completionMode"], "NonIndexed");
    missing(spec, &["suspend"], false);
    missing(spec, &["manualSelector"], false);
    for rule in child(spec, "podFailurePolicy").into_iter().flat_map(|policy| items(policy, "rules")) {
        for condition in items(rule, "onPodConditions") {
            missing(condition, &["status"], "True");
        }
    }
    let has_failure_policy = spec.get("podFailurePolicy").is_some();
    missing(spec, &["podReplacementPolicy"], if has_failure_policy { "Failed" } else { "TerminatingOrFailed" });
}
