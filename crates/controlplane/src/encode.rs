//! In which form an answer is wanted: the object, a table for people, or its metadata alone.

use bytes::Bytes;
use goyaml::{Map, Value};

use crate::call::Call;
use crate::status::{ApiError, ApiResult};
use crate::store::Stored;
use crate::{convert, table};

/// The wanted form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object itself.
    Object,
    /// A `Table` in this version of `meta.k8s.io`.
    Table(String),
    /// `PartialObjectMetadata` in this version of `meta.k8s.io`.
    Metadata(String),
}

const SUPPORTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Chooses the first accepted form that can be made. Protobuf is passed over: every client also takes JSON.
pub(crate) fn negotiate(accept: &str) -> ApiResult<Form> {
    if accept.trim().is_empty() {
        return Ok(Form::Object);
    }
    accept.split(',').find_map(form_of).ok_or_else(|| ApiError::not_acceptable(SUPPORTED))
}

fn form_of(part: &str) -> Option<Form> {
    let mut words = part.split(';').map(str::trim);
    let media_type = words.next()?;
    if !matches!(media_type, "application/json" | "*/*" | "application/*") {
        return None;
    }
    let parameters: Vec<_> = words.filter_map(|word| word.split_once('=')).collect();
    let parameter = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let version = parameter("v").unwrap_or("v1").to_owned();
    match parameter("as") {
        None => Some(Form::Object),
        Some("Table") => Some(Form::Table(version)),
        Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Some(Form::Metadata(version)),
        Some(_) => None,
    }
}

/// One stored object in the version of the request.
pub(crate) fn stored_value(call: &Call, stored: &Stored) -> Value {
    convert::to_version(&stored.value, &call.resource)
}

/// One stored object as JSON in the version of the request.
pub(crate) fn stored_json(call: &Call, stored: &Stored) -> Bytes {
    if call.resource.storage_version == call.resource.api_version() && call.resource.name == call.resource.storage {
        return stored.json().clone();
    }
    goyaml::json::to_string(&stored_value(call, stored)).into()
}

/// One object in the wanted form.
pub(crate) fn object(call: &Call, object: &Value, form: &Form) -> Bytes {
    match form {
        Form::Object => goyaml::json::to_string(object).into(),
        Form::Metadata(version) => goyaml::json::to_string(&metadata_only(object, version)).into(),
        Form::Table(version) => {
            let table = table::render(&call.resource, std::slice::from_ref(object), &table_options(call, version));
            goyaml::json::to_string(&table).into()
        }
    }
}

/// What a table is made with.
pub(crate) fn table_options(call: &Call, version: &str) -> table::Options {
    table::Options {
        version: version.to_owned(),
        include_object: call.query.get("includeObject").to_owned(),
        headers: !call.query.flag("noHeaders"),
        now: jiff::Timestamp::now(),
    }
}

/// The object without spec, status and data.
pub(crate) fn metadata_only(object: &Value, version: &str) -> Value {
    let mut partial: Map = [("kind", "PartialObjectMetadata")].into_iter().collect();
    partial.insert("apiVersion", format!("meta.k8s.io/{version}"));
    partial.insert("metadata", object.get("metadata").cloned().unwrap_or_else(Value::empty_map));
    partial.into()
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its objects.
    pub(crate) items: Vec<std::sync::Arc<Stored>>,
    /// The `metadata` of the list.
    pub(crate) metadata: Value,
}

/// A list in the wanted form.
pub(crate) fn list(call: &Call, page: &Page, form: &Form) -> Bytes {
    match form {
        Form::Object => list_of_objects(call, page),
        Form::Metadata(version) => {
            let items = page.items.iter().map(|stored| metadata_only(&stored_value(call, stored), version));
            let mut list: Map = [("kind", "PartialObjectMetadataList")].into_iter().collect();
            list.insert("apiVersion", format!("meta.k8s.io/{version}"));
            list.insert("metadata", page.metadata.clone());
            list.insert("items", items.collect::<Value>());
            goyaml::json::to_string(&list.into()).into()
        }
        Form::Table(version) => {
            let objects: Vec<_> = page.items.iter().map(|stored| stored_value(call, stored)).collect();
            let mut table = table::render(&call.resource, &objects, &table_options(call, version));
            table.set_at(&["metadata"], page.metadata.clone());
            goyaml::json::to_string(&table).into()
        }
    }
}

/// The texts of the objects one after the other, without parsing them.
fn list_of_objects(call: &Call, page: &Page) -> Bytes {
    let (kind, api_version) = (&call.resource.list_kind, call.resource.api_version());
    let metadata = goyaml::json::to_string(&page.metadata);
    let mut out =
        format!(r#"{{"kind":"{kind}","apiVersion":"{api_version}","metadata":{metadata},"items":["#).into_bytes();
    let builtin = call.resource.custom().is_none();
    let head = format!(r#"{{"kind":"{}","apiVersion":"{api_version}","#, call.resource.kind);
    for (index, stored) in page.items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let json = stored_json(call, stored);
        // Items of typed lists do not repeat their kind.
        match json.strip_prefix(head.as_bytes()).filter(|_| builtin) {
            Some(rest) => {
                out.push(b'{');
                out.extend_from_slice(rest);
            }
            None => out.extend_from_slice(&json),
        }
    }
    out.extend_from_slice(b"]}");
    out.into()
}
