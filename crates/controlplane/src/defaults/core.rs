//! The core group.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::{Map, Value};

use super::{child, empty, items, missing, pod};

pub(super) fn apply(resource: &str, object: &mut Value) {
    match resource {
        "pods" => {
            missing(object, &["spec", "enableServiceLinks"], true);
            child(object, "spec").into_iter().for_each(pod::spec);
            child(object, "spec").into_iter().for_each(pod::host_ports);
        }
        "podtemplates" => {
            child(object, "template").and_then(|template| child(template, "spec")).into_iter().for_each(pod::spec);
        }
        "replicationcontrollers" => replication_controller(object),
        "services" => service(object),
        "secrets" => secret(object),
        "persistentvolumeclaims" => child(object, "spec").into_iter().for_each(claim_spec),
        "persistentvolumes" => volume(object),
        "endpoints" => endpoints(object),
        "limitranges" => limits(object),
        "events" => {
            missing(object, &["reportingComponent"], "");
            missing(object, &["reportingInstance"], "");
        }
        _ => {}
    }
}

fn replication_controller(object: &mut Value) {
    missing(object, &["spec", "replicas"], 1_i64);
    if let Some(labels) = object.at(&["spec", "template", "metadata", "labels"]).cloned() {
        missing(object, &["spec", "selector"], labels.clone());
        missing(object, &["metadata", "labels"], labels);
    }
    if let Some(spec) =
        child(object, "spec").and_then(|spec| child(spec, "template")).and_then(|template| child(template, "spec"))
    {
        pod::spec(spec);
    }
}

/// `spec` of a claim.
pub(super) fn claim_spec(spec: &mut Value) {
    missing(spec, &["volumeMode"], "Filesystem");
}

fn volume(object: &mut Value) {
    empty(object, &["spec", "persistentVolumeReclaimPolicy"], "Retain");
    missing(object, &["spec", "volumeMode"], "Filesystem");
    if let Some(path) = child(object, "spec").and_then(|spec| child(spec, "hostPath")) {
        missing(path, &["type"], "");
    }
}

fn service(object: &mut Value) {
    let Some(spec) = super::made(object, "spec") else {
        return;
    };
    empty(spec, &["sessionAffinity"], "None");
    if spec.str_at(&["sessionAffinity"]) == Some("ClientIP") {
        missing(spec, &["sessionAffinityConfig", "clientIP", "timeoutSeconds"], 10800_i64);
    }
    empty(spec, &["type"], "ClusterIP");
    for port in items(spec, "ports") {
        empty(port, &["protocol"], "TCP");
        let number = port.get("port").cloned().unwrap_or_default();
        let unset = port
            .get("targetPort")
            .is_none_or(|target| target.is_null() || target.as_i64() == Some(0) || target.as_str() == Some(""));
        if unset {
            port.set_at(&["targetPort"], number);
        }
    }
    let kind = spec.str_at(&["type"]).unwrap_or_default().to_owned();
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        empty(spec, &["externalTrafficPolicy"], "Cluster");
    }
    if kind == "LoadBalancer" {
        missing(spec, &["allocateLoadBalancerNodePorts"], true);
    }
    if kind == "ExternalName" {
        return;
    }
    missing(spec, &["internalTrafficPolicy"], "Cluster");
    missing(spec, &["ipFamilyPolicy"], "SingleStack");
    missing(spec, &["ipFamilies"], vec![Value::from("IPv4")]);
}

/// `stringData` is only for writing.
fn secret(object: &mut Value) {
    empty(object, &["type"], "Opaque");
    let Some(plain) = object.remove_at(&["stringData"]) else {
        return;
    };
    for (key, value) in plain.as_map().into_iter().flat_map(Map::iter) {
        object.set_at(&["data", key], STANDARD.encode(value.as_str().unwrap_or_default()));
    }
}

fn endpoints(object: &mut Value) {
    for subset in items(object, "subsets") {
        for port in items(subset, "ports") {
            empty(port, &["protocol"], "TCP");
        }
    }
}

fn limits(object: &mut Value) {
    let Some(spec) = child(object, "spec") else {
        return;
    };
    for limit in items(spec, "limits").filter(|limit| limit.str_at(&["type"]) == Some("Container")) {
        let copy = |limit: &mut Value, from: &str, to: &str| {
            let found: Vec<_> = limit
                .get(from)
                .and_then(Value::as_map)
                .into_iter()
                .flat_map(Map::iter)
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect();
            for (name, value) in found {
                missing(limit, &[to, &name], value);
            }
        };
        copy(limit, "max", "default");
        copy(limit, "default", "defaultRequest");
        copy(limit, "min", "defaultRequest");
    }
}
