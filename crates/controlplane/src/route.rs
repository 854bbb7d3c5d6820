//! From an HTTP request to the handler that answers it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::request::Parts;

use crate::call::Call;
use crate::config::Identity;
use crate::plane::ControlPlane;
use crate::reply::Reply;
use crate::request::{self, Query, ResourcePath, Target};
use crate::status::{ApiError, ApiResult};
use crate::{authn, discovery, handle, health, openapi};

/// Answers a request.
pub(crate) async fn route(
    plane: &Arc<ControlPlane>,
    parts: &Parts,
    certificate: Option<Identity>,
    body: Bytes,
) -> Reply {
    let path = parts.uri.path();
    if let Some(reply) = health::probe(path) {
        return reply;
    }
    let identity = match authn::authenticate(|token| plane.identity_of(token), certificate, &parts.headers) {
        Ok(identity) => identity,
        Err(error) => return error.into(),
    };
    match request::parse_path(path) {
        Target::Resource(path) => match resource(plane, parts, identity, path) {
            Ok((call, verb)) => handle::handle(call, verb, header(parts, &CONTENT_TYPE), &body).await,
            Err(error) => error.into(),
        },
        Target::Other => {
            plane.counters().count("get", path, (header(parts, &USER_AGENT), &identity.user));
            other(plane, parts).unwrap_or_else(Reply::from)
        }
    }
}

fn header<'a>(parts: &'a Parts, name: &HeaderName) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn resource(
    plane: &Arc<ControlPlane>,
    parts: &Parts,
    identity: Identity,
    path: ResourcePath,
) -> ApiResult<(Call, &'static str)> {
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let verb = request::verb(&parts.method, &path, &query).ok_or_else(ApiError::method_not_allowed);
    let agent = header(parts, &USER_AGENT);
    let mut counted = path.resource.clone();
    if !path.subresource.is_empty() {
        counted = format!("{counted}/{}", path.subresource);
    }
    plane.counters().count(verb.as_ref().copied().unwrap_or("unknown"), &counted, (agent, &identity.user));
    let registry = plane.registry();
    let resource = registry.get(&path.group_version, &path.resource).ok_or_else(ApiError::no_such_resource)?;
    let call = Call {
        plane: Arc::clone(plane),
        resource: Arc::clone(resource),
        path,
        query,
        identity,
        agent: agent.to_owned(),
        accept: header(parts, &ACCEPT).to_owned(),
        warnings: Vec::new(),
    };
    Ok((call, verb?))
}

fn other(plane: &Arc<ControlPlane>, parts: &Parts) -> ApiResult<Reply> {
    let path = parts.uri.path().trim_end_matches('/');
    if !matches!(parts.method.as_str(), "GET" | "HEAD") {
        return Err(ApiError::method_not_allowed());
    }
    match path {
        "/version" => Ok(Reply::value(200, plane.schemas().version())),
        "/openapi/v2" => Err(ApiError::not_acceptable("application/json (only /openapi/v3 is served)")),
        "" => Ok(discovery::paths(plane)),
        _ if path.starts_with("/openapi/v3") => openapi::serve(plane, parts),
        _ if path.starts_with("/api") => discovery::serve(plane, parts),
        _ => Err(ApiError::no_such_resource()),
    }
}
