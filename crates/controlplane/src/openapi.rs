//! OpenAPI v3: an index with hashes, and a document per group version.

mod custom;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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

/// A document and its hash.
type Document = (Arc<str>, String);

/// The recorded documents, and those of custom kinds once they were asked for.
#[derive(Debug)]
pub(crate) struct Documents {
    builtin: BTreeMap<String, Document>,
    custom: Mutex<BTreeMap<String, Made>>,
}

/// A document with what it was made from.
#[derive(Debug)]
struct Made {
    from: Vec<Arc<Resource>>,
    document: Document,
}

impl Documents {
    /// Those of the built-in kinds.
    pub(crate) fn builtin(schemas: &crate::schema::BuiltinSchemas) -> Self {
        let document = |(path, text): (&str, &Arc<str>)| (path.to_owned(), (Arc::clone(text), hash(text.as_bytes())));
        Self { builtin: schemas.documents().map(document).collect(), custom: Mutex::default() }
    }
}

/// Answers below `/openapi/v3`.
pub(crate) fn serve(plane: &ControlPlane, parts: &Parts) -> ApiResult<Reply> {
    let path = parts.uri.path();
    let Some(name) = path.strip_prefix(PREFIX).filter(|name| !name.is_empty()) else {
        return Ok(index(plane));
    };
    let document = custom_document(plane, name).or_else(|| plane.documents().builtin.get(name).cloned());
    let (text, tag) = document.ok_or_else(ApiError::no_such_resource)?;
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
    let tagged = |path: String| custom_document(plane, &path).map(|(_, tag)| (path, tag));
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

/// The document of a group version that custom definitions serve; made again when one of them changed.
fn custom_document(plane: &ControlPlane, path: &str) -> Option<Document> {
    let group_version = path.strip_prefix("apis/")?;
    let registry = plane.registry();
    let served = registry.custom.values().flatten().filter(|resource| resource.api_version() == group_version);
    let served: Vec<Arc<Resource>> = served.cloned().collect();
    let mut made = plane.documents().custom.lock().unwrap_or_else(PoisonError::into_inner);
    if served.is_empty() {
        made.remove(path);
        return None;
    }
    let same = |known: &&Made| {
        known.from.len() == served.len() && known.from.iter().zip(&served).all(|(one, other)| Arc::ptr_eq(one, other))
    };
    if let Some(known) = made.get(path).filter(same) {
        return Some(known.document.clone());
    }
    let metadata = plane.schemas().types("apps/v1")?;
    let text: Arc<str> = goyaml::json::to_string(&custom::document(&served, metadata.document())).into();
    let document = (Arc::clone(&text), hash(text.as_bytes()));
    made.insert(path.to_owned(), Made { from: served, document: document.clone() });
    Some(document)
}
