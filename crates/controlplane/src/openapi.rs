//! OpenAPI v3: an index with hashes, and a document per group version.

mod custom;

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Map, Value};
use http::header::{CACHE_CONTROL, ETAG, EXPIRES, IF_NONE_MATCH, LOCATION};
use http::request::Parts;

use crate::discovery::hash;
use crate::plane::ControlPlane;
use crate::registry::Resource;
use crate::reply::Reply;
use crate::request::Query;
use crate::status::{ApiError, ApiResult};

const PREFIX: &str = "/openapi/v3/";

/// The recorded documents with their hashes.
#[derive(Debug)]
pub(crate) struct Documents {
    builtin: BTreeMap<String, (Arc<str>, String)>,
}

impl Documents {
    /// Those of the built-in kinds.
    pub(crate) fn builtin(schemas: &crate::schema::BuiltinSchemas) -> Self {
        let document = |(path, text): (&str, &Arc<str>)| (path.to_owned(), (Arc::clone(text), hash(text.as_bytes())));
        Self { builtin: schemas.documents().map(document).collect() }
    }
}

/// Answers below `/openapi/v3`.
pub(crate) fn serve(plane: &ControlPlane, parts: &Parts) -> ApiResult<Reply> {
    let path = parts.uri.path();
    let Some(name) = path.strip_prefix(PREFIX).filter(|name| !name.is_empty()) else {
        return Ok(index(plane));
    };
    let custom = custom_document(plane, name);
    let builtin = plane.documents().builtin.get(name);
    let (text, tag) = match (custom, builtin) {
        (Some(text), _) => {
            let tag = hash(text.as_bytes());
            (text, tag)
        }
        (None, Some((text, tag))) => (Arc::clone(text), tag.clone()),
        (None, None) => return Err(ApiError::no_such_resource()),
    };
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let asked = query.get("hash");
    if !asked.is_empty() && asked != tag {
        return Ok(Reply::text(301, "").header(LOCATION, format!("{path}?hash={tag}")));
    }
    let quoted = format!("\"{tag}\"");
    let known = parts.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(&quoted);
    let reply = if known { Reply::not_modified() } else { Reply::json(200, text.as_bytes().to_vec()) };
    let reply = reply.header(ETAG, quoted);
    if asked.is_empty() {
        return Ok(reply);
    }
    let year = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(365 * 24);
    let expires = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&year).unwrap_or_default();
    Ok(reply.header(CACHE_CONTROL, "public, immutable").header(EXPIRES, expires))
}

fn index(plane: &ControlPlane) -> Reply {
    let mut tags: BTreeMap<String, String> =
        plane.documents().builtin.iter().map(|(path, (_, tag))| (path.clone(), tag.clone())).collect();
    let tagged = |path: String| custom_document(plane, &path).map(|text| (path, hash(text.as_bytes())));
    tags.extend(custom_paths(plane).into_iter().filter_map(tagged));
    let entry = |(path, tag): (String, String)| {
        let url = format!("{PREFIX}{path}?hash={tag}");
        (path, [("serverRelativeURL", url)].into_iter().collect::<Value>())
    };
    let paths: Map = tags.into_iter().map(entry).collect();
    let index: Value = [("paths", paths)].into_iter().collect();
    // The real server sends this index as text; clients parse it all the same.
    Reply::text(200, goyaml::json::to_string(&index))
}

fn custom_paths(plane: &ControlPlane) -> Vec<String> {
    let registry = plane.registry();
    let custom = registry.custom.values().flatten();
    let mut paths: Vec<_> = custom.map(|resource| format!("apis/{}", resource.api_version())).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The document of a group version that custom definitions serve.
fn custom_document(plane: &ControlPlane, path: &str) -> Option<Arc<str>> {
    let group_version = path.strip_prefix("apis/")?;
    let registry = plane.registry();
    let served = registry.custom.values().flatten().filter(|resource| resource.api_version() == group_version);
    let served: Vec<&Arc<Resource>> = served.collect();
    if served.is_empty() {
        return None;
    }
    let metadata = plane.schemas().types("apps/v1")?;
    Some(goyaml::json::to_string(&custom::document(&served, metadata.document())).into())
}
