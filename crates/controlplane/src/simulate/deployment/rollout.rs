//! How many pods the old and the new `ReplicaSets` may have in this step.

use goyaml::Value;

use super::{DESIRED, MAXIMUM, Rollout};
use crate::simulate::Step;
use crate::simulate::action::Action;
use crate::simulate::kind::Kind;
use crate::simulate::world::{World, annotation, number, text};

/// Scales the `ReplicaSets` one step.
pub(super) fn scale(world: &World<'_>, rollout: &Rollout<'_>, step: &mut Step) {
    if rollout.paused() {
        return scale_paused(world, rollout, step);
    }
    let Some(new) = &rollout.new else {
        return;
    };
    if text(rollout.deployment, "spec.strategy.type") == "Recreate" {
        return recreate(world, rollout, new, step);
    }
    let (current, total) = (number(new, "spec.replicas"), rollout.sum("spec.replicas"));
    let room = rollout.wanted + rollout.surge - total;
    let target = match current {
        // Fewer are wished for, or there is room for more.
        _ if current > rollout.wanted => rollout.wanted,
        _ => rollout.wanted.min(current + room.max(0)),
    };
    set_replicas(world, rollout, new, target, step);
    scale_down_old(world, rollout, new, step);
}

fn scale_down_old(world: &World<'_>, rollout: &Rollout<'_>, new: &Value, step: &mut Step) {
    let available = |set: &Value| number(set, "status.availableReplicas");
    let minimum = rollout.wanted - rollout.unavailable;
    let unready_new = number(new, "spec.replicas") - available(new);
    // What may go: pods beyond the minimum, counting those of the new template that do not serve yet.
    let mut spare = rollout.sum("spec.replicas") - minimum - unready_new;
    for set in &rollout.old {
        let replicas = number(set, "spec.replicas");
        let broken = (replicas - available(set)).clamp(0, spare.max(0));
        spare -= broken;
        let healthy =
            (replicas - broken).min((rollout.sum("status.availableReplicas") - minimum).max(0)).clamp(0, spare.max(0));
        spare -= healthy;
        set_replicas(world, rollout, set, replicas - broken - healthy, step);
        if healthy > 0 {
            return;
        }
    }
}

fn recreate(world: &World<'_>, rollout: &Rollout<'_>, new: &Value, step: &mut Step) {
    for set in &rollout.old {
        set_replicas(world, rollout, set, 0, step);
    }
    let gone = rollout.old.iter().all(|set| number(set, "status.replicas") == 0 && number(set, "spec.replicas") == 0);
    if gone {
        set_replicas(world, rollout, new, rollout.wanted, step);
    }
}

/// A paused Deployment still follows its wish for replicas, with the templates it has.
fn scale_paused(world: &World<'_>, rollout: &Rollout<'_>, step: &mut Step) {
    let mut running = rollout.all().filter(|set| number(set, "spec.replicas") > 0);
    let only = match (running.next(), running.next()) {
        (Some(set), None) => Some(set),
        (None, _) => rollout.new.as_ref().or(rollout.old.last()),
        (Some(_), Some(_)) => None,
    };
    if let Some(set) = only {
        set_replicas(world, rollout, set, rollout.wanted, step);
    }
}

fn set_replicas(world: &World<'_>, rollout: &Rollout<'_>, set: &Value, target: i64, step: &mut Step) {
    let before = number(set, "spec.replicas");
    let (desired, maximum) = (rollout.wanted.to_string(), (rollout.wanted + rollout.surge).to_string());
    let noted = annotation(set, DESIRED) == desired && annotation(set, MAXIMUM) == maximum;
    let target = target.max(0);
    if before == target && (noted || target == 0) {
        return;
    }
    if before != target {
        let direction = if target > before { "up" } else { "down" };
        let message =
            format!("Scaled {direction} replica set {} from {before} to {target}", text(set, "metadata.name"));
        step.push(Action::event(
            world,
            Kind::Deployment,
            rollout.deployment,
            ("Normal", "ScalingReplicaSet"),
            &message,
        ));
    }
    step.push(Action::edit(Kind::ReplicaSet, set, move |set| {
        set.set_at(&["spec", "replicas"], target);
        set.set_at(&["metadata", "annotations", DESIRED], desired.as_str());
        set.set_at(&["metadata", "annotations", MAXIMUM], maximum.as_str());
    }));
}
