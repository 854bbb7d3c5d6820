//! The workload: Kustomizations that wait, prune and act as an account, and make an account, a Service, a Deployment without
//! replicas and an Ingress of their own by substitution.

use kube::api::ApiResource;
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

/// Namespace of the objects.
pub(super) const HOME: &str = "scale";
/// Namespace and name of what `up` makes.
pub(super) const UP: &str = "flux-system";

/// Which pods the Deployments say are theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    /// Each its own.
    Own,
    /// All the same: who lists the pods of each does it for all.
    Shared,
}

pub(super) fn kind_of_kustomizations() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"))
}

pub(super) fn documents(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(|object| format!("{object:#}\n")).collect();
    documents.join("---\n")
}

pub(super) fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}})
}

pub(super) fn account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "flux", "namespace": HOME}})
}

pub(super) fn rights() -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({"apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": {"name": "flux", "namespace": HOME},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "flux", "namespace": HOME}]})
}

pub(super) fn kustomization(namespace: &str, place: usize) -> Value {
    // The first has a folder of its own, so that a commit can touch it alone.
    let path = if place == 0 { "./own" } else { "./app" };
    let source = json!({"kind": "GitRepository", "name": UP, "namespace": UP});
    let spec = json!({"interval": "1h", "retryInterval": "2m", "timeout": "1m", "path": path, "prune": true, "wait": true,
        "serviceAccountName": "flux", "targetNamespace": HOME, "nameSuffix": format!("-{place}"), "sourceRef": source,
        "postBuild": {"substitute": {"INDEX": format!("app-{place}")}}});
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": format!("app-{place}"), "namespace": namespace}, "spec": spec})
}

/// The objects of one Kustomization.
pub(super) fn app(limit: &str, selector: Selector) -> [Value; 4] {
    let labels = match selector {
        Selector::Own => json!({"app": "${INDEX}"}),
        Selector::Shared => json!({"app": "web"}),
    };
    let container = json!({"name": "web", "image": "registry.example/web:1", "ports": [{"name": "http", "containerPort": 9898}],
        "resources": {"requests": {"cpu": format!("{limit}m"), "memory": "64Mi"}}});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"serviceAccountName": "web", "containers": [container]}});
    let backend = json!({"service": {"name": "web", "port": {"name": "http"}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    let meta = json!({"name": "web"});
    [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta,
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 9898, "targetPort": "http"}]}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta,
            "spec": {"rules": [{"host": "${INDEX}.example.org", "http": {"paths": paths}}]}}),
    ]
}
