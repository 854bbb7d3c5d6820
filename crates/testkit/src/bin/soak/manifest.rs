//! The objects of the repository: what each kind looks like at a revision, and whether a live object is so.

use serde_json::{Value, json};

/// Label that names the Kustomization which an object belongs to.
pub(crate) const OWNER_LABEL: &str = "kustomize.toolkit.fluxcd.io/name";
/// Namespace of everything that `setpoint up` makes itself.
pub(crate) const HOME: &str = "flux-system";

/// The manifest of an object; its revision shows in a field that its kind lets one change.
pub(crate) fn manifest(kind: &str, namespace: &str, name: &str, revision: u64) -> Value {
    let text = revision.to_string();
    let port = 8000 + revision % 1000;
    let pod = json!({
        "metadata": {"labels": {"app": name}, "annotations": {"revision": text}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": format!("registry.example/app:{text}")}]},
    });
    let selector = json!({"matchLabels": {"app": name}});
    let (version, body) = match kind {
        "ConfigMap" => ("v1", json!({"data": {"revision": text, format!("only-in-{text}"): "x"}})),
        // "revision" in base64, followed by digits: any text of base64 digits in fours will do.
        "Secret" => ("v1", json!({"type": "Opaque", "data": {"token": format!("cmV2{revision:04}")}})),
        "Service" => (
            "v1",
            json!({"spec": {"selector": {"app": name}, "ports": [{"name": "web", "port": port, "protocol": "TCP"}]}}),
        ),
        "PersistentVolumeClaim" => (
            "v1",
            json!({"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}}),
        ),
        "Deployment" => {
            ("apps/v1", json!({"spec": {"replicas": 1 + revision % 2, "selector": selector, "template": pod}}))
        }
        "StatefulSet" => {
            ("apps/v1", json!({"spec": {"replicas": 2, "serviceName": name, "selector": selector, "template": pod}}))
        }
        "CronJob" => {
            let template = json!({"metadata": pod["metadata"], "spec": {"restartPolicy": "Never", "containers": pod["spec"]["containers"]}});
            ("batch/v1", json!({"spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}}))
        }
        "Role" => (
            "rbac.authorization.k8s.io/v1",
            json!({"rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [text], "verbs": ["get"]}]}),
        ),
        "RoleBinding" => (
            "rbac.authorization.k8s.io/v1",
            json!({
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader-0"},
                "subjects": [{"kind": "ServiceAccount", "name": format!("bot-{text}"), "namespace": namespace}],
            }),
        ),
        "Ingress" => {
            let backend = json!({"service": {"name": "web", "port": {"number": port}}});
            let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
            ("networking.k8s.io/v1", json!({"spec": {"rules": [{"host": "soak.example", "http": {"paths": paths}}]}}))
        }
        "NetworkPolicy" => (
            "networking.k8s.io/v1",
            json!({"spec": {"podSelector": {"matchLabels": {"app": name, "revision": text}}, "policyTypes": ["Ingress"]}}),
        ),
        _ => ("v1", json!({})),
    };
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "annotations": {"soak/revision": text}}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    for (key, value) in body.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

/// A Flux Kustomization of the folder with its name.
pub(crate) fn kustomization(name: &str, depends_on: &[&str]) -> Value {
    let depends_on: Vec<Value> = depends_on.iter().map(|name| json!({"name": name})).collect();
    let spec = json!({
        "interval": "10m", "retryInterval": "2s", "timeout": "2m", "path": format!("./{name}"), "prune": true, "wait": true,
        "dependsOn": depends_on, "sourceRef": {"kind": "GitRepository", "name": HOME},
    });
    let metadata = json!({"name": name, "namespace": HOME});
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata, "spec": spec})
}

/// How an object is called here: `Deployment/team-a/web-1`.
pub(crate) fn key(object: &Value) -> String {
    let text = |path| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// Where a live object is not as its manifest says: the first such field, with both values.
pub(crate) fn difference(wanted: &Value, live: &Value) -> Option<String> {
    differs(wanted, live, "")
}

fn differs(wanted: &Value, live: &Value, path: &str) -> Option<String> {
    let told = || Some(format!("{path}: {live}, not {wanted}"));
    match (wanted, live) {
        // A key of data that Git does not have is somebody else's: there is nobody else here.
        (Value::Object(_), _) if path.ends_with("/data") => {
            if wanted == live {
                None
            } else {
                told()
            }
        }
        (Value::Object(wanted), Value::Object(live)) => wanted
            .iter()
            .find_map(|(key, value)| differs(value, live.get(key).unwrap_or(&Value::Null), &format!("{path}/{key}"))),
        // Written as nothing at all by the server.
        (Value::Array(wanted), Value::Null) if wanted.is_empty() => None,
        (Value::Array(wanted), Value::Array(live)) if wanted.len() == live.len() => {
            let pairs = wanted.iter().zip(live).enumerate();
            pairs.into_iter().find_map(|(place, (wanted, live))| differs(wanted, live, &format!("{path}/{place}")))
        }
        _ if wanted == live => None,
        _ => told(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::difference;

    #[test]
    fn a_field_that_differs_is_found() {
        let wanted = json!({"spec": {"ports": [{"port": 1}], "none": []}, "data": {"a": "1"}});
        let check = |live, expect: Option<&str>| assert_eq!(difference(&wanted, &live).as_deref(), expect);
        check(json!({"spec": {"ports": [{"port": 1, "protocol": "TCP"}]}, "data": {"a": "1"}, "status": {}}), None);
        check(json!({"spec": {"ports": [{"port": 2}]}, "data": {"a": "1"}}), Some("/spec/ports/0/port: 2, not 1"));
        check(
            json!({"spec": {"ports": [{"port": 1}]}, "data": {"a": "1", "b": "2"}}),
            Some(r#"/data: {"a":"1","b":"2"}, not {"a":"1"}"#),
        );
        check(json!({"spec": {"ports": []}, "data": {"a": "1"}}), Some(r#"/spec/ports: [], not [{"port":1}]"#));
    }
}
