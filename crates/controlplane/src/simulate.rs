//! Simulated workloads: what controllers, a scheduler and a kubelet would write, without a container.
//!
//! One task watches the kinds below and reconciles one object at a time. A reconciler is a pure function from the
//! state of the store ([`World`]) to [`Action`]s, one file a kind; nothing is polled, and what waits for a time says
//! until when. Everything simulated can be told apart: pods run on the node [`NODE`] and carry [`MARK`].
//!
//! Missing references are not glossed over: a pod whose `ConfigMap`, Secret, claim or `ServiceAccount` is not there does not
//! become ready, for the reason that a kubelet or the API server would give. Faults can be asked for with the
//! annotation [`FAULT`] on a pod template. Node selectors, taints and resource requests are not weighed: the one node
//! takes every pod.

mod action;
mod budget;
mod claim;
mod conditions;
mod daemonset;
mod deployment;
mod feed;
mod ingress;
mod job;
mod kind;
mod node;
mod pod;
mod pods;
mod queue;
mod replicaset;
mod revision;
mod route;
mod service;
mod statefulset;
mod template;
mod volume;
mod world;

use std::sync::{Arc, Weak};

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::plane::ControlPlane;
use action::Action;
use feed::Feed;
use kind::Kind;
use queue::{Key, Queue};
use world::World;

/// The node that every simulated pod runs on.
pub(crate) const NODE: &str = "setpoint-simulated";
/// The annotation of simulated pods and volumes.
pub(crate) const MARK: &str = "setpoint.dev/simulated";
/// The annotation that asks for a fault: `never-ready` or `image-pull-error`.
pub(crate) const FAULT: &str = "setpoint.dev/simulate";

/// How long after a failed write an object is looked at again, in seconds.
const RETRY_SECONDS: i64 = 1;

/// Where the time comes from.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What to do, and when to look again even if nothing happens.
#[derive(Debug, Default)]
struct Step {
    actions: Vec<Action>,
    again: Option<Timestamp>,
}

impl Step {
    fn push(&mut self, action: impl Into<Option<Action>>) {
        self.actions.extend(action.into());
    }

    /// Looks again at this time, or earlier if that was said before.
    fn again_at(&mut self, time: Option<Timestamp>) {
        self.again = match (self.again, time) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Starts the simulators; they end with the plane.
pub(crate) fn start(plane: &Arc<ControlPlane>, runtime: &Handle, clock: Clock) {
    let feed = Feed::new(plane.store());
    runtime.spawn(run(Arc::downgrade(plane), plane.shutdown_signal(), feed, clock));
}

async fn run(plane: Weak<ControlPlane>, mut down: watch::Receiver<bool>, mut feed: Feed, clock: Clock) {
    let mut queue = Queue::default();
    queue.add(Key::new(Kind::Node, "", NODE));
    loop {
        let Some(plane) = plane.upgrade() else {
            return;
        };
        for change in feed.pull(plane.store()) {
            route::changed(&World::new(plane.store(), clock()), &change, &mut queue);
        }
        let next = queue.next(clock());
        if let Some(key) = next {
            work(&plane, &clock, &key, &mut queue).await;
            continue;
        }
        let wait = queue.wait(clock());
        drop(plane);
        tokio::select! {
            () = feed.changed() => {}
            ended = down.wait_for(|down| *down) => { drop(ended); return }
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn work(plane: &Arc<ControlPlane>, clock: &Clock, key: &Key, queue: &mut Queue) {
    let step = reconcile(&World::new(plane.store(), clock()), key);
    if let Some(again) = step.again {
        queue.add_at(key.clone(), again);
    }
    for action in step.actions {
        if let Err(error) = action.perform(plane).await {
            tracing::debug!(kind = ?key.kind, namespace = %key.namespace, name = %key.name, reason = %error.reason,
                message = %error.message, "a simulated change was refused; it is tried again");
            let later = clock().saturating_add(jiff::SignedDuration::from_secs(RETRY_SECONDS));
            queue.add_at(key.clone(), later.unwrap_or(Timestamp::MAX));
            return;
        }
    }
}

/// What one object needs now.
fn reconcile(world: &World<'_>, key: &Key) -> Step {
    let found = world.get(key.kind, &key.namespace, &key.name);
    let Some(object) = found else {
        return if key.kind == Kind::Node { node::make(world) } else { Step::default() };
    };
    match key.kind {
        Kind::Pod => pod::reconcile(world, &object),
        Kind::ReplicaSet => replicaset::reconcile(world, &object),
        Kind::Deployment => deployment::reconcile(world, &object),
        Kind::StatefulSet => statefulset::reconcile(world, &object),
        Kind::DaemonSet => daemonset::reconcile(world, &object),
        Kind::Job => job::reconcile(world, &object),
        Kind::Claim => claim::reconcile(world, &object),
        Kind::Volume => volume::reconcile(world, &object),
        Kind::Service => service::reconcile(world, &object),
        Kind::Ingress => ingress::reconcile(world, &object),
        Kind::Budget => budget::reconcile(world, &object),
        _ => Step::default(),
    }
}

#[cfg(test)]
mod tests;
