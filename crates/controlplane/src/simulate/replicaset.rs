//! `ReplicaSets`: as many pods as are wished for.

use goyaml::{Map, Value};

use super::action::Action;
use super::kind::Kind;
use super::pods::{self, Count};
use super::world::{World, at, count, deleting, has_labels, number, text};
use super::{Step, conditions, template};

/// Pods made or removed in one step.
const MAX_BURST: usize = 500;

/// What a `ReplicaSet` needs now.
pub(super) fn reconcile(world: &World<'_>, set: &Value) -> Step {
    let mut step = Step::default();
    let mut all = world.controlled(Kind::Pod, set);
    all.retain(pods::active);
    let wanted = usize::try_from(number(set, "spec.replicas")).unwrap_or(0);
    let base = format!("{}-", text(set, "metadata.name"));
    let refusal = template::refusal(
        world,
        text(set, "metadata.namespace"),
        &base,
        at(set, "spec.template").unwrap_or(&Value::NULL),
    )
    .filter(|_| all.len() < wanted);
    if let Some(message) = &refusal {
        step.push(Action::event(
            world,
            Kind::ReplicaSet,
            set,
            ("Warning", "FailedCreate"),
            &format!("Error creating: {message}"),
        ));
    } else if !deleting(set) {
        scale(world, set, &all, wanted, &mut step);
    }
    let minimum = number(set, "spec.minReadySeconds");
    let counted = Count::of(world, all.iter(), minimum);
    step.again_at(counted.next);
    step.push(Action::status(Kind::ReplicaSet, set, status(world, set, &all, counted, refusal.as_deref())));
    step
}

fn scale(world: &World<'_>, set: &Value, all: &[Value], wanted: usize, step: &mut Step) {
    if all.len() < wanted {
        let template = at(set, "spec.template").cloned().unwrap_or_default();
        for index in 0..(wanted - all.len()).min(MAX_BURST) {
            let pod = template::generated(world, Kind::ReplicaSet, set, &template, index as u64);
            step.push(Action::Create(Kind::Pod, pod));
        }
    }
    if all.len() > wanted {
        let mut order: Vec<_> = all.iter().collect();
        // Those that serve nobody go first, then the youngest.
        order.sort_by_key(|pod| {
            (pods::ready(pod), std::cmp::Reverse(text(pod, "metadata.creationTimestamp").to_owned()))
        });
        step.actions.extend(
            order.into_iter().take((all.len() - wanted).min(MAX_BURST)).map(|pod| Action::delete(Kind::Pod, pod)),
        );
    }
}

fn status(world: &World<'_>, set: &Value, all: &[Value], counted: Count, refusal: Option<&str>) -> Value {
    let labels = at(set, "spec.template.metadata.labels").and_then(Value::as_map).cloned().unwrap_or_default();
    let labelled = all.iter().filter(|pod| has_labels(&labels, at(pod, "metadata.labels"))).count();
    let mut status = Map::new();
    status.insert("replicas", count(all.len()));
    for (key, value) in [
        ("fullyLabeledReplicas", count(labelled)),
        ("readyReplicas", counted.ready),
        ("availableReplicas", counted.available),
    ] {
        if value > 0 {
            status.insert(key, value);
        }
    }
    status.insert("terminatingReplicas", 0_i64);
    status.insert("observedGeneration", number(set, "metadata.generation"));
    if let Some(message) = refusal {
        let said = ("True", "FailedCreate", message);
        status.insert("conditions", vec![conditions::condition(set, "ReplicaFailure", said, &world.time())]);
    }
    status.into()
}
