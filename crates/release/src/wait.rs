//! Waiting for objects: until they are as they should be, or gone.

use std::time::Duration;

use apply::Cluster;
use goyaml::Value;
use object::{Health, HealthStatus, health};
use tokio::time::Instant;

use crate::ActionError;
use crate::targets::Target;

/// The pauses between two looks: the first one, doubled each time, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// When an object is as it should be.
pub(crate) type Rule = fn(&Value) -> Health;

/// Of hooks: Jobs and Pods have to succeed, all else is there.
pub(crate) fn hook_rule(object: &Value) -> Health {
    let api_version = object.str_at(&["apiVersion"]).unwrap_or_default();
    match (api_version.split('/').next(), object.str_at(&["kind"])) {
        (Some("batch"), Some("Job")) => job(object),
        (Some("v1"), Some("Pod")) => pod(object),
        _ => Health::current("is there"),
    }
}

/// Of objects where Jobs have to end.
pub(crate) fn jobs_too(object: &Value) -> Health {
    match object.str_at(&["kind"]) {
        Some("Job") => hook_rule(object),
        _ => health::status(object),
    }
}

fn job(object: &Value) -> Health {
    let conditions = object.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    let happened = |kind: &str| {
        conditions
            .iter()
            .find(|found| found.str_at(&["type"]) == Some(kind) && found.str_at(&["status"]) == Some("True"))
    };
    if happened("Complete").is_some() {
        return Health::current("Job Completed");
    }
    match happened("Failed") {
        Some(failed) => Health::failed(format!("Job Failed: {}", failed.str_at(&["message"]).unwrap_or_default())),
        None => Health::in_progress("Job in progress"),
    }
}

fn pod(object: &Value) -> Health {
    match object.str_at(&["status", "phase"]) {
        Some("Succeeded") => Health::current("pod succeeded"),
        Some("Failed") => health::status(object),
        _ => Health::in_progress("Pod in progress"),
    }
}

/// Waits until all objects are current; gives up when those that are not have failed, or when time is up.
///
/// # Errors
/// All objects that are not current.
pub(crate) async fn until_ready(
    cluster: &Cluster,
    targets: &[Target],
    rule: Rule,
    timeout: Duration,
) -> Result<(), ActionError> {
    let judge = |live: Option<&Value>| live.map_or_else(|| Health::in_progress("is not there"), rule);
    until(cluster, targets, timeout, &judge).await.map_err(|reasons| ActionError::refused("not ready", reasons))
}

/// Waits until all objects are gone.
///
/// # Errors
/// All objects that are still there when time is up.
pub(crate) async fn until_gone(cluster: &Cluster, targets: &[Target], timeout: Duration) -> Result<(), ActionError> {
    let judge = |live: Option<&Value>| match live {
        None => Health::current("is gone"),
        Some(_) => Health::in_progress("still exists"),
    };
    until(cluster, targets, timeout, &judge).await.map_err(|reasons| ActionError::refused("not gone", reasons))
}

async fn until(
    cluster: &Cluster,
    targets: &[Target],
    timeout: Duration,
    judge: &(dyn Fn(Option<&Value>) -> Health + Sync),
) -> Result<(), Vec<String>> {
    let end = Instant::now() + timeout;
    let mut pause = FIRST_PAUSE;
    let mut open: Vec<&Target> = targets.iter().collect();
    let mut failed: Vec<String> = Vec::new();
    loop {
        let (mut waiting, mut reasons) = (Vec::new(), Vec::new());
        for target in open {
            let health = look(cluster, target, judge).await;
            let told = format!("{}: {}: {}", target.key, health.status, health.message);
            match health.status {
                HealthStatus::Current => {}
                HealthStatus::Failed => failed.push(told),
                _ => {
                    waiting.push(target);
                    reasons.push(told);
                }
            }
        }
        if waiting.is_empty() {
            return if failed.is_empty() { Ok(()) } else { Err(failed) };
        }
        if Instant::now() >= end {
            failed.extend(reasons);
            failed.push(format!("not within {} seconds", timeout.as_secs()));
            return Err(failed);
        }
        tokio::time::sleep(pause.min(end.saturating_duration_since(Instant::now()))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        open = waiting;
    }
}

async fn look(cluster: &Cluster, target: &Target, judge: &(dyn Fn(Option<&Value>) -> Health + Sync)) -> Health {
    match cluster.get(&target.gvk, &target.key.namespace, &target.key.name).await {
        Ok(live) => judge(live.as_ref()),
        Err(error) => Health { status: HealthStatus::Unknown, message: error.cause.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, expect: HealthStatus) {
        let object = goyaml::json::parse(object.as_bytes()).expect("JSON");
        assert_eq!(hook_rule(&object).status, expect);
    }

    #[test]
    fn hooks_have_to_succeed() {
        use HealthStatus::{Current, Failed, InProgress};
        let job = |status: &str| format!(r#"{{"apiVersion":"batch/v1","kind":"Job","status":{status}}}"#);
        check(&job(r#"{"startTime":"2026-01-01T00:00:00Z","active":1}"#), InProgress);
        check(&job(r#"{"conditions":[{"type":"Complete","status":"True"}]}"#), Current);
        check(&job(r#"{"conditions":[{"type":"Failed","status":"True"}]}"#), Failed);
        let pod = |phase: &str| format!(r#"{{"apiVersion":"v1","kind":"Pod","status":{{"phase":"{phase}"}}}}"#);
        check(&pod("Running"), InProgress);
        check(&pod("Succeeded"), Current);
        check(&pod("Failed"), Failed);
        check(r#"{"apiVersion":"v1","kind":"ConfigMap"}"#, Current);
    }
}
