//! Volumes: available, bound, released.

use goyaml::Value;

use super::Step;
use super::action::{self, Action};
use super::kind::Kind;
use super::world::{World, at, deleting, text};
use crate::defaults::cluster::VOLUME_PROTECTION;

/// What a volume needs now.
pub(super) fn reconcile(world: &World<'_>, volume: &Value) -> Step {
    let mut step = Step::default();
    let claim = world.get(Kind::Claim, text(volume, "spec.claimRef.namespace"), text(volume, "spec.claimRef.name"));
    let uid = text(volume, "spec.claimRef.uid");
    let held = claim.as_ref().is_some_and(|claim| text(claim, "metadata.uid") == uid);
    if deleting(volume) {
        if !held {
            step.push(action::release(Kind::Volume, volume, VOLUME_PROTECTION));
        }
        return step;
    }
    let phase = match (at(volume, "spec.claimRef"), uid) {
        (None, _) | (Some(_), "") => "Available",
        _ if held => "Bound",
        _ if text(volume, "spec.persistentVolumeReclaimPolicy") == "Delete" => {
            step.push(Action::delete(Kind::Volume, volume));
            return step;
        }
        _ => "Released",
    };
    if text(volume, "status.phase") != phase {
        let mut status = Value::empty_map();
        status.set_at(&["phase"], phase);
        status.set_at(&["lastPhaseTransitionTime"], world.time());
        step.push(Action::status(Kind::Volume, volume, status));
    }
    step
}
