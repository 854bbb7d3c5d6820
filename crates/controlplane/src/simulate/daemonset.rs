//! `DaemonSets`: one pod on the one node.

use goyaml::{Map, Value};

use super::action::Action;
use super::kind::Kind;
use super::pods::{self, Count};
use super::world::{World, at, count, deleting, label, number, text};
use super::{NODE, Step, revision, template};

const GENERATION: &str = "pod-template-generation";
const DEPRECATED_GENERATION: &str = "deprecated.daemonset.template.generation";

/// What a `DaemonSet` needs now.
pub(super) fn reconcile(world: &World<'_>, set: &Value) -> Step {
    let mut step = Step::default();
    let (_, hash) = revision::current(world, Kind::DaemonSet, set, &mut step);
    let mut all = world.controlled(Kind::Pod, set);
    all.retain(pods::active);
    let current = |pod: &&Value| label(pod, revision::LABEL) == hash;
    if !deleting(set) {
        let base = format!("{}-", text(set, "metadata.name"));
        let template = at(set, "spec.template").cloned().unwrap_or_default();
        let refusal =
            template::refusal(world, text(set, "metadata.namespace"), &base, &template).filter(|_| all.is_empty());
        match (all.first(), refusal) {
            (None, Some(message)) => {
                let message = format!("Error creating: {message}");
                step.push(Action::event(world, Kind::DaemonSet, set, ("Warning", "FailedCreate"), &message));
            }
            (None, None) => step.push(make(world, set, &template, &hash)),
            (Some(pod), _) if !current(&pod) && text(set, "spec.updateStrategy.type") != "OnDelete" => {
                step.push(Action::delete(Kind::Pod, pod));
            }
            _ => {}
        }
        step.actions.extend(all.iter().skip(1).map(|pod| Action::delete(Kind::Pod, pod)));
    }
    let counted = Count::of(world, all.iter(), number(set, "spec.minReadySeconds"));
    step.again_at(counted.next);
    let updated = count(all.iter().filter(current).count());
    step.push(Action::status(Kind::DaemonSet, set, status(set, &all, counted, updated)));
    step
}

fn make(world: &World<'_>, set: &Value, template: &Value, hash: &str) -> Action {
    let mut pod = template::generated(world, Kind::DaemonSet, set, template, 0);
    pod.set_at(&["metadata", "labels", revision::LABEL], hash);
    let generation = set.str_at(&["metadata", "annotations", DEPRECATED_GENERATION]).unwrap_or("1");
    pod.set_at(&["metadata", "labels", GENERATION], generation);
    pod.set_at(&["spec", "nodeName"], NODE);
    Action::Create(Kind::Pod, pod)
}

fn status(set: &Value, all: &[Value], counted: Count, updated: i64) -> Value {
    let mut status: Map = [("currentNumberScheduled", count(all.len().min(1)))].into_iter().collect();
    status.insert("numberMisscheduled", 0_i64);
    status.insert("desiredNumberScheduled", 1_i64);
    status.insert("numberReady", counted.ready);
    status.insert("observedGeneration", number(set, "metadata.generation"));
    let rest = [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", counted.available),
        ("numberUnavailable", 1 - counted.available),
    ];
    for (key, value) in rest.into_iter().filter(|(_, value)| *value > 0) {
        status.insert(key, value);
    }
    status.into()
}
