//! `PodDisruptionBudget`: its controller has counted the pods.

use goyaml::Value;

use super::{Health, generic, number};

pub(super) fn health(object: &Value) -> Health {
    match number(object, &["status", "observedGeneration"]) {
        Some(_) => generic::current(),
        None => Health::in_progress("its controller has not counted the pods yet"),
    }
}
