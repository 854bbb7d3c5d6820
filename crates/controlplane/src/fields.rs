//! The seam to typed merge: who owns which field, and the patch formats.

use std::sync::Arc;

use goyaml::Value;
use structured_merge::managed::{Actor, ApplyError, Manager};
use structured_merge::{FieldSet, Gvk, Schema, Type};

use crate::call::Call;
use crate::registry::{Resource, Shape};
use crate::status::{ApiError, ApiResult, Cause};

/// A change by a manager through an endpoint.
pub(crate) struct Fields {
    schema: Option<Arc<Schema>>,
    gvk: Gvk,
    subresource: String,
    reset: Option<FieldSet>,
    manager: String,
    now: String,
}

impl Fields {
    /// For the endpoint, manager and time of a request.
    pub(crate) fn of(call: &Call) -> Self {
        let resource = &call.resource;
        let schema = match &resource.shape {
            Shape::Builtin(schemas) => schemas.merge_schema(&resource.api_version()),
            Shape::Custom(version) => Some(Arc::clone(&version.merge)),
        };
        Self {
            schema,
            gvk: Gvk::new(&resource.name.group, &resource.version, &resource.kind),
            subresource: call.path.subresource.clone(),
            reset: reset_fields(resource, &call.path.subresource),
            manager: call.manager(),
            now: now(),
        }
    }

    fn kind(&self) -> Type<'_> {
        self.schema.as_ref().and_then(|schema| schema.type_of(&self.gvk)).unwrap_or_else(Schema::deduced)
    }

    fn manager(&self) -> Manager<'_> {
        let plain = Manager::new(self.kind(), &self.gvk);
        Manager { subresource: &self.subresource, reset: self.reset.as_ref(), ..plain }
    }

    fn actor(&self) -> Actor<'_> {
        Actor { manager: &self.manager, now: &self.now }
    }

    /// Records what a create, update or patch changed.
    pub(crate) fn update(&self, live: Option<&Value>, new: Value) -> Value {
        self.manager().update(live, new, &self.actor())
    }

    /// Server-side apply.
    pub(crate) fn apply(&self, live: Option<&Value>, config: &Value, force: bool) -> ApiResult<Value> {
        let applied = self.manager().apply(live, config, &self.actor(), force);
        applied.map(|applied| applied.object).map_err(apply_error)
    }

    /// Strategic merge patch.
    pub(crate) fn strategic(&self, live: &Value, patch: &Value) -> ApiResult<Value> {
        structured_merge::strategic::apply(self.kind(), live, patch)
            .map_err(|error| ApiError::bad_request(error.to_string()))
    }
}

/// Keeps the times of `managedFields` entries when nothing else differs, so that a write that changes nothing is none.
pub(crate) fn keep_times(live: &Value, new: &mut Value) {
    structured_merge::managed::keep_times(live, new);
}

/// JSON merge patch.
pub(crate) fn json_merge(live: &Value, patch: &Value) -> Value {
    structured_merge::json_merge::apply(live, patch)
}

/// JSON patch.
pub(crate) fn json_patch(live: &Value, patch: &Value) -> ApiResult<Value> {
    use structured_merge::json_patch::JsonPatchError;
    structured_merge::json_patch::apply(live, patch).map_err(|error| match error {
        JsonPatchError::Malformed(message) => ApiError::bad_request(message),
        other => {
            ApiError::unprocessable(format!("the server rejected our request due to an error in our request: {other}"))
        }
    })
}

fn apply_error(error: ApplyError) -> ApiError {
    match error {
        ApplyError::Conflict(conflicts) => {
            let cause = |conflict: &structured_merge::managed::Conflict| Cause {
                reason: "FieldManagerConflict".into(),
                message: conflict.message(),
                field: conflict.field(),
            };
            ApiError::apply_conflict(conflicts.to_string(), conflicts.0.iter().map(cause).collect())
        }
        ApplyError::BadRequest(message) => ApiError::bad_request(message),
        other => ApiError::plain_internal(other.to_string()),
    }
}

/// What an endpoint does not write.
fn reset_fields(resource: &Resource, subresource: &str) -> Option<FieldSet> {
    match subresource {
        "" if resource.has_status() => Some(FieldSet::of_fields(&[&["status"]])),
        "status" if resource.custom().is_some() => Some(FieldSet::of_fields(&[&["spec"], &["metadata"]])),
        "status" => Some(FieldSet::of_fields(&[&["spec"]])),
        _ => None,
    }
}

/// Now, to the second, in UTC.
pub(crate) fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}
