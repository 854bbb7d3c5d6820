//! The generic handler: one for all resources.

mod create;
pub(crate) mod delete;
mod patch;
mod read;
mod scale;
mod special;
mod update;
mod watch;

use bytes::Bytes;

use crate::call::Call;
use crate::encode::{self, Form};
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};
use crate::write::Written;

/// Answers a request about a resource.
pub(crate) async fn handle(mut call: Call, verb: &'static str, content_type: &str, body: &Bytes) -> Reply {
    let outcome = if verb == "watch" && call.path.subresource.is_empty() {
        // The call lives on in the stream.
        if allowed(&call, verb) { watch::watch(call).await } else { Err(ApiError::method_not_allowed()) }
    } else {
        let outcome = dispatch(&mut call, verb, content_type, body).await;
        outcome.map(|reply| reply.warnings(&call.warnings))
    };
    outcome.unwrap_or_else(Reply::from)
}

fn allowed(call: &Call, verb: &str) -> bool {
    let verbs = match call.path.subresource.split('/').next() {
        None | Some("") => Some(&call.resource.verbs),
        Some(subresource) => call.resource.subresources.get(subresource),
    };
    verbs.is_some_and(|verbs| verbs.iter().any(|known| known == verb))
}

async fn dispatch(call: &mut Call, verb: &'static str, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let subresource = call.path.subresource.split('/').next().unwrap_or_default().to_owned();
    if !subresource.is_empty() && !call.resource.subresources.contains_key(&subresource) {
        return Err(ApiError::no_such_resource());
    }
    if !allowed(call, verb) {
        return Err(ApiError::method_not_allowed());
    }
    if call.resource.namespaced && call.path.namespace.is_empty() && !call.path.name.is_empty() {
        return Err(ApiError::no_such_resource());
    }
    match subresource.as_str() {
        "" if special::is_virtual(call) => special::review(call, content_type, body),
        "" | "status" | "approval" | "ephemeralcontainers" | "resize" => main(call, verb, content_type, body).await,
        "finalize" => update::put(call, content_type, body).await,
        "scale" => scale::scale(call, verb, content_type, body).await,
        "token" => special::token(call, content_type, body),
        "binding" => special::bind(call, content_type, body).await,
        "eviction" => special::evict(call, content_type, body).await,
        other => Err(special::not_here(call, other)),
    }
}

async fn main(call: &mut Call, verb: &str, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    match verb {
        "get" => read::get(call).await,
        "list" => read::list(call).await,
        "create" => create::post(call, content_type, body).await,
        "update" => update::put(call, content_type, body).await,
        "patch" => patch::patch(call, content_type, body).await,
        "delete" => delete::delete(call, content_type, body).await,
        "deletecollection" => delete::delete_collection(call, content_type, body).await,
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// The answer to a write.
fn written(call: &Call, written: &Written) -> Reply {
    let code = if written.created { 201 } else { 200 };
    answer(call, code, &written.object)
}

/// An object in the wanted form.
fn answer(call: &Call, code: u16, object: &goyaml::Value) -> Reply {
    let form = encode::negotiate(&call.accept).unwrap_or(Form::Object);
    Reply::json(code, encode::object(call, object, &form))
}
