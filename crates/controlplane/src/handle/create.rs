//! `POST` of a new object.

use bytes::Bytes;

use crate::call::Call;
use crate::decode;
use crate::reply::Reply;
use crate::status::ApiResult;
use crate::write::{self, Proposal};

/// Makes the object of the body.
pub(super) async fn post(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let mut body = decode::object(content_type, body)?;
    decode::check_kind(call, &mut body.value)?;
    decode::validate_fields(call, &body)?;
    let object = write::create(call, Proposal { object: body.value, owned: false }).await?;
    Ok(super::answer(call, 201, &object))
}
