//! A pod: bound, started, ended.

mod references;
mod status;

use goyaml::Value;

use super::action::{Action, place};
use super::kind::Kind;
use super::world::{World, at, deleting, list, text};
use super::{MARK, NODE, Step, template};
use status::State;

/// What a pod needs now.
pub(super) fn reconcile(world: &World<'_>, pod: &Value) -> Step {
    let mut step = Step::default();
    let node = text(pod, "spec.nodeName");
    if deleting(pod) {
        step.push(Action::delete(Kind::Pod, pod));
        return step;
    }
    if matches!(text(pod, "status.phase"), "Succeeded" | "Failed") || !matches!(node, "" | NODE) {
        return step;
    }
    let state = state(world, pod);
    if let State::Unscheduled { reason, message } = &state {
        if reason == "Unschedulable" {
            step.push(Action::event(world, Kind::Pod, pod, ("Warning", "FailedScheduling"), message));
        }
    } else if node.is_empty() {
        step.push(bind(pod));
    }
    for (reason, message) in state.warnings() {
        step.push(Action::event(world, Kind::Pod, pod, ("Warning", reason), &message));
    }
    step.push(Action::status(Kind::Pod, pod, status::of(world, pod, &state)));
    step
}

/// Puts the pod on the node.
fn bind(pod: &Value) -> Action {
    let bind = |pod: &mut Value| {
        pod.set_at(&["spec", "nodeName"], NODE);
        pod.set_at(&["metadata", "annotations", MARK], "true");
    };
    Action::Change(Kind::Pod, place(pod), "", Box::new(bind))
}

/// How far a pod comes.
fn state(world: &World<'_>, pod: &Value) -> State {
    let namespace = text(pod, "metadata.namespace");
    if !list(pod, "spec.schedulingGates").is_empty() {
        let message = "Scheduling is blocked due to non-empty scheduling gates".to_owned();
        return State::Unscheduled { reason: "SchedulingGated".into(), message };
    }
    if let Some(message) = template::refusal(world, namespace, text(pod, "metadata.name"), pod) {
        return State::Unscheduled { reason: "Unschedulable".into(), message };
    }
    if let Some(message) = references::claims(world, pod) {
        return State::Unscheduled { reason: "Unschedulable".into(), message };
    }
    if let Some(message) = references::volumes(world, pod) {
        return State::NoVolumes { message };
    }
    let waiting = references::variables(world, pod);
    let fault = at(pod, "metadata.annotations").and_then(|all| all.get(super::FAULT)).and_then(Value::as_str);
    match fault {
        Some("image-pull-error") => State::NoImage,
        _ if !waiting.is_empty() => State::NoConfig { waiting },
        Some("never-ready") => State::Running { ready: false },
        _ if text(pod, "spec.restartPolicy") == "Always" => State::Running { ready: true },
        _ => State::Succeeded,
    }
}
