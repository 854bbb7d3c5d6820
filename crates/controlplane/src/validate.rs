//! Native validation: the rules that people run into, in the words of upstream.
//!
//! Upstream has many more; what is not checked here is listed in `KNOWN_DIVERGENCES.md`.

mod immutable;
mod names;
mod workloads;

use goyaml::{Kind, Value};

use crate::crd;
use crate::registry::Resource;
use crate::status::Cause;

/// All faults of an object; `live` is what it replaces.
pub(crate) fn object(resource: &Resource, live: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut faults = names::metadata(resource, live, object);
    if let Some(custom) = resource.custom() {
        faults.extend(crd::validate(custom, live, object));
        return faults;
    }
    faults.extend(workloads::check(resource, object));
    if let Some(live) = live {
        faults.extend(immutable::check(resource, live, object));
    }
    faults
}

/// A value as messages show it.
pub(crate) fn shown(value: &Value) -> String {
    match value.kind() {
        Kind::String(text) => format!("{text:?}"),
        _ => goyaml::json::to_string(value),
    }
}

/// `Invalid value: "x": why`
pub(crate) fn invalid(field: &str, value: &Value, why: &str) -> Cause {
    let message = format!("Invalid value: {}: {why}", shown(value));
    Cause { reason: "FieldValueInvalid".into(), message, field: field.into() }
}

/// `Required value` with or without a sentence.
pub(crate) fn required(field: &str, why: &str) -> Cause {
    let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
    Cause { reason: "FieldValueRequired".into(), message, field: field.into() }
}

/// `Forbidden: why`
pub(crate) fn forbidden(field: &str, why: &str) -> Cause {
    Cause { reason: "FieldValueForbidden".into(), message: format!("Forbidden: {why}"), field: field.into() }
}

/// `Duplicate value: "x"`
pub(crate) fn duplicate(field: &str, value: &Value) -> Cause {
    let message = format!("Duplicate value: {}", shown(value));
    Cause { reason: "FieldValueDuplicate".into(), message, field: field.into() }
}

/// `Unsupported value: "x": supported values: "a", "b"`
pub(crate) fn not_supported(field: &str, value: &Value, supported: &[&str]) -> Cause {
    let supported: Vec<_> = supported.iter().map(|one| format!("{one:?}")).collect();
    let message = format!("Unsupported value: {}: supported values: {}", shown(value), supported.join(", "));
    Cause { reason: "FieldValueNotSupported".into(), message, field: field.into() }
}

/// `Too long: may not be more than 10 bytes`
pub(crate) fn too_long(field: &str, limit: usize) -> Cause {
    let message = format!("Too long: may not be more than {limit} bytes");
    Cause { reason: "FieldValueTooLong".into(), message, field: field.into() }
}

/// `Too many: 3: must have at most 2 items`
pub(crate) fn too_many(field: &str, count: usize, limit: usize) -> Cause {
    let message = format!("Too many: {count}: must have at most {limit} items");
    Cause { reason: "FieldValueTooMany".into(), message, field: field.into() }
}
