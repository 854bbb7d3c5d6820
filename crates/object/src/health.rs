//! How an object is doing, by the kstatus rules that Flux waits with: one kind a file.
//!
//! The rules that hold for every kind come first (deletion, `observedGeneration`, the conditions `Reconciling` and
//! `Stalled`), then the kind's own, then the condition `Ready`. A kind without any of these is current as soon as
//! it exists. Messages say in words what is missing.

mod crd;
mod daemon_set;
mod deployment;
mod generic;
mod job;
mod namespace;
mod pod;
mod pod_disruption_budget;
mod pvc;
mod replica_set;
mod service;
mod stateful_set;

use std::fmt;

use goyaml::Value;

/// What an object does, in kstatus' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HealthStatus {
    /// As its spec says.
    Current,
    /// On the way there.
    InProgress,
    /// Will not get there by itself.
    Failed,
    /// Being deleted.
    Terminating,
    /// Cannot be told.
    Unknown,
}

/// What an object does and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The status.
    pub status: HealthStatus,
    /// Why, for people.
    pub message: String,
}

/// A kind's own rule.
type Rule = fn(&Value) -> Health;

/// The kinds with rules of their own.
const RULES: &[(&str, &str, Rule)] = &[
    ("", "Namespace", namespace::health),
    ("", "PersistentVolumeClaim", pvc::health),
    ("", "Pod", pod::health),
    ("", "ReplicationController", replica_set::health),
    ("", "Service", service::health),
    ("apiextensions.k8s.io", "CustomResourceDefinition", crd::health),
    ("apps", "DaemonSet", daemon_set::health),
    ("apps", "Deployment", deployment::health),
    ("apps", "ReplicaSet", replica_set::health),
    ("apps", "StatefulSet", stateful_set::health),
    ("batch", "Job", job::health),
    ("policy", "PodDisruptionBudget", pod_disruption_budget::health),
];

/// How an object is doing.
pub fn status(object: &Value) -> Health {
    if let Some(health) = generic::before(object) {
        return health;
    }
    let gvk = crate::Gvk::from_api_version(
        object.str_at(&["apiVersion"]).unwrap_or(""),
        object.str_at(&["kind"]).unwrap_or(""),
    );
    let rule = RULES.iter().find(|(group, kind, _)| *group == gvk.group && *kind == gvk.kind);
    match rule {
        Some((_, _, rule)) => rule(object),
        None => generic::ready(object),
    }
}

/// The message of a Pod that is in the way of its owner, `None` for one that runs or has succeeded.
pub fn pod_trouble(pod: &Value) -> Option<String> {
    pod::trouble(pod)
}

impl HealthStatus {
    /// The name kstatus uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Health {
    /// Current, for this reason.
    pub fn current(message: impl Into<String>) -> Self {
        Self { status: HealthStatus::Current, message: message.into() }
    }

    /// On the way, for this reason.
    pub fn in_progress(message: impl Into<String>) -> Self {
        Self { status: HealthStatus::InProgress, message: message.into() }
    }

    /// Failed, for this reason.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { status: HealthStatus::Failed, message: message.into() }
    }

    /// Whether the object is as it should be.
    pub fn is_current(&self) -> bool {
        self.status == HealthStatus::Current
    }
}

/// A condition of `status.conditions`.
struct Condition<'a> {
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Condition<'_> {
    fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// The message, or the reason where there is none.
    fn text(&self) -> &str {
        if self.message.is_empty() { self.reason } else { self.message }
    }
}

fn conditions(object: &Value) -> impl Iterator<Item = Condition<'_>> {
    let list = object.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    list.iter().map(|item| Condition {
        kind: item.str_at(&["type"]).unwrap_or(""),
        status: item.str_at(&["status"]).unwrap_or(""),
        reason: item.str_at(&["reason"]).unwrap_or(""),
        message: item.str_at(&["message"]).unwrap_or(""),
    })
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<Condition<'a>> {
    conditions(object).find(|condition| condition.kind == kind)
}

fn number(object: &Value, path: &[&str]) -> Option<i64> {
    object.at(path).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests;
