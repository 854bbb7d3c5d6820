//! Namespace: active, as objects cannot be created in one that is going.

use goyaml::Value;

use super::{Health, HealthStatus};

pub(super) fn health(object: &Value) -> Option<Health> {
    (object.str_at(&["status", "phase"]) == Some("Terminating"))
        .then(|| Health { status: HealthStatus::Terminating, message: "is being deleted".into() })
}
