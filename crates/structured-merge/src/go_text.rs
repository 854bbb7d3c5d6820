//! Values as Go prints them: in JSON, in `%v` and in field paths. Messages and keys must match to the letter.

use std::fmt::Write;

use goyaml::{Kind, Value};

/// Decimal exponent from which `%v` and `encoding/json` print a float in scientific form.
const LARGE_EXPONENT: i32 = 21;
/// Decimal exponent below which `%v` prints a float in scientific form; JSON does so two later.
const SMALL_EXPONENT: i32 = -4;
const SMALL_EXPONENT_JSON: i32 = -6;

/// Compact JSON with sorted keys and Go's escaping of `<`, `>`, `&`.
pub(crate) fn write_json(out: &mut String, value: &Value) {
    match value.kind() {
        Kind::Null => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Int(value) => drop(write!(out, "{value}")),
        Kind::Uint(value) => drop(write!(out, "{value}")),
        Kind::Float(value) => out.push_str(&json_float(*value)),
        Kind::String(text) => write_string(out, text, true),
        Kind::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(out, item);
            }
            out.push(']');
        }
        Kind::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.sorted().into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key, true);
                out.push(':');
                write_json(out, item);
            }
            out.push('}');
        }
    }
}

/// A JSON string without the escapes for HTML.
pub(crate) fn write_plain_string(out: &mut String, text: &str) {
    write_string(out, text, false);
}

fn write_string(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' if html => drop(write!(out, "\\u{:04x}", u32::from(character))),
            '\u{2028}' | '\u{2029}' => drop(write!(out, "\\u{:04x}", u32::from(character))),
            control if control < ' ' => drop(write!(out, "\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn json_float(value: f64) -> String {
    let (small, text) = (SMALL_EXPONENT_JSON, format!("{value:e}"));
    let printed = float_with(value, &text, small);
    // `encoding/json` writes e-09 as e-9.
    match printed.split_once("e-0") {
        Some((mantissa, exponent)) => format!("{mantissa}e-{exponent}"),
        None => printed,
    }
}

/// A float as `%v` prints it.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    float_with(value, &format!("{value:e}"), SMALL_EXPONENT)
}

fn float_with(value: f64, scientific: &str, small: i32) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific.to_owned();
    };
    let power: i32 = exponent.parse().unwrap_or(0);
    if power < small || power >= LARGE_EXPONENT {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", power.abs());
    }
    format!("{value}")
}

/// Text in the quotes of Go's `%q`.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            control if control < ' ' || control == '\u{7f}' => drop(write!(out, "\\x{:02x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A value inside a printed field path.
pub(crate) fn path_value(value: &Value) -> String {
    match value.kind() {
        Kind::Null => "null".to_owned(),
        Kind::String(text) => quote(text),
        Kind::List(items) => format!("[{}]", items.iter().map(path_value).collect::<Vec<_>>().join(",")),
        Kind::Map(map) => map.iter().map(|(key, value)| [key, "=", &path_value(value)].concat()).collect(),
        _ => plain(value),
    }
}

/// A value as `%v` prints the unstructured form: `map[a:1]`, `[1 2]`, `<nil>`.
pub(crate) fn plain(value: &Value) -> String {
    match value.kind() {
        Kind::Null => "<nil>".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Uint(value) => value.to_string(),
        Kind::Float(value) => float(*value),
        Kind::String(text) => text.to_string(),
        Kind::List(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Kind::Map(map) => {
            let entries: Vec<_> =
                map.sorted().into_iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
    }
}

/// The Go type that holds the value in unstructured JSON.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value.kind() {
        Kind::Null => "<nil>",
        Kind::Bool(_) => "bool",
        Kind::Int(_) => "int64",
        Kind::Uint(_) | Kind::Float(_) => "float64",
        Kind::String(_) => "string",
        Kind::List(_) => "[]interface {}",
        Kind::Map(_) => "map[string]interface {}",
    }
}

/// A value as `%v` prints Go's wrapper around unstructured values.
pub(crate) fn wrapped(value: &Value) -> String {
    format!("&{{{}}}", plain(value))
}

/// A value as `%#v` prints that wrapper.
pub(crate) fn debug(value: &Value) -> String {
    format!("&value.valueUnstructured{{Value:{}}}", literal(value))
}

fn literal(value: &Value) -> String {
    match value.kind() {
        Kind::Null => "interface {}(nil)".to_owned(),
        Kind::String(text) => quote(text),
        Kind::List(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Kind::Map(map) => {
            let entries: Vec<_> =
                map.sorted().into_iter().map(|(key, value)| format!("{}:{}", quote(key), literal(value))).collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        _ => plain(value),
    }
}
