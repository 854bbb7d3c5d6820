//! Rules over whole objects: what kstatus says, and our words for it.

use super::status;

fn check(api_version: &str, kind: &str, rest: &str, expect: &str) {
    let json = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}","metadata":{{"generation":2}}{rest}}}"#);
    let health = status(&goyaml::json::parse(json.as_bytes()).expect("JSON"));
    assert_eq!(format!("{}: {}", health.status, health.message), expect, "{json}");
}

#[test]
fn every_kind() {
    let custom = |rest: &str, expect: &str| check("a.io/v1", "Thing", rest, expect);
    custom("", "Current: exists");
    custom(
        r#","status":{"observedGeneration":1}"#,
        "InProgress: its controller has seen generation 1, the newest is 2",
    );
    custom(
        r#","status":{"conditions":[{"type":"Reconciling","status":"True","message":"on it"}]}"#,
        "InProgress: on it",
    );
    custom(r#","status":{"conditions":[{"type":"Stalled","status":"True","reason":"Bad"}]}"#, "Failed: Bad");
    custom(
        r#","status":{"conditions":[{"type":"Ready","status":"False","message":"no disk"}]}"#,
        "InProgress: no disk",
    );
    custom(r#","status":{"conditions":[{"type":"Ready","status":"Unknown"}]}"#, "InProgress: is not ready yet");
    custom(r#","status":{"conditions":[{"type":"Ready","status":"True"}]}"#, "Current: is ready");
    let terminating =
        r#"{"kind":"Thing","metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a/b"]}}"#;
    let health = status(&goyaml::json::parse(terminating.as_bytes()).expect("JSON"));
    assert_eq!(format!("{}: {}", health.status, health.message), "Terminating: is being deleted, held by a/b");
}

#[test]
fn deployments() {
    let deployment = |status: &str, expect: &str| {
        check("apps/v1", "Deployment", &format!(r#","spec":{{"replicas":2}},"status":{status}"#), expect);
    };
    deployment("{}", "InProgress: its controller has not seen it yet");
    deployment(r#"{"observedGeneration":2,"replicas":1}"#, "InProgress: 1 of 2 pods exist");
    deployment(
        r#"{"observedGeneration":2,"replicas":2,"updatedReplicas":1}"#,
        "InProgress: 1 of 2 pods have the new template",
    );
    deployment(
        r#"{"observedGeneration":2,"replicas":3,"updatedReplicas":2}"#,
        "InProgress: 1 pods of the old template are still there",
    );
    deployment(
        r#"{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":1}"#,
        "InProgress: 1 of 2 pods are available",
    );
    deployment(
        r#"{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2,"readyReplicas":2}"#,
        "Current: 2 of 2 pods are ready",
    );
    deployment(
        r#"{"observedGeneration":2,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"late"}]}"#,
        "Failed: made no progress within its deadline: late",
    );
    deployment(
        r#"{"observedGeneration":2,"conditions":[{"type":"ReplicaFailure","status":"True","message":"exceeded quota"}]}"#,
        "InProgress: cannot make its pods: exceeded quota",
    );
    check(
        "apps/v1",
        "Deployment",
        r#","spec":{"replicas":0},"status":{"observedGeneration":2}"#,
        "Current: 0 of 0 pods are ready",
    );
}

#[test]
fn other_workloads() {
    let set = |status: &str, expect: &str| {
        check("apps/v1", "StatefulSet", &format!(r#","spec":{{"replicas":1}},"status":{status}"#), expect);
    };
    set(r#"{"replicas":1}"#, "InProgress: 0 of 1 pods are ready");
    set(
        r#"{"replicas":1,"readyReplicas":1,"currentReplicas":1,"currentRevision":"a","updateRevision":"b"}"#,
        "InProgress: 0 of 1 pods have the new template",
    );
    set(
        r#"{"replicas":1,"readyReplicas":1,"currentReplicas":1,"currentRevision":"a","updateRevision":"a"}"#,
        "Current: 1 of 1 pods are ready",
    );
    let partition = r#","spec":{"replicas":3,"updateStrategy":{"rollingUpdate":{"partition":2}}},"#;
    check(
        "apps/v1",
        "StatefulSet",
        &format!(r#"{partition}"status":{{"replicas":3,"readyReplicas":3,"updatedReplicas":0}}"#),
        "InProgress: 0 of 1 pods above the partition have the new template",
    );
    check("apps/v1", "DaemonSet", "", "InProgress: its controller has not counted its nodes yet");
    check(
        "apps/v1",
        "DaemonSet",
        r#","status":{"observedGeneration":2,"desiredNumberScheduled":2,"currentNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":1}"#,
        "InProgress: 1 of 2 pods are available",
    );
    check(
        "apps/v1",
        "DaemonSet",
        r#","status":{"observedGeneration":2,"desiredNumberScheduled":0}"#,
        "Current: 0 of 0 pods are ready",
    );
    check(
        "apps/v1",
        "ReplicaSet",
        r#","spec":{"replicas":1},"status":{"observedGeneration":2,"replicas":1,"fullyLabeledReplicas":1}"#,
        "InProgress: 0 of 1 pods are available",
    );
}

#[test]
fn jobs_and_pods() {
    check("batch/v1", "Job", "", "InProgress: has not started yet");
    check("batch/v1", "Job", r#","status":{"startTime":"x","active":1}"#, "Current: is running: 1 pods active");
    check(
        "batch/v1",
        "Job",
        r#","status":{"failed":3,"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}"#,
        "Failed: has failed after 3 failed pods: BackoffLimitExceeded",
    );
    check(
        "batch/v1",
        "Job",
        r#","status":{"succeeded":1,"conditions":[{"type":"Complete","status":"True"}]}"#,
        "Current: has finished: 1 pods succeeded",
    );
    let pod = |status: &str, expect: &str| check("v1", "Pod", &format!(r#","status":{status}"#), expect);
    pod(
        r#"{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/3 nodes"}]}"#,
        "InProgress: has no node: 0/3 nodes",
    );
    pod(
        r#"{"phase":"Pending","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]}"#,
        "InProgress: container web waits, ImagePullBackOff: no such image",
    );
    pod(
        r#"{"phase":"Running","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"reason":"Error"}}}]}"#,
        "Failed: container web crashes again and again: exit code 1 Error",
    );
    pod(r#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}"#, "Current: is ready");
    pod(r#"{"phase":"Succeeded"}"#, "Current: has succeeded");
    pod(
        r#"{"phase":"Failed","containerStatuses":[{"name":"web","state":{"terminated":{"exitCode":3}}}]}"#,
        "Failed: has failed: container web ended with exit code 3",
    );
}

#[test]
fn the_rest() {
    check("v1", "PersistentVolumeClaim", r#","status":{"phase":"Bound"}"#, "Current: is bound");
    check(
        "v1",
        "PersistentVolumeClaim",
        r#","spec":{"storageClassName":"fast"},"status":{"phase":"Pending"}"#,
        "InProgress: waits for a volume from storage class fast (phase Pending)",
    );
    check("v1", "Service", r#","spec":{"type":"ClusterIP"}"#, "Current: exists");
    check("v1", "Service", r#","spec":{"type":"LoadBalancer"}"#, "InProgress: waits for its cluster IP");
    check("v1", "Namespace", r#","status":{"phase":"Active"}"#, "Current: exists");
    check("v1", "Secret", "", "Current: exists");
    check("policy/v1", "PodDisruptionBudget", "", "InProgress: its controller has not counted the pods yet");
    let crd = |conditions: &str, expect: &str| {
        let rest = format!(r#","status":{{"conditions":[{conditions}]}}"#);
        check("apiextensions.k8s.io/v1", "CustomResourceDefinition", &rest, expect);
    };
    crd("", "InProgress: is being established");
    crd(r#"{"type":"Established","status":"False","reason":"Installing"}"#, "InProgress: is being established");
    crd(r#"{"type":"NamesAccepted","status":"False","message":"taken"}"#, "Failed: taken");
    crd(
        r#"{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}"#,
        "Current: is established",
    );
}
