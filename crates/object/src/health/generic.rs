//! The rules that hold for every kind.

use goyaml::Value;

use super::{Health, HealthStatus, condition, conditions, number};

/// Deletion, generation, `Reconciling` and `Stalled`: what decides before the kind's own rule.
pub(super) fn before(object: &Value) -> Option<Health> {
    if object.at(&["metadata", "deletionTimestamp"]).is_some_and(|time| !time.is_null()) {
        return Some(terminating(object));
    }
    let generation = number(object, &["metadata", "generation"]);
    let observed = number(object, &["status", "observedGeneration"]);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        return Some(Health::in_progress(format!(
            "its controller has seen generation {observed}, the newest is {generation}"
        )));
    }
    conditions(object).find_map(|condition| match condition.kind {
        "Reconciling" if condition.is_true() => Some(Health::in_progress(condition.text())),
        "Stalled" if condition.is_true() => Some(Health::failed(condition.text())),
        _ => None,
    })
}

fn terminating(object: &Value) -> Health {
    let finalizers: Vec<&str> = object
        .at(&["metadata", "finalizers"])
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let message = if finalizers.is_empty() {
        "is being deleted".to_owned()
    } else {
        format!("is being deleted, held by {}", finalizers.join(", "))
    };
    Health { status: HealthStatus::Terminating, message }
}

/// The condition `Ready`, for kinds without a rule of their own.
pub(super) fn ready(object: &Value) -> Health {
    match condition(object, "Ready") {
        Some(ready) if ready.is_true() => Health::current("is ready"),
        Some(ready) => {
            let text = ready.text();
            Health::in_progress(if text.is_empty() { "is not ready yet" } else { text })
        }
        None => current(),
    }
}

/// The verdict for an object that has nothing to wait for.
pub(super) fn current() -> Health {
    Health::current("exists")
}
