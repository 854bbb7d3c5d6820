//! Admission that every cluster has: objects are made only in namespaces that are there and stay.

use crate::call::Call;
use crate::status::{ApiError, ApiResult};
use crate::store::{GroupResource, Name};

/// Namespaces that cannot be deleted.
pub(crate) const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Whether an object may be made here.
pub(crate) fn create(call: &Call, name: &str) -> ApiResult<()> {
    let namespace = call.namespace();
    if !call.resource.namespaced {
        return Ok(());
    }
    if namespace.is_empty() {
        return Err(ApiError::bad_request("an empty namespace may not be set during creation"));
    }
    let namespaces = GroupResource::new("", "namespaces");
    let Some(found) = call.plane.store().get(&namespaces, &Name::new("", namespace)) else {
        return Err(ApiError::not_found(&namespaces, namespace));
    };
    if found.value.at(&["metadata", "deletionTimestamp"]).is_some() {
        return Err(ApiError::namespace_terminating(&call.resource.name, name, namespace));
    }
    Ok(())
}
