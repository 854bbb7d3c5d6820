//! Bodies of requests: JSON, YAML or protobuf to a value, and what a strict decoder says of it.

use goyaml::{Map, Value};

use crate::call::{Call, FieldValidation};
use crate::crd;
use crate::protobuf;
use crate::status::{ApiError, ApiResult};

/// The largest body, as upstream's.
pub(crate) const MAX_BODY: usize = 3 * 1024 * 1024;
/// The deepest nesting of YAML, as that of JSON. Go allows 10,000 levels; no object comes near either.
const MAX_DEPTH: usize = 128;
/// Nodes of a YAML body, those reached through aliases counted each time: a body of this size in JSON is not larger.
const MAX_NODES: usize = 1_000_000;
const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// A body that was read.
#[derive(Debug)]
pub(crate) struct Body {
    /// What it says.
    pub(crate) value: Value,
    /// Fields that stood twice, such as `data.a`.
    pub(crate) duplicates: Vec<String>,
}

/// Reads the body of a create or update.
pub(crate) fn object(content_type: &str, body: &[u8]) -> ApiResult<Body> {
    match media_type(content_type) {
        "" | "application/json" | "*/*" => json(body),
        "application/yaml" => yaml(body),
        PROTOBUF => protobuf::decode(body)
            .map(|value| Body { value, duplicates: Vec::new() })
            .map_err(|error| ApiError::bad_request(error.to_string())),
        _ => Err(ApiError::unsupported_media_type(format!(
            "the body of the request was in an unknown format - accepted media types include: {ACCEPTED}"
        ))),
    }
}

/// The media type without its parameters.
pub(crate) fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Reads JSON.
pub(crate) fn json(body: &[u8]) -> ApiResult<Body> {
    let (value, duplicates) = goyaml::json::parse_strict(body)
        .map_err(|error| ApiError::bad_request(format!("error decoding JSON: {error}")))?;
    Ok(Body { value, duplicates })
}

/// Reads YAML, of which JSON is a part.
pub(crate) fn yaml(body: &[u8]) -> ApiResult<Body> {
    if body.first() == Some(&b'{')
        && let Ok(found) = json(body)
    {
        return Ok(found);
    }
    let invalid = |message: String| ApiError::bad_request(format!("error decoding YAML: {message}"));
    let text = std::str::from_utf8(body).map_err(|error| invalid(error.to_string()))?;
    let limits = goyaml::Limits { bytes: MAX_BODY, depth: MAX_DEPTH, nodes: MAX_NODES };
    let options = goyaml::ParseOptions { dialect: goyaml::Dialect::V2, limits, ..goyaml::ParseOptions::default() };
    let told = |errors: Vec<goyaml::YamlError>| {
        invalid(errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; "))
    };
    let documents = goyaml::parse_documents(text, &options).map_err(told)?;
    let value = documents.into_iter().next().map(|document| document.value).unwrap_or_default();
    Ok(Body { value, duplicates: Vec::new() })
}

/// What a strict decoder would refuse: unknown and duplicate fields, in the words of upstream.
pub(crate) fn strict_problems(call: &Call, body: &Body) -> ApiResult<Vec<String>> {
    let unknown = match (call.resource.types(), call.resource.custom()) {
        (Some((types, id)), _) => {
            let problems = types.check(id, &body.value);
            if let Some(mismatch) = problems.mismatch {
                return Err(cannot_be_handled(call, &mismatch));
            }
            problems.unknown
        }
        (None, Some(custom)) => crd::unknown_fields(custom, &body.value),
        (None, None) => Vec::new(),
    };
    let unknown = unknown.into_iter().map(|path| format!("unknown field \"{path}\""));
    let duplicates = body.duplicates.iter().map(|path| format!("duplicate field \"{path}\""));
    Ok(if call.resource.custom().is_some() {
        duplicates.chain(unknown).collect()
    } else {
        unknown.chain(duplicates).collect()
    })
}

/// Checks an object against its kind and acts as the request wants: refuses, warns or is silent.
pub(crate) fn validate_fields(call: &mut Call, body: &Body) -> ApiResult<()> {
    let problems = strict_problems(call, body)?;
    report(call, &problems, |call, text| cannot_be_handled(call, &text))
}

/// Acts on problems as the request wants.
pub(crate) fn report(
    call: &mut Call,
    problems: &[String],
    refuse: impl Fn(&Call, String) -> ApiError,
) -> ApiResult<()> {
    match call.field_validation()? {
        FieldValidation::Strict if !problems.is_empty() => {
            Err(refuse(call, format!("strict decoding error: {}", problems.join(", "))))
        }
        FieldValidation::Warn => {
            call.warnings.extend(problems.iter().cloned());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn cannot_be_handled(call: &Call, why: &str) -> ApiError {
    let (kind, version) = (&call.resource.kind, &call.resource.version);
    ApiError::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
}

/// Fills in kind and version where the body lacks them and refuses other ones.
pub(crate) fn check_kind(call: &Call, value: &mut Value) -> ApiResult<()> {
    let (kind, api_version) = (call.resource.kind.clone(), call.resource.api_version());
    check_kind_is(value, &kind, &api_version)
}

/// The same for any kind.
pub(crate) fn check_kind_is(value: &mut Value, kind: &str, api_version: &str) -> ApiResult<()> {
    let Some(map) = value.as_map_mut() else {
        let found = value.kind_name();
        return Err(ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): it is a {found}"
        )));
    };
    let text = |map: &Map, key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (found_kind, found_version) = (text(map, "kind"), text(map, "apiVersion"));
    if !found_version.is_empty() && found_version != api_version {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({found_version}) does not match the expected API version ({api_version})"
        )));
    }
    if !found_kind.is_empty() && found_kind != kind {
        return Err(ApiError::bad_request(format!(
            "{found_kind} in version \"{version}\" cannot be handled as a {kind}: the kind in the data ({found_kind}) does not match the expected kind ({kind})",
            version = api_version.rsplit('/').next().unwrap_or(api_version),
        )));
    }
    map.insert("kind", kind);
    map.insert("apiVersion", api_version);
    Ok(())
}
