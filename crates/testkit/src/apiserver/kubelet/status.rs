//! The statuses that the stand-in writes.

use k8s_openapi::api::core::v1::{Container, PersistentVolumeClaim, Pod};
use kube::ResourceExt;
use serde_json::{Value, json};

/// When everything started: a fixed time, so that two runs write the same.
const STARTED: &str = "2026-01-01T00:00:00Z";

/// A node that is ready and has room for everything.
pub(super) fn node() -> Value {
    let room = json!({"cpu": "1000", "memory": "1000Gi", "pods": "10000", "ephemeral-storage": "1000Gi"});
    json!({"status": {
        "capacity": room,
        "allocatable": room,
        "conditions": [condition("Ready", "KubeletReady")],
        "nodeInfo": {
            "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "none://0", "kernelVersion": "none",
            "kubeProxyVersion": "", "kubeletVersion": "v1.36.3", "machineID": "", "operatingSystem": "linux",
            "osImage": "setpoint stand-in: runs no containers", "systemUUID": "",
        },
    }})
}

/// A pod that has started without trouble, or, where a Job owns it, ended so.
pub(super) fn pod(pod: &Pod, node: &str) -> Value {
    let spec = pod.spec.clone().unwrap_or_default();
    let done = pod.owner_references().iter().any(|owner| owner.kind == "Job");
    let containers = spec.containers.iter().map(|container| container_status(container, done));
    let before = spec.init_containers.unwrap_or_default();
    let before = before.iter().map(|container| {
        // A sidecar is an init container that goes on beside the others.
        container_status(container, done || container.restart_policy.as_deref() != Some("Always"))
    });
    let types = ["PodScheduled", "Initialized", "ContainersReady", "Ready"];
    let ready = |kind: &str| {
        if done && kind.ends_with("Ready") {
            return json!({"type": kind, "status": "False", "reason": "PodCompleted", "lastTransitionTime": STARTED});
        }
        condition(kind, "")
    };
    json!({"status": {
        "phase": if done { "Succeeded" } else { "Running" },
        "startTime": STARTED,
        "hostIP": "127.0.0.1",
        "podIP": "127.0.0.1",
        "message": format!("set by {node}: no container runs"),
        "conditions": types.map(ready),
        "containerStatuses": containers.collect::<Value>(),
        "initContainerStatuses": before.collect::<Value>(),
    }})
}

fn container_status(container: &Container, done: bool) -> Value {
    let state = if done {
        json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": STARTED, "finishedAt": STARTED}})
    } else {
        json!({"running": {"startedAt": STARTED}})
    };
    json!({
        "name": container.name,
        "image": container.image,
        "imageID": "",
        "ready": !done,
        "started": !done,
        "restartCount": 0,
        "state": state,
    })
}

/// A volume as large as the claim asks for, held for that claim.
pub(super) fn volume(claim: &PersistentVolumeClaim, name: &str) -> Value {
    let spec = claim.spec.clone().unwrap_or_default();
    let asked = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
    json!({
        "metadata": {"name": name},
        "spec": {
            "capacity": asked,
            "accessModes": spec.access_modes,
            "storageClassName": spec.storage_class_name.unwrap_or_default(),
            "volumeMode": spec.volume_mode,
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/nonexistent"},
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "namespace": claim.namespace(), "name": claim.name_any(), "uid": claim.uid(),
            },
        },
    })
}

fn condition(kind: &str, reason: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": reason, "lastTransitionTime": STARTED})
}
