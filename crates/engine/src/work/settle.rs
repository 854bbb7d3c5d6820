//! Following the health of a delivery by watch. No place of work is taken while it lasts.

use apply::{Observer, Settled, WaitOptions};
use expression::HealthRules;
use kube::ResourceExt;
use object::{Entry, Gvk, HealthStatus, ObjectKey};

use crate::index::{SettleOrder, SettleOutcome};
use crate::world::clusters::Target;
use crate::world::{Event, World};
use crate::{Name, Progress};

/// Objects that a message names before the rest is counted.
const NAMED: usize = 5;

/// Follows the health and tells the loop how it ended.
pub(crate) async fn run(world: World, order: SettleOrder) {
    let started = world.options.clock.elapsed();
    let entries = watched(&order);
    let Target { cluster, observer, .. } = world.target_at(&order.held.destination, &order.object);
    let rules = order.held.rules.clone();
    tell_waiting((&world, &observer), &order.name, (&entries, &rules));
    let options = WaitOptions { timeout: order.timeout, fail_fast: true, explain: true, rules };
    let waited = apply::wait(&cluster, &observer, &entries, &options).await;
    let took = world.options.clock.elapsed().saturating_sub(started);
    let failure = (waited.settled != Settled::Current).then(|| {
        let verb = if waited.settled == Settled::Failed { "failed" } else { "timed out" };
        let unsettled: Vec<_> = waited.unsettled().collect();
        let mut lines: Vec<_> = unsettled.iter().take(NAMED).map(ToString::to_string).collect();
        if unsettled.len() > NAMED {
            lines.push(format!("and {} more", unsettled.len() - NAMED));
        }
        format!("health check {verb} after {}: {}", crate::status::kustomization::rounded(took), lines.join("\n"))
    });
    world.send(Event::Settled(order.name, SettleOutcome { run: order.run, failure, took }));
}

/// The objects that count: all with `wait`, else those of `healthChecks`.
fn watched(order: &SettleOrder) -> Vec<Entry> {
    let spec = &order.object.spec;
    if spec.wait {
        // An object never waits for itself.
        let own = ObjectKey {
            group: "kustomize.toolkit.fluxcd.io".into(),
            kind: "Kustomization".into(),
            namespace: order.name.namespace.to_string(),
            name: order.name.name.to_string(),
        };
        return order.held.objects.iter().map(|object| object.entry.clone()).filter(|entry| entry.key != own).collect();
    }
    let namespace = order.object.namespace().unwrap_or_default();
    let entry = |check: &api::ObjectReference| {
        let gvk = Gvk::from_api_version(check.api_version.as_deref().unwrap_or("v1"), &check.kind);
        let namespaced = object::scope::is_namespaced(&gvk).unwrap_or(check.namespace.is_some());
        let own = check.namespace.clone().unwrap_or_else(|| namespace.clone());
        Entry {
            key: ObjectKey {
                group: gvk.group,
                kind: gvk.kind,
                namespace: if namespaced { own } else { String::new() },
                name: check.name.clone(),
            },
            version: gvk.version,
        }
    };
    spec.health_checks.iter().map(entry).collect()
}

/// Names the objects that are not well yet.
fn tell_waiting((world, observer): (&World, &Observer), name: &Name, (entries, rules): (&[Entry], &HealthRules)) {
    for object in apply::evaluate(observer, entries, rules).objects {
        if !matches!(object.health.status, HealthStatus::Current) {
            world.tell(name, Progress::Waiting { key: object.key, why: object.health.message.into() });
        }
    }
}
