//! Requests that the plane makes of itself: bootstrap, namespaces, garbage, simulators.
//!
//! They go the same way as those of clients, but need no socket and are not counted.

use std::sync::Arc;

use goyaml::Value;

use crate::call::Call;
use crate::config::Identity;
use crate::handle::delete;
use crate::plane::ControlPlane;
use crate::registry::Resource;
use crate::request::{Query, ResourcePath};
use crate::status::{ApiError, ApiResult};
use crate::write::{self, Proposal};

/// The name under which the plane itself owns fields.
const MANAGER: &str = "kube-controller-manager";

/// A bare object.
pub(crate) fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    let mut object = Value::empty_map();
    object.set_at(&["kind"], kind);
    object.set_at(&["apiVersion"], api_version);
    object.set_at(&["metadata", "name"], name);
    if !namespace.is_empty() {
        object.set_at(&["metadata", "namespace"], namespace);
    }
    object
}

/// A call of the plane to itself.
pub(crate) fn call(
    plane: &Arc<ControlPlane>,
    resource: &Arc<Resource>,
    (namespace, name): (&str, &str),
    subresource: &str,
) -> Call {
    let path = ResourcePath {
        group_version: resource.api_version(),
        namespace: namespace.into(),
        resource: resource.name.resource.to_string(),
        name: name.into(),
        subresource: subresource.into(),
        watch: false,
    };
    Call {
        plane: Arc::clone(plane),
        resource: Arc::clone(resource),
        path,
        query: Query::default(),
        identity: Identity { user: "system:kube-controller-manager".into(), groups: vec!["system:masters".into()] },
        agent: MANAGER.into(),
        accept: String::new(),
        warnings: Vec::new(),
    }
}

/// Makes an object; gives back how it is stored.
pub(crate) async fn create(plane: &Arc<ControlPlane>, resource: &Arc<Resource>, object: Value) -> ApiResult<Value> {
    let namespace = object.str_at(&["metadata", "namespace"]).unwrap_or_default().to_owned();
    let mut call = call(plane, resource, (&namespace, ""), "");
    Box::pin(write::create(&mut call, Proposal { object, owned: false })).await
}

/// Makes an object unless it is there.
pub(crate) async fn ensure(
    plane: &Arc<ControlPlane>,
    group_version: &str,
    plural: &str,
    object: Value,
) -> ApiResult<()> {
    let registry = plane.registry();
    let resource = registry.get(group_version, plural).ok_or_else(ApiError::no_such_resource)?;
    let text = |key| object.str_at(&["metadata", key]).unwrap_or_default();
    if plane.store().get(&resource.storage, &crate::store::Name::new(text("namespace"), text("name"))).is_some() {
        return Ok(());
    }
    match create(plane, resource, object).await {
        Err(error) if error.reason == "AlreadyExists" => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Changes an object, or its status when that is the subresource; 404 when it is not there.
pub(crate) async fn change(
    plane: &Arc<ControlPlane>,
    resource: &Arc<Resource>,
    at: (&str, &str),
    subresource: &str,
    change: impl Fn(&mut Value) + Send,
) -> ApiResult<Value> {
    let mut own = call(plane, resource, at, subresource);
    let propose = |call: &mut Call, _: &crate::fields::Fields, live: Option<&Value>| {
        let live = live.ok_or_else(|| ApiError::not_found(&call.resource.name, &call.path.name))?;
        let mut object = live.clone();
        change(&mut object);
        object.remove_at(&["metadata", "resourceVersion"]);
        Ok(Proposal { object, owned: false })
    };
    Box::pin(write::modify(&mut own, propose)).await.map(|written| written.object)
}

/// Deletes an object in the background way; one that is not there is fine.
pub(crate) async fn delete(
    plane: &Arc<ControlPlane>,
    resource: &Arc<Resource>,
    namespace: &str,
    name: &str,
) -> ApiResult<()> {
    let mut call = call(plane, resource, (namespace, name), "");
    match Box::pin(delete::remove(&mut call, &delete::Options::at_once())).await {
        Err(error) if error.reason == "NotFound" => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// Takes an object out, whatever finalizers it has: its definition is gone.
pub(crate) async fn erase(
    plane: &Arc<ControlPlane>,
    resource: &Arc<Resource>,
    namespace: &str,
    name: &str,
) -> ApiResult<()> {
    let full_name = crate::store::Name::new(namespace, name);
    while let Some(stored) = plane.store().get(&resource.storage, &full_name) {
        let write = crate::store::Write {
            resource: resource.storage.clone(),
            name: full_name.clone(),
            expect: crate::store::Expect::Revision(stored.revision),
            value: None,
        };
        match plane.store().write(write).await {
            Err(crate::store::WriteError::Conflict) => {}
            outcome => return outcome.map(drop).map_err(ApiError::from),
        }
    }
    Ok(())
}
