//! Which objects a change concerns.

use goyaml::{Map, Value};

use super::feed::Change;
use super::kind::Kind;
use super::queue::{Key, Queue};
use super::template;
use super::world::{World, at, has_labels, list, text};

/// Queues what a change concerns.
pub(super) fn changed(world: &World<'_>, change: &Change, queue: &mut Queue) {
    let object = &change.object.value;
    let namespace = text(object, "metadata.namespace");
    queue.add(Key::new(change.kind, namespace, text(object, "metadata.name")));
    if let Some((kind, name)) = template::owner(object) {
        queue.add(Key::new(kind, namespace, name));
    }
    match change.kind {
        Kind::Pod => pod(world, object, change.previous.as_ref().map(|before| &before.value), queue),
        Kind::Secret | Kind::ConfigMap => waiting_pods(world, namespace, queue),
        Kind::Account => makers(world, Some(namespace), queue),
        Kind::PriorityClass => makers(world, None, queue),
        Kind::Claim => {
            waiting_pods(world, namespace, queue);
            let volume = text(object, "spec.volumeName");
            if !volume.is_empty() {
                queue.add(Key::new(Kind::Volume, "", volume));
            }
        }
        Kind::StorageClass | Kind::Volume => {
            for claim in world.list(Kind::Claim, None).iter().filter(|claim| text(claim, "status.phase") != "Bound") {
                queue.add(Key::new(Kind::Claim, text(claim, "metadata.namespace"), text(claim, "metadata.name")));
            }
        }
        _ => {}
    }
}

/// Budgets and services that select a pod, and claims it waits for.
fn pod(world: &World<'_>, pod: &Value, before: Option<&Value>, queue: &mut Queue) {
    let namespace = text(pod, "metadata.namespace");
    let labels = |pod: &Value| at(pod, "metadata.labels").cloned();
    let all = [labels(pod), before.and_then(labels)];
    for service in world.list(Kind::Service, Some(namespace)) {
        let selector = at(&service, "spec.selector").and_then(Value::as_map);
        if selector.is_some_and(|selector: &Map| all.iter().any(|labels| has_labels(selector, labels.as_ref()))) {
            queue.add(Key::new(Kind::Service, namespace, text(&service, "metadata.name")));
        }
    }
    for budget in world.list(Kind::Budget, Some(namespace)) {
        queue.add(Key::new(Kind::Budget, namespace, text(&budget, "metadata.name")));
    }
    for volume in list(pod, "spec.volumes") {
        let claim = text(volume, "persistentVolumeClaim.claimName");
        if !claim.is_empty() {
            queue.add(Key::new(Kind::Claim, namespace, claim));
        }
    }
}

fn waiting_pods(world: &World<'_>, namespace: &str, queue: &mut Queue) {
    for pod in world.list(Kind::Pod, Some(namespace)).iter().filter(|pod| text(pod, "status.phase") == "Pending") {
        queue.add(Key::new(Kind::Pod, namespace, text(pod, "metadata.name")));
    }
}

/// The objects whose pods may be allowed now.
fn makers(world: &World<'_>, namespace: Option<&str>, queue: &mut Queue) {
    for kind in [Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::Pod] {
        for object in world.list(kind, namespace) {
            queue.add(Key::new(kind, text(&object, "metadata.namespace"), text(&object, "metadata.name")));
        }
    }
}
