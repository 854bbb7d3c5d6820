//! Namespaces: what each one has from the start, and how one goes away.

use std::sync::Arc;

use goyaml::Value;

use crate::plane::ControlPlane;
use crate::status::{ApiError, ApiResult};
use crate::store::{GroupResource, Name};
use crate::system;

/// Namespaces that every cluster has.
pub(crate) const INITIAL: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// Completes a new namespace.
pub(crate) fn complete(object: &mut Value) {
    object.set_at(&["spec", "finalizers"], vec![Value::from("kubernetes")]);
    object.set_at(&["status", "phase"], "Active");
    complete_label(object);
}

/// The label by which others select a namespace by its name.
pub(crate) fn complete_label(object: &mut Value) {
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default().to_owned();
    object.set_at(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
}

/// Makes what every namespace has: a `ServiceAccount` and the certificate of the API.
pub(crate) async fn furnish(plane: &Arc<ControlPlane>, namespace: &Value) -> ApiResult<()> {
    let name = namespace.str_at(&["metadata", "name"]).unwrap_or_default();
    if namespace.at(&["metadata", "deletionTimestamp"]).is_some() {
        return Ok(());
    }
    let account = system::object("v1", "ServiceAccount", name, "default");
    system::ensure(plane, "v1", "serviceaccounts", account).await?;
    let mut authority = system::object("v1", "ConfigMap", name, "kube-root-ca.crt");
    authority.set_at(&["metadata", "annotations", "kubernetes.io/description"], DESCRIPTION);
    authority.set_at(&["data", "ca.crt"], plane.authority());
    system::ensure(plane, "v1", "configmaps", authority).await
}

/// Removes the content of namespaces that are to go, then the namespaces.
pub(crate) async fn sweep(plane: &Arc<ControlPlane>) -> ApiResult<()> {
    let (namespaces, _) = plane.store().list(&GroupResource::new("", "namespaces"), None);
    for namespace in namespaces {
        if namespace.value.at(&["metadata", "deletionTimestamp"]).is_some() {
            let name = namespace.value.str_at(&["metadata", "name"]).unwrap_or_default();
            if empty(plane, name).await? {
                finalize(plane, name).await?;
            }
        }
    }
    Ok(())
}

/// Deletes everything inside; tells whether nothing is left.
async fn empty(plane: &Arc<ControlPlane>, namespace: &str) -> ApiResult<bool> {
    let registry = plane.registry();
    let mut left = false;
    for storage in plane.store().resources() {
        let (objects, _) = plane.store().list(&storage, Some(namespace));
        let Some(resource) = registry.by_storage(&storage).filter(|resource| resource.namespaced) else {
            continue;
        };
        for object in objects {
            let name = object.value.str_at(&["metadata", "name"]).unwrap_or_default();
            system::delete(plane, resource, namespace, name).await?;
            left |= plane.store().get(&storage, &Name::new(namespace, name)).is_some();
        }
    }
    Ok(!left)
}

async fn finalize(plane: &Arc<ControlPlane>, name: &str) -> ApiResult<()> {
    let registry = plane.registry();
    let resource = registry.get("v1", "namespaces").ok_or_else(ApiError::no_such_resource)?;
    let outcome = system::change(plane, resource, ("", name), "finalize", |namespace| {
        namespace.remove_at(&["spec", "finalizers"]);
    });
    match outcome.await {
        Err(error) if error.reason == "NotFound" => Ok(()),
        outcome => outcome.map(drop),
    }
}
