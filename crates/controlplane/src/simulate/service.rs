//! Services: an address for load balancers, and the slices of endpoints behind a selector.

use goyaml::{Map, Value};

use super::Step;
use super::action::Action;
use super::kind::Kind;
use super::pods;
use super::template::{fnv, suffix};
use super::world::{World, at, deleting, has_labels, label, list, text};
use crate::system;

const SERVICE_LABEL: &str = "kubernetes.io/service-name";
const MANAGED_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
/// Endpoints in one slice; the rest of a larger service is left out.
const MAX_ENDPOINTS: usize = 1000;

/// What a service needs now.
pub(super) fn reconcile(world: &World<'_>, service: &Value) -> Step {
    let mut step = Step::default();
    if deleting(service) {
        return step;
    }
    if text(service, "spec.type") == "LoadBalancer" {
        step.push(Action::status(Kind::Service, service, balanced(service, true)));
    }
    let selector = at(service, "spec.selector").and_then(Value::as_map).filter(|selector| !selector.is_empty());
    if let Some(selector) = selector.filter(|_| text(service, "spec.type") != "ExternalName") {
        endpoints(world, service, selector, &mut step);
    }
    step
}

/// A status with an address of the documentation range.
pub(super) fn balanced(object: &Value, service: bool) -> Value {
    let address = format!("192.0.2.{}", fnv(text(object, "metadata.uid").bytes()) % 252 + 2);
    let mut ingress: Value = [("ip", address)].into_iter().collect();
    if service {
        ingress.set_at(&["ipMode"], "VIP");
    }
    let mut status = object.get("status").cloned().unwrap_or_else(Value::empty_map);
    if list(&status, "loadBalancer.ingress").is_empty() {
        status.set_at(&["loadBalancer", "ingress"], vec![ingress]);
    }
    status
}

fn endpoints(world: &World<'_>, service: &Value, selector: &Map, step: &mut Step) {
    let namespace = text(service, "metadata.namespace");
    let mut selected = world.list(Kind::Pod, Some(namespace));
    selected.retain(|pod| {
        pods::active(pod) && has_labels(selector, at(pod, "metadata.labels")) && !text(pod, "status.podIP").is_empty()
    });
    let points: Value = selected.iter().take(MAX_ENDPOINTS).map(endpoint).collect();
    let ports: Value = list(service, "spec.ports").iter().map(|port| slice_port(port, &selected)).collect();
    let known = world.controlled(Kind::Slice, service).into_iter().find(|slice| label(slice, MANAGED_LABEL) == MANAGER);
    match known {
        Some(slice) if at(&slice, "endpoints") == Some(&points) && at(&slice, "ports") == Some(&ports) => {}
        Some(slice) => step.push(Action::edit(Kind::Slice, &slice, move |slice| {
            slice.set_at(&["endpoints"], points.clone());
            slice.set_at(&["ports"], ports.clone());
        })),
        None => step.push(Action::Create(Kind::Slice, slice(world, service, points, ports))),
    }
}

fn slice(world: &World<'_>, service: &Value, points: Value, ports: Value) -> Value {
    let base = format!("{}-", text(service, "metadata.name"));
    let name = format!("{base}{}", suffix(&base, world.salt()));
    let mut slice = system::object("discovery.k8s.io/v1", "EndpointSlice", text(service, "metadata.namespace"), &name);
    slice.set_at(&["metadata", "generateName"], base);
    if let Some(labels) = at(service, "metadata.labels") {
        slice.set_at(&["metadata", "labels"], labels.clone());
    }
    slice.set_at(&["metadata", "labels", SERVICE_LABEL], text(service, "metadata.name"));
    slice.set_at(&["metadata", "labels", MANAGED_LABEL], MANAGER);
    slice.set_at(&["metadata", "ownerReferences"], super::template::owned_by(Kind::Service, service));
    slice.set_at(&["addressType"], "IPv4");
    slice.set_at(&["endpoints"], points);
    slice.set_at(&["ports"], ports);
    slice
}

fn endpoint(pod: &Value) -> Value {
    let ready = pods::ready(pod);
    let mut point = Value::empty_map();
    point.set_at(&["addresses"], vec![Value::from(text(pod, "status.podIP"))]);
    for (key, value) in [("ready", ready), ("serving", ready), ("terminating", false)] {
        point.set_at(&["conditions", key], value);
    }
    let target = [
        ("kind", "Pod"),
        ("namespace", text(pod, "metadata.namespace")),
        ("name", text(pod, "metadata.name")),
        ("uid", text(pod, "metadata.uid")),
    ];
    point.set_at(&["targetRef"], target.into_iter().collect::<Value>());
    point.set_at(&["nodeName"], text(pod, "spec.nodeName"));
    point
}

/// A port by its number; a named one is looked up in the pods.
fn slice_port(port: &Value, selected: &[Value]) -> Value {
    let target = port.get("targetPort").cloned().unwrap_or_default();
    let named = |name: &str| {
        let containers = selected.iter().flat_map(|pod| list(pod, "spec.containers"));
        let mut ports = containers.flat_map(|container| list(container, "ports"));
        ports.find(|port| text(port, "name") == name).and_then(|port| port.get("containerPort")).cloned()
    };
    let number = target.as_str().map_or(Some(target.clone()), named);
    let mut shown = Value::empty_map();
    shown.set_at(&["name"], text(port, "name"));
    shown.set_at(&["protocol"], text(port, "protocol"));
    if let Some(number) = number {
        shown.set_at(&["port"], number);
    }
    shown
}
