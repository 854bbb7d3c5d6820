//! `StatefulSets`: numbered pods with claims of their own, made and replaced in order.

use goyaml::{Map, Value};

use super::action::Action;
use super::kind::Kind;
use super::pods::{self, Count};
use super::world::{World, at, count, deleting, label, list, number, text};
use super::{Step, revision, template};
use crate::system;

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// What a `StatefulSet` needs now.
pub(super) fn reconcile(world: &World<'_>, set: &Value) -> Step {
    let mut step = Step::default();
    let (update, _) = revision::current(world, Kind::StatefulSet, set, &mut step);
    let mut all = world.controlled(Kind::Pod, set);
    all.sort_by_key(ordinal);
    if !deleting(set) {
        if let Some(message) = refusal(world, set, &all) {
            step.push(Action::event(world, Kind::StatefulSet, set, ("Warning", "FailedCreate"), &message));
        } else {
            advance(world, set, &all, &update, &mut step);
        }
    }
    let (status, again) = status(world, set, &all, &update);
    step.again_at(again);
    step.push(Action::status(Kind::StatefulSet, set, status));
    step
}

fn ordinal(pod: &Value) -> i64 {
    let name = text(pod, "metadata.name");
    name.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(-1)
}

fn refusal(world: &World<'_>, set: &Value, all: &[Value]) -> Option<String> {
    let missing = count(all.len()) < number(set, "spec.replicas");
    let (namespace, name) = (text(set, "metadata.namespace"), text(set, "metadata.name"));
    let message =
        template::refusal(world, namespace, &format!("{name}-0"), at(set, "spec.template")?).filter(|_| missing)?;
    Some(format!("create Pod {name}-0 in StatefulSet {name} failed error: {message}"))
}

/// One step towards the wish.
fn advance(world: &World<'_>, set: &Value, all: &[Value], update: &str, step: &mut Step) {
    let start = number(set, "spec.ordinals.start");
    let wanted = start..start + number(set, "spec.replicas");
    let parallel = text(set, "spec.podManagementPolicy") == "Parallel";
    for index in wanted.clone() {
        let found = all.iter().find(|pod| ordinal(pod) == index);
        match found {
            None => make(world, set, index, update, step),
            Some(pod) if matches!(text(pod, "status.phase"), "Succeeded" | "Failed") => {
                step.push(Action::delete(Kind::Pod, pod));
            }
            Some(pod) if pods::ready(pod) && !deleting(pod) => continue,
            Some(pod) if label(pod, revision::LABEL) != update && !parallel => {
                // A broken pod of an old template is not waited for.
                replace(set, pod, step);
                return;
            }
            Some(_) => {}
        }
        if !parallel {
            return;
        }
    }
    let mut surplus = all.iter().rev().filter(|pod| !wanted.contains(&ordinal(pod)));
    if let Some(pod) = surplus.next() {
        step.push(Action::delete(Kind::Pod, pod));
        if parallel {
            step.actions.extend(surplus.map(|pod| Action::delete(Kind::Pod, pod)));
        }
        return;
    }
    let outdated = |pod: &&Value| label(pod, revision::LABEL) != update;
    if all.iter().all(pods::ready)
        && let Some(pod) = all.iter().rev().find(outdated)
    {
        replace(set, pod, step);
    }
}

/// Deletes an outdated pod unless the strategy keeps it.
fn replace(set: &Value, pod: &Value, step: &mut Step) {
    let partition = number(set, "spec.updateStrategy.rollingUpdate.partition");
    if text(set, "spec.updateStrategy.type") != "OnDelete" && ordinal(pod) >= partition {
        step.push(Action::delete(Kind::Pod, pod));
    }
}

fn make(world: &World<'_>, set: &Value, index: i64, update: &str, step: &mut Step) {
    let (namespace, name) = (text(set, "metadata.namespace"), text(set, "metadata.name"));
    let pod_name = format!("{name}-{index}");
    let mut pod = template::pod(Kind::StatefulSet, set, at(set, "spec.template").unwrap_or(&Value::NULL), &pod_name);
    for (key, value) in [(POD_NAME, pod_name.as_str()), (POD_INDEX, &index.to_string()), (revision::LABEL, update)] {
        pod.set_at(&["metadata", "labels", key], value);
    }
    pod.set_at(&["spec", "hostname"], pod_name.as_str());
    if !text(set, "spec.serviceName").is_empty() {
        pod.set_at(&["spec", "subdomain"], text(set, "spec.serviceName"));
    }
    let templates = list(set, "spec.volumeClaimTemplates");
    let mut volumes: Vec<Value> = Vec::new();
    for claim in templates {
        let volume = text(claim, "metadata.name");
        let claim_name = format!("{volume}-{pod_name}");
        let mut entry: Value = [("name", volume)].into_iter().collect();
        entry.set_at(&["persistentVolumeClaim", "claimName"], claim_name.as_str());
        volumes.push(entry);
        if !world.has(Kind::Claim, namespace, &claim_name) {
            step.push(Action::Create(Kind::Claim, claim_object(set, claim, &claim_name)));
        }
    }
    let replaced = |volume: &&Value| templates.iter().any(|claim| text(claim, "metadata.name") == text(volume, "name"));
    volumes.extend(list(&pod, "spec.volumes").iter().filter(|volume| !replaced(volume)).cloned());
    if !volumes.is_empty() {
        pod.set_at(&["spec", "volumes"], volumes);
    }
    step.push(Action::Create(Kind::Pod, pod));
}

fn claim_object(set: &Value, template: &Value, name: &str) -> Value {
    let mut claim = system::object("v1", "PersistentVolumeClaim", text(set, "metadata.namespace"), name);
    for key in ["labels", "annotations"] {
        if let Some(found) = template.at(&["metadata", key]) {
            claim.set_at(&["metadata", key], found.clone());
        }
    }
    for (key, value) in at(set, "spec.selector.matchLabels").and_then(Value::as_map).into_iter().flat_map(Map::iter) {
        claim.set_at(&["metadata", "labels", key], value.clone());
    }
    claim.set_at(&["spec"], template.get("spec").cloned().unwrap_or_default());
    claim
}

fn status(world: &World<'_>, set: &Value, all: &[Value], update: &str) -> (Value, Option<jiff::Timestamp>) {
    let current = Some(text(set, "status.currentRevision")).filter(|name| !name.is_empty()).unwrap_or(update);
    let of = |name: &str| count(all.iter().filter(|pod| label(pod, revision::LABEL) == name).count());
    let counted = Count::of(world, all.iter(), number(set, "spec.minReadySeconds"));
    let updated = of(update);
    let done = updated == number(set, "spec.replicas") && counted.ready == updated && count(all.len()) == updated;
    let current = if done { update } else { current };
    let mut status: Map = [("observedGeneration", number(set, "metadata.generation"))].into_iter().collect();
    status.insert("replicas", count(all.len()));
    for (key, value) in
        [("readyReplicas", counted.ready), ("currentReplicas", of(current)), ("updatedReplicas", updated)]
    {
        if value > 0 {
            status.insert(key, value);
        }
    }
    status.insert("currentRevision", current);
    status.insert("updateRevision", update);
    status.insert("collisionCount", number(set, "status.collisionCount"));
    status.insert("availableReplicas", counted.available);
    (status.into(), counted.next)
}
