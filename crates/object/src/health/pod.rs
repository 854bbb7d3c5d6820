//! Pod: ready, or succeeded.

use goyaml::Value;

use super::{Health, condition};

/// Reasons of a waiting container that do not go away by waiting a moment.
const STUCK: [&str; 8] = [
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
];

pub(super) fn health(object: &Value) -> Health {
    match object.str_at(&["status", "phase"]).unwrap_or("Unknown") {
        "Succeeded" => Health::current("has succeeded"),
        "Failed" => Health::failed(failure(object)),
        "Running" => running(object),
        "Pending" => pending(object),
        phase => Health::in_progress(format!("is in phase {phase}")),
    }
}

/// What keeps a Pod from running, in words.
pub(super) fn trouble(pod: &Value) -> Option<String> {
    let health = super::status(pod);
    if health.is_current() || health.status == super::HealthStatus::Terminating {
        return None;
    }
    Some(health.message)
}

fn running(object: &Value) -> Health {
    if condition(object, "Ready").is_some_and(|ready| ready.is_true()) {
        return Health::current("is ready");
    }
    match waiting(object) {
        Some((name, "CrashLoopBackOff", _)) => {
            Health::failed(format!("container {name} crashes again and again: {}", last_exit(object, name)))
        }
        Some((name, reason, message)) => Health::in_progress(explain(name, reason, message)),
        None => Health::in_progress("runs, but is not ready"),
    }
}

fn pending(object: &Value) -> Health {
    let scheduled = condition(object, "PodScheduled");
    if let Some(refused) = scheduled.filter(|scheduled| scheduled.status == "False") {
        return Health::in_progress(format!("has no node: {}", refused.text()));
    }
    match waiting(object) {
        Some((name, reason, message)) if STUCK.contains(&reason) => Health::in_progress(explain(name, reason, message)),
        _ => Health::in_progress("is being started"),
    }
}

fn explain(name: &str, reason: &str, message: &str) -> String {
    let colon = if message.is_empty() { "" } else { ": " };
    format!("container {name} waits, {reason}{colon}{message}")
}

fn failure(object: &Value) -> String {
    let text = |name| object.str_at(&["status", name]).unwrap_or("");
    let (reason, message) = (text("reason"), text("message"));
    match (reason, message) {
        ("", "") => containers(object)
            .find_map(|container| {
                let exit = container.at(&["state", "terminated", "exitCode"]).and_then(Value::as_i64)?;
                let name = container.str_at(&["name"])?;
                (exit != 0).then(|| format!("has failed: container {name} ended with exit code {exit}"))
            })
            .unwrap_or_else(|| "has failed".into()),
        ("", text) | (text, "") => format!("has failed: {text}"),
        (reason, message) => format!("has failed: {reason}: {message}"),
    }
}

fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .flat_map(|name| object.at(&["status", name]).and_then(Value::as_list).unwrap_or_default())
}

/// The first waiting container: name, reason, message.
fn waiting(object: &Value) -> Option<(&str, &str, &str)> {
    containers(object).find_map(|container| {
        let state = container.at(&["state", "waiting"])?;
        let reason = state.str_at(&["reason"]).unwrap_or("");
        Some((container.str_at(&["name"])?, reason, state.str_at(&["message"]).unwrap_or("")))
    })
}

fn last_exit(object: &Value, name: &str) -> String {
    let last = containers(object)
        .find(|container| container.str_at(&["name"]) == Some(name))
        .and_then(|container| container.at(&["lastState", "terminated"]));
    let code = last.and_then(|last| last.get("exitCode")).and_then(Value::as_i64);
    let reason = last.and_then(|last| last.str_at(&["reason"])).unwrap_or("");
    match code {
        Some(code) => format!("exit code {code} {reason}").trim_end().to_owned(),
        None => "see its logs".into(),
    }
}
