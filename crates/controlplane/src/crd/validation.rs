//! What a structural schema says against an object, in the words of kube-apiserver.

use goyaml::{Kind, Map, Value};

use super::structural::on;
use crate::status::Cause;
use crate::validate::{duplicate, invalid, not_supported, required, too_long, too_many};

/// Faults that are told of one object.
const MAX_FAULTS: usize = 100;

/// All faults of an object.
pub(super) fn validate(schema: &Value, object: &Value) -> Vec<Cause> {
    let mut faults = Vec::new();
    walk(schema, object, "", &mut faults);
    faults.truncate(MAX_FAULTS);
    faults
}

fn child(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn walk(schema: &Value, value: &Value, path: &str, faults: &mut Vec<Cause>) {
    if faults.len() >= MAX_FAULTS || value.is_null() && on(schema, "nullable") {
        return;
    }
    if !check_type(schema, value, path, faults) {
        return;
    }
    check_enum(schema, value, path, faults);
    match value.kind() {
        Kind::Map(map) => check_map(schema, map, path, faults),
        Kind::List(items) => check_list(schema, items, path, faults),
        Kind::String(text) => check_text(schema, text, path, faults),
        Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => check_number(schema, value, path, faults),
        Kind::Null | Kind::Bool(_) => {}
    }
    check_combinations(schema, value, path, faults);
}

fn check_type(schema: &Value, value: &Value, path: &str, faults: &mut Vec<Cause>) -> bool {
    let int_or_string = on(schema, "x-kubernetes-int-or-string");
    let wanted = schema.str_at(&["type"]).unwrap_or_default();
    let found = match value.kind() {
        Kind::Null => "null",
        Kind::Bool(_) => "boolean",
        Kind::Int(_) | Kind::Uint(_) => "integer",
        Kind::Float(number) if number.fract() == 0.0 => "integer",
        Kind::Float(_) => "number",
        Kind::String(_) => "string",
        Kind::List(_) => "array",
        Kind::Map(_) => "object",
    };
    let fits = match wanted {
        _ if int_or_string => matches!(found, "integer" | "string"),
        "" => true,
        "number" => matches!(found, "integer" | "number"),
        wanted => wanted == found,
    };
    if !fits {
        let wanted = if int_or_string { "integer,string" } else { wanted };
        let message = format!("{path} in body must be of type {wanted}: \"{found}\"");
        faults.push(Cause {
            reason: "FieldValueTypeInvalid".into(),
            message: format!("Invalid value: \"{found}\": {message}"),
            field: path.to_owned(),
        });
    }
    fits
}

fn check_enum(schema: &Value, value: &Value, path: &str, faults: &mut Vec<Cause>) {
    let Some(allowed) = schema.get("enum").and_then(Value::as_list) else {
        return;
    };
    if !allowed.contains(value) {
        let allowed: Vec<_> = allowed
            .iter()
            .map(|one| one.as_str().map_or_else(|| goyaml::json::to_string(one), str::to_owned))
            .collect();
        let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
        faults.push(not_supported(path, value, &allowed));
    }
}

fn check_map(schema: &Value, map: &Map, path: &str, faults: &mut Vec<Cause>) {
    let named = schema.get("required").and_then(Value::as_list).unwrap_or_default();
    for name in named.iter().filter_map(Value::as_str).filter(|name| !map.contains_key(name)) {
        faults.push(required(&child(path, name), ""));
    }
    let properties = schema.get("properties");
    let additional = schema.get("additionalProperties").filter(|one| one.as_map().is_some());
    for (key, value) in map.iter() {
        if let Some(known) = properties.and_then(|known| known.get(key)) {
            walk(known, value, &child(path, key), faults);
        } else if let Some(additional) = additional {
            walk(additional, value, &child(path, key), faults);
        }
    }
    let count = map.len();
    if let Some(limit) = bound(schema, "maxProperties").filter(|limit| count > *limit) {
        faults.push(too_many(path, count, limit));
    }
    if let Some(least) = bound(schema, "minProperties").filter(|least| count < *least) {
        let value = goyaml::json::to_string(&map.clone().into());
        faults.push(invalid_raw(path, &value, &format!("{path} in body should have at least {least} properties")));
    }
}

fn check_list(schema: &Value, items: &[Value], path: &str, faults: &mut Vec<Cause>) {
    if let Some(item) = schema.get("items") {
        for (index, value) in items.iter().enumerate() {
            walk(item, value, &format!("{path}[{index}]"), faults);
        }
    }
    if let Some(limit) = bound(schema, "maxItems").filter(|limit| items.len() > *limit) {
        faults.push(too_many(path, items.len(), limit));
    }
    if let Some(least) = bound(schema, "minItems").filter(|least| items.len() < *least) {
        faults.push(invalid_raw(
            path,
            &items.len().to_string(),
            &format!("{path} in body should have at least {least} items"),
        ));
    }
    check_unique(schema, items, path, faults);
}

/// Items of sets and maps occur once.
fn check_unique(schema: &Value, items: &[Value], path: &str, faults: &mut Vec<Cause>) {
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_list).unwrap_or_default();
    let keys: Vec<_> = keys.iter().filter_map(Value::as_str).collect();
    let identity = |item: &Value| -> Value {
        if keys.is_empty() {
            return item.clone();
        }
        keys.iter().filter_map(|key| Some((*key, item.get(key)?.clone()))).collect()
    };
    if !matches!(schema.str_at(&["x-kubernetes-list-type"]), Some("set" | "map")) {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let identity = identity(item);
        if !seen.insert(goyaml::json::to_string(&identity)) {
            faults.push(duplicate(&format!("{path}[{index}]"), &identity));
        }
    }
}

fn check_text(schema: &Value, text: &str, path: &str, faults: &mut Vec<Cause>) {
    let length = text.chars().count();
    if let Some(limit) = bound(schema, "maxLength").filter(|limit| length > *limit) {
        faults.push(too_long(path, limit));
    }
    if let Some(least) = bound(schema, "minLength").filter(|least| length < *least) {
        faults.push(invalid(path, &text.into(), &format!("{path} in body should be at least {least} chars long")));
    }
    if let Some(pattern) = schema.str_at(&["pattern"])
        && let Ok(known) = regex::Regex::new(pattern)
        && !known.is_match(text)
    {
        faults.push(invalid(path, &text.into(), &format!("{path} in body should match '{pattern}'")));
    }
    if let Some(format) = schema.str_at(&["format"])
        && !fits_format(format, text)
    {
        let message = format!("{path} in body must be of type {format}: {text:?}");
        faults.push(invalid(path, &text.into(), &message));
    }
}

fn fits_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.parse::<jiff::civil::Date>().is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    }
}

fn check_number(schema: &Value, value: &Value, path: &str, faults: &mut Vec<Cause>) {
    let Some(number) = number(value) else {
        return;
    };
    let limit = |name: &str| schema.get(name).and_then(self::number).map(|limit| (limit, schema.get(name)));
    let shown = |bound: Option<&Value>| bound.map(goyaml::json::to_string).unwrap_or_default();
    if let Some((limit, bound)) = limit("maximum") {
        let exclusive = on(schema, "exclusiveMaximum");
        if number > limit || exclusive && number >= limit {
            let than = if exclusive { "less than" } else { "less than or equal to" };
            faults.push(invalid(path, value, &format!("{path} in body should be {than} {}", shown(bound))));
        }
    }
    if let Some((limit, bound)) = limit("minimum") {
        let exclusive = on(schema, "exclusiveMinimum");
        if number < limit || exclusive && number <= limit {
            let than = if exclusive { "greater than" } else { "greater than or equal to" };
            faults.push(invalid(path, value, &format!("{path} in body should be {than} {}", shown(bound))));
        }
    }
    if let Some((step, bound)) = limit("multipleOf")
        && step > 0.0
        && (number / step).fract() != 0.0
    {
        faults.push(invalid(path, value, &format!("{path} in body should be a multiple of {}", shown(bound))));
    }
}

fn check_combinations(schema: &Value, value: &Value, path: &str, faults: &mut Vec<Cause>) {
    let branches = |name: &str| schema.get(name).and_then(Value::as_list).unwrap_or_default();
    let holds = |branch: &Value| {
        let mut found = Vec::new();
        walk(branch, value, path, &mut found);
        found.is_empty()
    };
    for branch in branches("allOf") {
        walk(branch, value, path, faults);
    }
    let mut told = |how: &str| {
        let shown = goyaml::json::to_string(value);
        faults.push(invalid_raw(path, &shown, &format!("{path:?} must validate {how}")));
    };
    let any_of = branches("anyOf");
    if !any_of.is_empty() && !any_of.iter().any(holds) {
        told("at least one schema (anyOf)");
    }
    let one_of = branches("oneOf");
    if !one_of.is_empty() && one_of.iter().filter(|branch| holds(branch)).count() != 1 {
        told("one and only one schema (oneOf)");
    }
    if schema.get("not").is_some_and(holds) {
        told("not the schema (not)");
    }
}

fn invalid_raw(path: &str, value: &str, message: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {value}: {message}"),
        field: path.to_owned(),
    }
}

fn bound(schema: &Value, name: &str) -> Option<usize> {
    schema.get(name)?.as_i64().and_then(|limit| usize::try_from(limit).ok())
}

#[expect(clippy::cast_precision_loss, reason = "limits of schemas are compared as JSON numbers, which are doubles")]
fn number(value: &Value) -> Option<f64> {
    match value.kind() {
        Kind::Int(number) => Some(*number as f64),
        Kind::Uint(number) => Some(*number as f64),
        Kind::Float(number) => Some(*number),
        _ => None,
    }
}
