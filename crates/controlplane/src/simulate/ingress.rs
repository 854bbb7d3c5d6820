//! Ingresses: an address, whatever their class.

use goyaml::Value;

use super::Step;
use super::action::Action;
use super::kind::Kind;
use super::service;
use super::world::{World, deleting};

/// What an ingress needs now.
pub(super) fn reconcile(_world: &World<'_>, ingress: &Value) -> Step {
    let mut step = Step::default();
    if !deleting(ingress) {
        step.push(Action::status(Kind::Ingress, ingress, service::balanced(ingress, false)));
    }
    step
}
