//! `PATCH` in its four formats.

use bytes::Bytes;
use goyaml::Value;

use crate::call::Call;
use crate::decode::{self, Body};
use crate::fields::{self, Fields};
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};
use crate::write::{self, Proposal};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Merge,
    Strategic,
    Apply,
}

/// Changes an object by a patch.
pub(super) async fn patch(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let format = format(call, content_type)?;
    let written = match format {
        Format::Apply => apply(call, body).await?,
        _ => merge(call, format, body).await?,
    };
    Ok(super::written(call, &written))
}

fn format(call: &Call, content_type: &str) -> ApiResult<Format> {
    let custom = call.resource.custom().is_some();
    match decode::media_type(content_type) {
        JSON_PATCH => Ok(Format::Json),
        MERGE => Ok(Format::Merge),
        STRATEGIC if !custom => Ok(Format::Strategic),
        APPLY => Ok(Format::Apply),
        _ => {
            let strategic = if custom { String::new() } else { format!("{STRATEGIC}, ") };
            Err(ApiError::unsupported_media_type(format!(
                "the body of the request was in an unknown format - accepted media types include: {JSON_PATCH}, {MERGE}, {strategic}{APPLY}, application/apply-patch+cbor"
            )))
        }
    }
}

async fn merge(call: &mut Call, format: Format, body: &Bytes) -> ApiResult<write::Written> {
    if call.query.has("force") {
        return Err(ApiError::unprocessable(
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
        ));
    }
    let Body { value: patch, duplicates } = decode::json(body)?;
    let mut reported = false;
    let propose = |call: &mut Call, fields: &Fields, live: Option<&Value>| {
        let live = live.ok_or_else(|| ApiError::not_found(&call.resource.name, &call.path.name))?;
        let mut object = match format {
            Format::Json => fields::json_patch(live, &patch)?,
            Format::Strategic => fields.strategic(live, &patch)?,
            _ => fields::json_merge(live, &patch),
        };
        if !names_revision(&patch) {
            object.remove_at(&["metadata", "resourceVersion"]);
        }
        decode::check_kind(call, &mut object)?;
        let body = Body { value: object, duplicates: duplicates.clone() };
        let problems = decode::strict_problems(call, &body)?;
        if !std::mem::replace(&mut reported, true) {
            decode::report(call, &problems, |_, text| strict_fault(&patch, &text))?;
        }
        Ok(Proposal { object: body.value, owned: false })
    };
    write::modify(call, propose).await
}

/// Whether a patch is meant for one state of the object; without that it is tried again on the newest one.
fn names_revision(patch: &Value) -> bool {
    let operations = patch.as_list().unwrap_or_default();
    patch.at(&["metadata", "resourceVersion"]).is_some()
        || operations.iter().any(|operation| operation.str_at(&["path"]) == Some("/metadata/resourceVersion"))
}

fn strict_fault(patch: &Value, why: &str) -> ApiError {
    let fault = crate::validate::invalid("patch", &goyaml::json::to_string(patch).into(), why);
    ApiError::invalid("", "", "", vec![fault])
}

async fn apply(call: &mut Call, body: &Bytes) -> ApiResult<write::Written> {
    if call.query.get("fieldManager").is_empty() {
        return Err(ApiError::unprocessable(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    let force = call.query.flag("force");
    let mut body = decode::yaml(body)?;
    check_apply_kind(call, &body.value)?;
    settle(call, &mut body.value)?;
    let duplicates: Vec<_> = body.duplicates.iter().map(|path| format!("duplicate field \"{path}\"")).collect();
    decode::report(call, &duplicates, |_, text| ApiError::bad_request(format!("error decoding YAML: {text}")))?;
    let unknown_to_custom = call.resource.custom().is_some();
    if unknown_to_custom {
        let problems = decode::strict_problems(call, &Body { value: body.value.clone(), duplicates: Vec::new() })?;
        decode::report(call, &problems, |_, text| ApiError::bad_request(text))?;
    }
    let config = body.value;
    let propose = |call: &mut Call, fields: &Fields, live: Option<&Value>| {
        if live.is_none() && !call.path.subresource.is_empty() {
            return Err(ApiError::not_found(&call.resource.name, &call.path.name));
        }
        let mut object = fields.apply(live, &config, force)?;
        let expected = config.at(&["metadata", "resourceVersion"]).cloned();
        match expected {
            Some(expected) if live.is_some() => drop(object.set_at(&["metadata", "resourceVersion"], expected)),
            _ => drop(object.remove_at(&["metadata", "resourceVersion"])),
        }
        Ok(Proposal { object, owned: true })
    };
    write::modify(call, propose).await
}

fn check_apply_kind(call: &Call, config: &Value) -> ApiResult<()> {
    let text = |key: &str| config.str_at(&[key]).unwrap_or_default();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    if kind.is_empty() || api_version.is_empty() {
        let missing = if kind.is_empty() { "Object 'Kind' is missing" } else { "Object 'apiVersion' is missing" };
        return Err(ApiError::bad_request(format!("error decoding YAML: {missing} in the applied object")));
    }
    let expected = call.resource.api_version();
    if api_version != expected || kind != call.resource.kind {
        return Err(ApiError::bad_request(format!(
            "invalid object type: {api_version}, Kind={kind}; the request is for {expected}, Kind={}",
            call.resource.kind
        )));
    }
    Ok(())
}

/// Name and namespace of the path, where the body has none.
fn settle(call: &Call, config: &mut Value) -> ApiResult<()> {
    crate::metadata::settle_name(call, config)?;
    crate::metadata::settle_namespace(call, config)
}
