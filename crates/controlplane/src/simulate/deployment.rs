//! Deployments: one `ReplicaSet` per template, moved from the old to the new one step by step.

mod history;
mod rollout;
mod status;

use goyaml::Value;

use super::Step;
use super::action::Action;
use super::kind::Kind;
use super::template;
use super::world::{World, at, deleting, flag, number, text};
use crate::system;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";
pub(super) const HASH_LABEL: &str = "pod-template-hash";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A Deployment with its `ReplicaSets`.
#[derive(Debug)]
struct Rollout<'a> {
    deployment: &'a Value,
    /// The `ReplicaSet` of the present template.
    new: Option<Value>,
    /// The others, oldest first.
    old: Vec<Value>,
    wanted: i64,
    surge: i64,
    unavailable: i64,
}

impl<'a> Rollout<'a> {
    fn of(world: &World<'_>, deployment: &'a Value) -> Self {
        let mut sets = world.controlled(Kind::ReplicaSet, deployment);
        sets.sort_by_key(|set| (history::revision(set), text(set, "metadata.creationTimestamp").to_owned()));
        let template = at(deployment, "spec.template").cloned().unwrap_or_default();
        let position = sets.iter().position(|set| same_template(set, &template));
        let new = position.map(|position| sets.remove(position));
        let wanted = number(deployment, "spec.replicas");
        let rolling = text(deployment, "spec.strategy.type") == "RollingUpdate";
        let part = |name: &str| at(deployment, &format!("spec.strategy.rollingUpdate.{name}"));
        let (surge, unavailable) = if rolling {
            let (surge, unavailable) =
                (share(part("maxSurge"), wanted, true), share(part("maxUnavailable"), wanted, false));
            (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable.min(wanted) })
        } else {
            (0, wanted)
        };
        Self { deployment, new, old: sets, wanted, surge, unavailable }
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.new.iter().chain(&self.old)
    }

    fn paused(&self) -> bool {
        flag(self.deployment, "spec.paused")
    }

    /// The sum of a field of all `ReplicaSets`.
    fn sum(&self, path: &str) -> i64 {
        self.all().map(|set| number(set, path)).sum()
    }
}

/// What a Deployment needs now.
pub(super) fn reconcile(world: &World<'_>, deployment: &Value) -> Step {
    let mut step = Step::default();
    let rollout = Rollout::of(world, deployment);
    if !deleting(deployment) {
        if !rollout.paused() {
            history::advance(world, &rollout, &mut step);
        }
        rollout::scale(world, &rollout, &mut step);
        history::clean(&rollout, &mut step);
    }
    let (status, again) = status::of(world, &rollout);
    step.push(Action::status(Kind::Deployment, deployment, status));
    step.again_at(again);
    step
}

/// A number, or a percentage of the wish, rounded up or down.
fn share(value: Option<&Value>, wanted: i64, up: bool) -> i64 {
    let Some(value) = value else {
        return 0;
    };
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    match percent {
        Some(percent) => percent.saturating_mul(wanted).saturating_add(if up { 99 } else { 0 }) / 100,
        None => value.as_i64().unwrap_or(0),
    }
    .max(0)
}

fn same_template(set: &Value, template: &Value) -> bool {
    let mut of_set = at(set, "spec.template").cloned().unwrap_or_default();
    of_set.remove_at(&["metadata", "labels", HASH_LABEL]);
    let mut template = template.clone();
    template.remove_at(&["metadata", "labels", HASH_LABEL]);
    [&mut of_set, &mut template].into_iter().for_each(drop_creation);
    of_set == template
}

/// Templates carry an empty creation time in some encodings.
fn drop_creation(template: &mut Value) {
    if at(template, "metadata.creationTimestamp").is_none() {
        template.remove_at(&["metadata", "creationTimestamp"]);
    }
}

/// The `ReplicaSet` for the present template.
fn new_set(rollout: &Rollout<'_>, revision: i64, replicas: i64) -> Value {
    let deployment = rollout.deployment;
    let template = at(deployment, "spec.template").cloned().unwrap_or_default();
    let hash = template::hash(&template, number(deployment, "status.collisionCount"));
    let name = format!("{}-{hash}", text(deployment, "metadata.name"));
    let mut set = system::object("apps/v1", "ReplicaSet", text(deployment, "metadata.namespace"), &name);
    if let Some(labels) = at(&template, "metadata.labels") {
        set.set_at(&["metadata", "labels"], labels.clone());
    }
    set.set_at(&["metadata", "labels", HASH_LABEL], hash.as_str());
    for (key, value) in copied_annotations(deployment) {
        set.set_at(&["metadata", "annotations", &key], value);
    }
    for (key, value) in [(REVISION, revision), (DESIRED, rollout.wanted), (MAXIMUM, rollout.wanted + rollout.surge)] {
        set.set_at(&["metadata", "annotations", key], value.to_string());
    }
    set.set_at(&["metadata", "ownerReferences"], template::owned_by(Kind::Deployment, deployment));
    set.set_at(&["spec", "replicas"], replicas);
    set.set_at(&["spec", "selector"], at(deployment, "spec.selector").cloned().unwrap_or_default());
    set.set_at(&["spec", "selector", "matchLabels", HASH_LABEL], hash.as_str());
    set.set_at(&["spec", "template"], template);
    set.set_at(&["spec", "template", "metadata", "labels", HASH_LABEL], hash);
    if let Some(seconds) = at(deployment, "spec.minReadySeconds") {
        set.set_at(&["spec", "minReadySeconds"], seconds.clone());
    }
    set
}

/// The annotations that a Deployment hands to its `ReplicaSets`.
fn copied_annotations(deployment: &Value) -> Vec<(String, Value)> {
    let all = at(deployment, "metadata.annotations").and_then(Value::as_map);
    let kept = |key: &str| key != LAST_APPLIED && !key.starts_with("deployment.kubernetes.io/");
    all.into_iter()
        .flat_map(goyaml::Map::iter)
        .filter(|(key, _)| kept(key))
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}
