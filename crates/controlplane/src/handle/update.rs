//! `PUT` of a whole object.

use bytes::Bytes;
use goyaml::Value;

use crate::call::Call;
use crate::decode;
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult, Cause};
use crate::write::{self, Proposal};

/// Replaces an object, or its part that the subresource names.
pub(super) async fn put(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let mut body = decode::object(content_type, body)?;
    decode::check_kind(call, &mut body.value)?;
    decode::validate_fields(call, &body)?;
    let revision = body.value.str_at(&["metadata", "resourceVersion"]).unwrap_or_default();
    if call.resource.custom().is_some() && revision.is_empty() {
        let message = "Invalid value: 0x0: must be specified for an update".to_owned();
        let field = "metadata.resourceVersion".to_owned();
        let fault = Cause { reason: "FieldValueInvalid".into(), message, field };
        return Err(call.invalid(Call::name_of(&body.value), vec![fault]));
    }
    let object = body.value;
    let propose = |call: &mut Call, _: &crate::fields::Fields, live: Option<&Value>| {
        let may_create = call.resource.strategy.create_on_update && call.path.subresource.is_empty();
        if live.is_none() && !may_create {
            return Err(ApiError::not_found(&call.resource.name, &call.path.name));
        }
        Ok(Proposal { object: object.clone(), owned: false })
    };
    let written = write::modify(call, propose).await?;
    Ok(super::written(call, &written))
}
