//! Pods and templates of pods.

use goyaml::Value;

use super::{child, empty, items, missing};

/// Mode of the files of a volume: `rw-r--r--`.
const FILE_MODE: i64 = 0o644;
const GRACE_SECONDS: i64 = 30;
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Fills in a `spec` of a pod.
pub(super) fn spec(spec: &mut Value) {
    if spec.as_map().is_none() {
        return;
    }
    empty(spec, &["dnsPolicy"], "ClusterFirst");
    empty(spec, &["restartPolicy"], "Always");
    empty(spec, &["schedulerName"], "default-scheduler");
    missing(spec, &["securityContext"], Value::empty_map());
    missing(spec, &["terminationGracePeriodSeconds"], GRACE_SECONDS);
    alias(spec);
    for list in CONTAINERS {
        items(spec, list).for_each(container);
    }
    items(spec, "volumes").for_each(volume);
}

/// A pod on the network of its node has its ports there. Templates are left as they are.
pub(super) fn host_ports(spec: &mut Value) {
    if spec.get("hostNetwork").and_then(Value::as_bool) != Some(true) {
        return;
    }
    for list in CONTAINERS {
        for port in items(spec, list).flat_map(|container| items(container, "ports")) {
            if let Some(number) = port.get("containerPort").cloned() {
                missing(port, &["hostPort"], number);
            }
        }
    }
}

/// The old and the new name of the service account say the same.
fn alias(spec: &mut Value) {
    let name = |key: &str| spec.str_at(&[key]).filter(|name| !name.is_empty()).map(str::to_owned);
    if let Some(name) = name("serviceAccountName").or_else(|| name("serviceAccount")) {
        spec.set_at(&["serviceAccountName"], name.as_str());
        spec.set_at(&["serviceAccount"], name);
    }
}

fn container(container: &mut Value) {
    empty(container, &["terminationMessagePath"], "/dev/termination-log");
    empty(container, &["terminationMessagePolicy"], "File");
    let always = pulls_always(container.str_at(&["image"]).unwrap_or_default());
    empty(container, &["imagePullPolicy"], if always { "Always" } else { "IfNotPresent" });
    missing(container, &["resources"], Value::empty_map());
    for port in items(container, "ports") {
        empty(port, &["protocol"], "TCP");
    }
    for variable in items(container, "env") {
        if variable.at(&["valueFrom", "fieldRef"]).is_some() {
            empty(variable, &["valueFrom", "fieldRef", "apiVersion"], "v1");
        }
        if variable.at(&["valueFrom", "resourceFieldRef"]).is_some() {
            missing(variable, &["valueFrom", "resourceFieldRef", "divisor"], "0");
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        child(container, name).into_iter().for_each(probe);
    }
    for hook in ["postStart", "preStop"] {
        child(container, "lifecycle").and_then(|lifecycle| child(lifecycle, hook)).into_iter().for_each(http_get);
    }
    if let Some(resources) = child(container, "resources") {
        requests_from_limits(resources);
    }
}

/// What is limited but not requested is requested up to its limit.
fn requests_from_limits(resources: &mut Value) {
    let limits: Vec<_> = resources
        .get("limits")
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(goyaml::Map::iter)
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    for (name, value) in limits {
        missing(resources, &["requests", &name], value);
    }
}

/// Images without a tag or with the tag `latest` are looked up each time.
fn pulls_always(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

fn probe(probe: &mut Value) {
    let set = |probe: &mut Value, key: &str, value: i64| {
        if probe.get(key).and_then(Value::as_i64).unwrap_or(0) == 0 {
            probe.set_at(&[key], value);
        }
    };
    set(probe, "timeoutSeconds", 1);
    set(probe, "periodSeconds", 10);
    set(probe, "successThreshold", 1);
    set(probe, "failureThreshold", 3);
    http_get(probe);
    if let Some(grpc) = child(probe, "grpc") {
        missing(grpc, &["service"], "");
    }
}

fn http_get(handler: &mut Value) {
    if let Some(get) = child(handler, "httpGet") {
        empty(get, &["path"], "/");
        empty(get, &["scheme"], "HTTP");
    }
}

fn volume(volume: &mut Value) {
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = child(volume, source) {
            missing(source, &["defaultMode"], FILE_MODE);
            items(source, "sources").for_each(projection);
            field_versions(source);
        }
    }
    if let Some(path) = child(volume, "hostPath") {
        missing(path, &["type"], "");
    }
    let no_source = volume.as_map().is_some_and(|map| map.len() == 1 && map.contains_key("name"));
    if no_source {
        volume.set_at(&["emptyDir"], Value::empty_map());
    }
    if let Some(claim) = child(volume, "ephemeral").and_then(|ephemeral| child(ephemeral, "volumeClaimTemplate")) {
        missing(claim, &["spec", "volumeMode"], "Filesystem");
    }
    if let Some(iscsi) = child(volume, "iscsi") {
        empty(iscsi, &["iscsiInterface"], "default");
    }
    if let Some(rbd) = child(volume, "rbd") {
        for (key, value) in [("pool", "rbd"), ("user", "admin"), ("keyring", "/etc/ceph/keyring")] {
            empty(rbd, &[key], value);
        }
    }
}

fn projection(source: &mut Value) {
    if let Some(token) = child(source, "serviceAccountToken") {
        missing(token, &["expirationSeconds"], 3600_i64);
    }
    child(source, "downwardAPI").into_iter().for_each(field_versions);
}

fn field_versions(source: &mut Value) {
    for item in items(source, "items") {
        if item.get("fieldRef").is_some() {
            empty(item, &["fieldRef", "apiVersion"], "v1");
        }
        if item.get("resourceFieldRef").is_some() {
            missing(item, &["resourceFieldRef", "divisor"], "0");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn pull_policy() {
        let cases = [
            ("nginx", true),
            ("nginx:latest", true),
            ("nginx:1.2", false),
            ("r:5000/nginx", true),
            ("a/b@sha256:0", false),
        ];
        for (image, expect) in cases {
            assert_eq!(super::pulls_always(image), expect, "{image}");
        }
    }
}
