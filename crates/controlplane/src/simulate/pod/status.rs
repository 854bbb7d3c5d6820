//! The status of a pod, as a kubelet writes it.

use goyaml::{Map, Value};

use crate::simulate::conditions::{Said, condition};
use crate::simulate::node;
use crate::simulate::template::fnv;
use crate::simulate::world::{World, at, list, number, text};

/// How far a pod comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No node takes it.
    Unscheduled { reason: String, message: String },
    /// A volume cannot be set up.
    NoVolumes { message: String },
    /// Containers by name that lack something, and what.
    NoConfig { waiting: Vec<(String, String)> },
    /// Its images cannot be had.
    NoImage,
    /// It runs.
    Running { ready: bool },
    /// It has run.
    Succeeded,
}

impl State {
    /// Events that tell why it does not go on.
    pub(super) fn warnings(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoVolumes { message } => vec![("FailedMount", message.clone())],
            Self::NoConfig { waiting } => waiting.iter().map(|(_, why)| ("Failed", format!("Error: {why}"))).collect(),
            Self::NoImage => vec![("Failed", "Error: ImagePullBackOff".into())],
            _ => Vec::new(),
        }
    }

    fn phase(&self) -> &'static str {
        match self {
            Self::Running { .. } => "Running",
            Self::Succeeded => "Succeeded",
            _ => "Pending",
        }
    }

    /// Why a container waits: reason and message.
    fn waits(&self, container: &Value) -> Option<(&'static str, String)> {
        match self {
            Self::NoVolumes { .. } => Some(("ContainerCreating", String::new())),
            Self::NoConfig { waiting } => {
                let found = waiting.iter().find(|(name, _)| name == text(container, "name"));
                found.map(|(_, why)| ("CreateContainerConfigError", why.clone()))
            }
            Self::NoImage => {
                Some(("ImagePullBackOff", format!("Back-off pulling image \"{}\"", text(container, "image"))))
            }
            _ => None,
        }
    }
}

/// The whole status.
pub(super) fn of(world: &World<'_>, pod: &Value, state: &State) -> Value {
    let mut status: Map = Map::new();
    if number(pod, "metadata.generation") > 0 {
        status.insert("observedGeneration", number(pod, "metadata.generation"));
    }
    status.insert("phase", state.phase());
    status.insert("conditions", conditions(world, pod, state));
    if !matches!(state, State::Unscheduled { .. }) {
        let started = Some(text(pod, "status.startTime"))
            .filter(|time| !time.is_empty())
            .map_or_else(|| world.time(), str::to_owned);
        status.insert("hostIP", node::ADDRESS);
        status.insert("hostIPs", vec![ip(node::ADDRESS)]);
        if !matches!(state, State::NoVolumes { .. }) {
            let address = address(pod);
            status.insert("podIP", address.as_str());
            status.insert("podIPs", vec![ip(&address)]);
        }
        let inits = list(pod, "spec.initContainers");
        let blocked = inits.iter().any(|init| state.waits(init).is_some());
        if !inits.is_empty() {
            let one = |container| container_status(pod, container, state, &started, true);
            status.insert("initContainerStatuses", inits.iter().map(one).collect::<Value>());
        }
        let one = |container: &Value| {
            if blocked { initializing(container) } else { container_status(pod, container, state, &started, false) }
        };
        status.insert("containerStatuses", list(pod, "spec.containers").iter().map(one).collect::<Value>());
        status.insert("startTime", started);
    }
    for key in ["qosClass", "resize"] {
        if let Some(kept) = at(pod, "status").and_then(|status| status.get(key)) {
            status.insert(key, kept.clone());
        }
    }
    status.into()
}

fn ip(address: &str) -> Value {
    [("ip", address)].into_iter().collect()
}

/// An address of the documentation range 192.0.2.0/24, which is small: pods may share one.
fn address(pod: &Value) -> String {
    let hash = fnv(text(pod, "metadata.uid").bytes());
    format!("192.0.2.{}", hash % 252 + 2)
}

fn conditions(world: &World<'_>, pod: &Value, state: &State) -> Value {
    let now = world.time();
    let make = |kind: &str, said: Said<'_>| {
        let mut made = condition(pod, kind, said, &now);
        if number(pod, "metadata.generation") > 0 {
            made.set_at(&["observedGeneration"], number(pod, "metadata.generation"));
        }
        made
    };
    if let State::Unscheduled { reason, message } = state {
        return vec![make("PodScheduled", ("False", reason, message))].into();
    }
    let names: Vec<_> = list(pod, "spec.containers").iter().map(|container| text(container, "name")).collect();
    let unready = format!("containers with unready status: [{}]", names.join(" "));
    let blocked = list(pod, "spec.initContainers").iter().any(|init| state.waits(init).is_some());
    let initialized = if blocked { ("False", "ContainersNotInitialized", "") } else { ("True", "", "") };
    let sandbox = if matches!(state, State::NoVolumes { .. }) { "False" } else { "True" };
    let ready = match state {
        State::Running { ready: true } => ("True", "", ""),
        State::Succeeded => ("False", "PodCompleted", ""),
        _ => ("False", "ContainersNotReady", unready.as_str()),
    };
    let initialized = if *state == State::Succeeded { ("True", "PodCompleted", "") } else { initialized };
    vec![
        make("PodReadyToStartContainers", (if *state == State::Succeeded { "False" } else { sandbox }, "", "")),
        make("Initialized", initialized),
        make("Ready", ready),
        make("ContainersReady", ready),
        make("PodScheduled", ("True", "", "")),
    ]
    .into()
}

/// A container that waits for init containers.
fn initializing(container: &Value) -> Value {
    bare_status(container, waiting("PodInitializing", ""), (false, false))
}

fn waiting(reason: &str, message: &str) -> Value {
    let mut waiting: Value = [("reason", reason)].into_iter().collect();
    if !message.is_empty() {
        waiting.set_at(&["message"], message);
    }
    [("waiting", waiting)].into_iter().collect()
}

fn container_status(pod: &Value, container: &Value, state: &State, started: &str, init: bool) -> Value {
    if let Some((reason, message)) = state.waits(container) {
        return bare_status(container, waiting(reason, &message), (false, false));
    }
    let sidecar = text(container, "restartPolicy") == "Always";
    let over = *state == State::Succeeded || init && !sidecar;
    let identity =
        format!("simulated://{:016x}", fnv(text(pod, "metadata.uid").bytes().chain(text(container, "name").bytes())));
    let ready = matches!(state, State::Running { ready: true });
    let mut made = if over {
        let mut terminated: Value =
            [("reason", "Completed"), ("startedAt", started), ("finishedAt", started)].into_iter().collect();
        terminated.set_at(&["exitCode"], 0_i64);
        terminated.set_at(&["containerID"], identity.as_str());
        bare_status(container, [("terminated", terminated)].into_iter().collect(), (init, false))
    } else if matches!(state, State::Running { .. }) {
        let running: Value = [("startedAt", started)].into_iter().collect();
        bare_status(container, [("running", running)].into_iter().collect(), (ready, true))
    } else {
        return bare_status(container, waiting("ContainerCreating", ""), (false, false));
    };
    made.set_at(&["imageID"], format!("simulated://{}", text(container, "image")));
    made.set_at(&["containerID"], identity);
    made
}

fn bare_status(container: &Value, state: Value, (ready, started): (bool, bool)) -> Value {
    let mut status = Value::empty_map();
    status.set_at(&["name"], text(container, "name"));
    status.set_at(&["state"], state);
    status.set_at(&["lastState"], Value::empty_map());
    status.set_at(&["ready"], ready);
    status.set_at(&["restartCount"], 0_i64);
    status.set_at(&["image"], text(container, "image"));
    status.set_at(&["imageID"], "");
    status.set_at(&["started"], started);
    status
}
