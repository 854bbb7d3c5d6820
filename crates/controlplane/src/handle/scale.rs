//! `/scale`: the number of replicas of any kind that has one.

use bytes::Bytes;
use goyaml::{Map, Value};

use super::read;
use crate::call::Call;
use crate::convert;
use crate::decode;
use crate::fields::{self, Fields};
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};
use crate::validate;
use crate::write::{self, Proposal};

const API_VERSION: &str = "autoscaling/v1";

/// Reads or changes the scale of an object.
pub(super) async fn scale(call: &mut Call, verb: &str, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let stored = read::find(call)?;
    let live = convert::to_version(&stored.value, &call.resource);
    let before = of(call, &live);
    let wanted = match verb {
        "get" => return Ok(Reply::value(200, &before)),
        "update" => decode::object(content_type, body)?.value,
        _ => patched(content_type, body, &before)?,
    };
    let replicas = wanted.at(&["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(0);
    if replicas < 0 {
        let fault = validate::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0");
        return Err(ApiError::invalid("autoscaling", "Scale", &call.path.name, vec![fault]));
    }
    let expected = wanted.at(&["metadata", "resourceVersion"]).cloned().filter(|_| verb == "update");
    let path = spec_path(call);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let propose = |call: &mut Call, _: &Fields, live: Option<&Value>| {
        let mut object = live.ok_or_else(|| ApiError::not_found(&call.resource.name, &call.path.name))?.clone();
        object.set_at(&path, replicas);
        match &expected {
            Some(expected) => drop(object.set_at(&["metadata", "resourceVersion"], expected.clone())),
            None => drop(object.remove_at(&["metadata", "resourceVersion"])),
        }
        Ok(Proposal { object, owned: false })
    };
    let written = write::modify(call, propose).await?;
    Ok(Reply::value(200, &of(call, &written.object)))
}

fn patched(content_type: &str, body: &Bytes, before: &Value) -> ApiResult<Value> {
    let patch = decode::yaml(body)?.value;
    match decode::media_type(content_type) {
        "application/json-patch+json" => fields::json_patch(before, &patch),
        _ => Ok(fields::json_merge(before, &patch)),
    }
}

fn spec_path(call: &Call) -> Vec<String> {
    let custom = call.resource.custom().and_then(|custom| custom.scale_path("specReplicasPath"));
    custom.unwrap_or_else(|| vec!["spec".into(), "replicas".into()])
}

/// The scale of an object.
fn of(call: &Call, object: &Value) -> Value {
    let at = |path: &[String]| path.iter().try_fold(object, |node, key| node.get(key)).and_then(Value::as_i64);
    let custom = call.resource.custom();
    let status_path = custom.and_then(|custom| custom.scale_path("statusReplicasPath"));
    let status_path = status_path.unwrap_or_else(|| vec!["status".into(), "replicas".into()]);
    let mut metadata = Map::new();
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object.at(&["metadata", key]) {
            metadata.insert(key, value.clone());
        }
    }
    let mut scale: Map = [("kind", "Scale"), ("apiVersion", API_VERSION)].into_iter().collect();
    scale.insert("metadata", metadata);
    scale.insert("spec", [("replicas", at(&spec_path(call)).unwrap_or(0))].into_iter().collect::<Value>());
    let mut status: Map = [("replicas", at(&status_path).unwrap_or(0))].into_iter().collect();
    let selector = match custom.and_then(|custom| custom.scale_path("labelSelectorPath")) {
        Some(path) => {
            path.iter().try_fold(object, |node, key| node.get(key)).and_then(Value::as_str).map(str::to_owned)
        }
        None => selector_text(object),
    };
    if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
        status.insert("selector", selector);
    }
    scale.insert("status", status);
    scale.into()
}

/// `spec.selector` as a label selector of a query.
fn selector_text(object: &Value) -> Option<String> {
    let selector = object.at(&["spec", "selector"])?;
    let labels = selector.get("matchLabels").or(Some(selector))?.as_map()?;
    let mut parts: Vec<_> =
        labels.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    parts.sort();
    Some(parts.join(","))
}
