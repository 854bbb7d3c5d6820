//! Messages whose JSON is not an object of their fields.

use goyaml::{Map, Value};
use jiff::{SignedDuration, Timestamp};

/// The JSON of a message of this name with these fields.
pub(super) fn json_form(name: &str, mut fields: Map) -> Value {
    match name.rsplit_once('.') {
        Some(("k8s.io.apimachinery.pkg.apis.meta.v1", "Time")) => time(&fields, 0),
        Some(("k8s.io.apimachinery.pkg.apis.meta.v1", "MicroTime")) => time(&fields, 6),
        Some(("k8s.io.apimachinery.pkg.apis.meta.v1", "Duration")) => duration(int(&fields, "duration")).into(),
        Some(("k8s.io.apimachinery.pkg.api.resource", "Quantity")) => {
            fields.remove("string").unwrap_or_else(|| "0".into())
        }
        Some(("k8s.io.apimachinery.pkg.util.intstr", "IntOrString")) => int_or_string(&mut fields),
        Some((_, "JSONSchemaPropsOrBool")) => {
            let allows = fields.get("allows").and_then(Value::as_bool).unwrap_or(false);
            fields.remove("schema").unwrap_or_else(|| allows.into())
        }
        Some((_, "JSONSchemaPropsOrArray")) => either(&mut fields, "jSONSchemas"),
        Some((_, "JSONSchemaPropsOrStringArray")) => either(&mut fields, "property"),
        _ => fields.into(),
    }
}

fn int(fields: &Map, name: &str) -> i64 {
    fields.get(name).and_then(Value::as_i64).unwrap_or(0)
}

/// RFC 3339; the zero time is how Go writes "none".
fn time(fields: &Map, digits: usize) -> Value {
    let (seconds, nanos) = (int(fields, "seconds"), int(fields, "nanos"));
    if seconds == 0 && nanos == 0 {
        return Value::NULL;
    }
    let time = i32::try_from(nanos).ok().and_then(|nanos| Timestamp::new(seconds, nanos).ok());
    time.map_or(Value::NULL, |time| format!("{time:.digits$}").into())
}

/// As Go prints durations: `1h30m0s`, `1.5s`, `20ms`.
fn duration(nanos: i64) -> String {
    let (sign, all) = (if nanos < 0 { "-" } else { "" }, SignedDuration::from_nanos(nanos).unsigned_abs());
    let (seconds, fraction) = (all.as_secs(), all.subsec_nanos());
    let trim = |text: String| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    let small = match (seconds, fraction) {
        (0, 0) => return "0s".into(),
        (0, 1..1_000) => format!("{fraction}ns"),
        (0, 1_000..1_000_000) => format!("{}µs", trim(format!("{}.{:03}", fraction / 1_000, fraction % 1_000))),
        (0, _) => format!("{}ms", trim(format!("{}.{:06}", fraction / 1_000_000, fraction % 1_000_000))),
        _ => format!("{}s", trim(format!("{}.{fraction:09}", seconds % 60))),
    };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{small}"),
        (0, _) => format!("{sign}{minutes}m{small}"),
        _ => format!("{sign}{hours}h{minutes}m{small}"),
    }
}

fn int_or_string(fields: &mut Map) -> Value {
    if int(fields, "type") == 1 {
        return fields.remove("strVal").unwrap_or_else(|| "".into());
    }
    int(fields, "intVal").into()
}

/// The list if it has items, else the schema.
fn either(fields: &mut Map, list: &str) -> Value {
    let found = fields.remove(list).filter(|items| items.as_list().is_some_and(|items| !items.is_empty()));
    found.or_else(|| fields.remove("schema")).unwrap_or_default()
}
