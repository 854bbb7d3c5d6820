//! What writing an object of a kind means beyond storing it.
//!
//! [`on_create`] and [`on_update`] change the object before it is stored; [`after_write`] and [`after_delete`] are what
//! follows within the same request: a CustomResourceDefinition is served, a new namespace gets what each one has.

mod services;
mod workloads;

use std::sync::Arc;

use goyaml::Value;

use crate::call::Call;
use crate::crd;
use crate::defaults;
use crate::namespaces;
use crate::status::ApiResult;
use crate::store::Stored;

fn place(call: &Call) -> (&str, &str) {
    (&call.resource.name.group, &call.resource.name.resource)
}

/// Completes a new object.
pub(crate) fn on_create(call: &Call, object: &mut Value) -> ApiResult<()> {
    match place(call) {
        ("", "namespaces") => namespaces::complete(object),
        ("", "pods") => workloads::new_pod(object),
        ("", "services") => services::allocate(call, None, object)?,
        ("", "persistentvolumeclaims" | "persistentvolumes") => {
            object.set_at(&["status", "phase"], "Pending");
        }
        ("batch", "jobs") => workloads::job_selector(object),
        ("apps", "daemonsets") => workloads::template_generation(None, object),
        ("apiextensions.k8s.io", "customresourcedefinitions") => crd::accept(object, &call.plane.registry()),
        _ => {}
    }
    defaults::cluster::on_create(call.plane.store(), place(call), object);
    Ok(())
}

/// Completes a changed object.
pub(crate) fn on_update(call: &Call, live: &Value, object: &mut Value) -> ApiResult<()> {
    match place(call) {
        ("", "namespaces") => namespaces::complete_label(object),
        ("", "services") => services::allocate(call, Some(live), object)?,
        ("apps", "daemonsets") => workloads::template_generation(Some(live), object),
        ("apiextensions.k8s.io", "customresourcedefinitions") if call.path.subresource.is_empty() => {
            crd::accept(object, &call.plane.registry());
        }
        _ => {}
    }
    Ok(())
}

/// What a change leaves out takes the value that was allocated.
pub(crate) fn before_defaults(call: &Call, live: &Value, object: &mut Value) {
    match place(call) {
        ("", "services") => services::keep_allocated(live, object),
        ("batch", "jobs") => workloads::keep_selector(live, object),
        _ => {}
    }
}

/// Takes from a change only what its endpoint may write: all but status, or status alone.
pub(crate) fn restrict(call: &Call, live: &Value, mut object: Value) -> Value {
    match call.path.subresource.as_str() {
        "" => {
            let is_namespace = place(call) == ("", "namespaces");
            if call.resource.has_status() {
                copy(live, &mut object, &["status"]);
            }
            if is_namespace {
                copy(live, &mut object, &["spec", "finalizers"]);
            }
            object
        }
        "status" => restrict_to_status(call, live, &object),
        "approval" | "finalize" | "ephemeralcontainers" | "resize" => {
            if call.path.subresource != "approval" {
                copy(live, &mut object, &["status"]);
            }
            object
        }
        _ => object,
    }
}

fn restrict_to_status(call: &Call, live: &Value, object: &Value) -> Value {
    let mut next = live.clone();
    copy(object, &mut next, &["status"]);
    if call.resource.custom().is_none() {
        copy(object, &mut next, &["metadata"]);
        copy(live, &mut next, &["metadata", "labels"]);
        copy(live, &mut next, &["metadata", "ownerReferences"]);
    }
    next
}

fn copy(from: &Value, to: &mut Value, path: &[&str]) {
    match from.at(path) {
        Some(value) => {
            to.set_at(path, value.clone());
        }
        None => drop(to.remove_at(path)),
    }
}

/// What follows a stored object.
pub(crate) async fn after_write(call: &Call, stored: &Arc<Stored>) -> ApiResult<()> {
    match place(call) {
        ("", "namespaces") => namespaces::furnish(&call.plane, &stored.value).await,
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            call.plane.serve_definition(&stored.value);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What follows the removal of an object.
pub(crate) async fn after_delete(call: &Call, object: &Value) -> ApiResult<()> {
    if place(call) == ("apiextensions.k8s.io", "customresourcedefinitions") {
        call.plane.drop_definition(object).await?;
    }
    Ok(())
}
