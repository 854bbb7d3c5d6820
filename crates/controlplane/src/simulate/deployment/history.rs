//! Revisions: every template gets a number, and old ones are forgotten.

use goyaml::Value;

use super::{REVISION, Rollout, new_set};
use crate::simulate::Step;
use crate::simulate::action::Action;
use crate::simulate::kind::Kind;
use crate::simulate::world::{World, annotation, deleting, number, text};

const DEFAULT_LIMIT: i64 = 10;

/// The revision of a `ReplicaSet` or Deployment.
pub(super) fn revision(object: &Value) -> i64 {
    annotation(object, REVISION).parse().unwrap_or(0)
}

/// Makes the new `ReplicaSet`, or gives the one that is used again the newest number.
pub(super) fn advance(world: &World<'_>, rollout: &Rollout<'_>, step: &mut Step) {
    let next = rollout.old.iter().map(revision).max().unwrap_or(0) + 1;
    let current = match &rollout.new {
        None => {
            create(world, rollout, next, step);
            next
        }
        Some(set) if revision(set) < next => {
            step.push(Action::edit(Kind::ReplicaSet, set, move |set| {
                set.set_at(&["metadata", "annotations", REVISION], next.to_string());
            }));
            next
        }
        Some(set) => revision(set),
    };
    if revision(rollout.deployment) != current {
        step.push(Action::edit(Kind::Deployment, rollout.deployment, move |deployment| {
            deployment.set_at(&["metadata", "annotations", REVISION], current.to_string());
        }));
    }
}

fn create(world: &World<'_>, rollout: &Rollout<'_>, revision: i64, step: &mut Step) {
    let recreate = text(rollout.deployment, "spec.strategy.type") == "Recreate";
    let running = rollout.sum("spec.replicas");
    let room = (rollout.wanted + rollout.surge - running).clamp(0, rollout.wanted);
    let replicas = if recreate && rollout.sum("status.replicas") > 0 { 0 } else { room };
    let set = new_set(rollout, revision, replicas);
    let name = text(&set, "metadata.name").to_owned();
    if world.has(Kind::ReplicaSet, text(rollout.deployment, "metadata.namespace"), &name) {
        // Another template has this name: the next attempt uses another number.
        let collisions = number(rollout.deployment, "status.collisionCount") + 1;
        let mut status = rollout.deployment.get("status").cloned().unwrap_or_else(Value::empty_map);
        status.set_at(&["collisionCount"], collisions);
        step.push(Action::status(Kind::Deployment, rollout.deployment, status));
        return;
    }
    let message = format!("Scaled up replica set {name} from 0 to {replicas}");
    if replicas > 0 {
        step.push(Action::event(
            world,
            Kind::Deployment,
            rollout.deployment,
            ("Normal", "ScalingReplicaSet"),
            &message,
        ));
    }
    step.push(Action::Create(Kind::ReplicaSet, set));
}

/// Deletes empty `ReplicaSets` beyond the limit.
pub(super) fn clean(rollout: &Rollout<'_>, step: &mut Step) {
    let limit =
        rollout.deployment.at(&["spec", "revisionHistoryLimit"]).and_then(Value::as_i64).unwrap_or(DEFAULT_LIMIT);
    let surplus = rollout.old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    let idle =
        |set: &&Value| number(set, "spec.replicas") == 0 && number(set, "status.replicas") == 0 && !deleting(set);
    step.actions.extend(rollout.old.iter().take(surplus).filter(idle).map(|set| Action::delete(Kind::ReplicaSet, set)));
}
