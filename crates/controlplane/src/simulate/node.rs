//! The one node.

use goyaml::Value;

use super::action::Action;
use super::kind::Kind;
use super::world::World;
use super::{MARK, NODE, Step, conditions};
use crate::system;

/// The address of the node: documentation range.
pub(super) const ADDRESS: &str = "192.0.2.1";

/// Makes the node.
pub(super) fn make(world: &World<'_>) -> Step {
    let mut node = system::object("v1", "Node", "", NODE);
    node.set_at(&["metadata", "annotations", MARK], "true");
    for (key, value) in
        [("kubernetes.io/hostname", NODE), ("kubernetes.io/os", "linux"), ("kubernetes.io/arch", "amd64")]
    {
        node.set_at(&["metadata", "labels", key], value);
    }
    let mut step = Step::default();
    let status = status(world);
    step.push(Action::Create(Kind::Node, node.clone()));
    step.push(Action::status(Kind::Node, &node, status));
    step
}

fn status(world: &World<'_>) -> Value {
    let mut status = Value::empty_map();
    let address = |kind: &str, address: &str| [("type", kind), ("address", address)].into_iter().collect::<Value>();
    status.set_at(&["addresses"], vec![address("InternalIP", ADDRESS), address("Hostname", NODE)]);
    for amounts in ["capacity", "allocatable"] {
        for (name, amount) in [("cpu", "1k"), ("memory", "1Ti"), ("pods", "100k"), ("ephemeral-storage", "1Pi")] {
            status.set_at(&[amounts, name], amount);
        }
    }
    let said = ("True", "Simulated", "this node runs no containers");
    status.set_at(&["conditions"], vec![conditions::condition(&Value::NULL, "Ready", said, &world.time())]);
    let info = [
        ("architecture", "amd64"),
        ("bootID", "simulated"),
        ("containerRuntimeVersion", "simulated://0"),
        ("kernelVersion", "simulated"),
        ("kubeProxyVersion", ""),
        ("kubeletVersion", "v0.0.0-simulated"),
        ("machineID", "simulated"),
        ("operatingSystem", "linux"),
        ("osImage", "no containers are run"),
        ("systemUUID", "simulated"),
    ];
    status.set_at(&["nodeInfo"], info.into_iter().collect::<Value>());
    status
}
