//! The status of a Deployment: counts, and whether it is available and gets on.

use goyaml::{Map, Value};
use jiff::{SignedDuration, Timestamp};

use super::Rollout;
use crate::simulate::conditions::{self, Said};
use crate::simulate::world::{World, at, list, number, text};

/// The status, and when it changes without another event.
pub(super) fn of(world: &World<'_>, rollout: &Rollout<'_>) -> (Value, Option<Timestamp>) {
    let deployment = rollout.deployment;
    let new = rollout.new.as_ref();
    let (replicas, available) = (rollout.sum("status.replicas"), rollout.sum("status.availableReplicas"));
    let updated = new.map_or(0, |set| number(set, "status.replicas"));
    let counts = [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", rollout.sum("status.readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (replicas.max(rollout.wanted) - available).max(0)),
        ("collisionCount", number(deployment, "status.collisionCount")),
    ];
    let mut status: Map = [("observedGeneration", number(deployment, "metadata.generation"))].into_iter().collect();
    for (key, value) in counts.into_iter().filter(|(_, value)| *value > 0) {
        status.insert(key, value);
    }
    status.insert("terminatingReplicas", 0_i64);
    let status: Value = status.into();
    let mut list = Conditions { world, deployment, list: list(deployment, "status.conditions").to_vec() };
    let enough = available >= rollout.wanted - rollout.unavailable;
    list.set("Available", if enough { AVAILABLE } else { UNAVAILABLE }, false);
    let again = progress(rollout, &status, &mut list);
    list.copy_failure(rollout);
    let mut status = status;
    if !list.list.is_empty() {
        status.set_at(&["conditions"], list.list);
    }
    (status, again)
}

const AVAILABLE: Said<'_> = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
const UNAVAILABLE: Said<'_> = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.");

struct Conditions<'a> {
    world: &'a World<'a>,
    deployment: &'a Value,
    list: Vec<Value>,
}

impl Conditions<'_> {
    /// Sets a condition. Its time of update moves when it says something else, or when told.
    fn set(&mut self, kind: &str, said: Said<'_>, moved: bool) {
        let before = conditions::find(self.deployment, kind);
        let same = before.is_some_and(|before| text(before, "status") == said.0 && text(before, "reason") == said.1);
        if same && !moved {
            return;
        }
        let now = self.world.time();
        let mut made = conditions::condition(self.deployment, kind, said, &now);
        made.set_at(&["lastUpdateTime"], now);
        self.list.retain(|one| text(one, "type") != kind);
        self.list.push(made);
    }

    /// A `ReplicaSet` that cannot make pods is told here too.
    fn copy_failure(&mut self, rollout: &Rollout<'_>) {
        let failing =
            rollout.new.iter().chain(rollout.old.iter().rev()).find_map(|set| conditions::find(set, "ReplicaFailure"));
        match failing {
            Some(failure) => {
                let said = (text(failure, "status"), text(failure, "reason"), text(failure, "message"));
                self.set("ReplicaFailure", said, false);
            }
            None => self.list.retain(|one| text(one, "type") != "ReplicaFailure"),
        }
    }
}

/// Says how the rollout gets on; tells when its deadline ends.
fn progress(rollout: &Rollout<'_>, status: &Value, list: &mut Conditions<'_>) -> Option<Timestamp> {
    let before = conditions::find(rollout.deployment, "Progressing");
    let reason = before.map_or("", |before| text(before, "reason"));
    if rollout.paused() {
        list.set("Progressing", ("Unknown", "DeploymentPaused", "Deployment is paused"), false);
        return None;
    }
    let new = rollout.new.as_ref()?;
    let name = text(new, "metadata.name");
    let wanted = rollout.wanted;
    let complete = ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|key| number(status, key) == wanted);
    if complete {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        let other = before.is_some_and(|before| text(before, "message") != message);
        list.set("Progressing", ("True", "NewReplicaSetAvailable", &message), other);
        return None;
    }
    let moved = advanced(&rollout.deployment.get("status").cloned().unwrap_or_default(), status);
    let fresh = matches!(reason, "" | "DeploymentPaused" | "NewReplicaSetAvailable");
    if moved || fresh {
        let message = format!("ReplicaSet \"{name}\" is progressing.");
        list.set("Progressing", ("True", "ReplicaSetUpdated", &message), true);
    }
    let seconds = at(rollout.deployment, "spec.progressDeadlineSeconds").and_then(Value::as_i64)?;
    let updated: Timestamp = match (moved || fresh, before) {
        (false, Some(before)) => text(before, "lastUpdateTime").parse().ok()?,
        _ => list.world.now,
    };
    let deadline = updated.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    if deadline <= list.world.now {
        let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
        list.set("Progressing", ("False", "ProgressDeadlineExceeded", &message), false);
        return None;
    }
    Some(deadline)
}

/// Whether more pods are new, ready or available than before, or fewer are old.
fn advanced(before: &Value, after: &Value) -> bool {
    let more = |key: &str| number(after, key) > number(before, key);
    let old = |status: &Value| number(status, "replicas") - number(status, "updatedReplicas");
    more("updatedReplicas") || more("readyReplicas") || more("availableReplicas") || old(after) < old(before)
}
