//! Namespace: active, as objects cannot be created in one that is going.

use goyaml::Value;

use super::{Health, HealthStatus, generic};

pub(super) fn health(object: &Value) -> Health {
    if object.str_at(&["status", "phase"]) == Some("Terminating") {
        return Health { status: HealthStatus::Terminating, message: "is being deleted".into() };
    }
    generic::current()
}
