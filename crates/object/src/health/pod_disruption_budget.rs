//! `PodDisruptionBudget`: its controller has counted the pods.

use goyaml::Value;

use super::{Health, number};

pub(super) fn health(object: &Value) -> Option<Health> {
    let seen = number(object, &["status", "observedGeneration"]).is_some();
    (!seen).then(|| Health::in_progress("its controller has not counted the pods yet"))
}
