//! JSON in and out of the tree.

mod strict;

use std::fmt::Write;

use crate::resolve::number::format_json;
use crate::{Kind, Value};

pub use strict::parse_strict;

/// A text that is not JSON.
#[derive(Debug, thiserror::Error)]
#[error("not valid JSON at line {line}, column {column}: {message}")]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What the parser found wrong.
    pub message: String,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string().replace(&place, "");
        Self { line: error.line(), column: error.column(), message }
    }
}

/// Reads one JSON document; of duplicate keys the last wins, as in Go. Texts nested deeper than 128 levels are refused.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    Ok(serde_json::from_slice(text)?)
}

/// Writes compact JSON with keys in the order of the tree.
pub fn to_string(value: &Value) -> String {
    // A tree has only text keys and JSON kinds, so this does not fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Writes compact JSON as Go's `encoding/json` does: sorted keys, `<`, `>` and `&` escaped, floats in Go's form.
/// Numbers that JSON does not have come out as null.
pub fn to_go_string(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Keys::Sorted);
    out
}

/// The same with keys in the order of the tree, as Go writes structs.
///
/// ```
/// let value = goyaml::json::parse(br#"{"name":"a<b","big":1e21}"#).unwrap();
/// assert_eq!(goyaml::json::to_go_struct_string(&value), r#"{"name":"a\u003cb","big":1e+21}"#);
/// ```
pub fn to_go_struct_string(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Keys::AsTheyAre);
    out
}

/// In which order keys are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Sorted,
    AsTheyAre,
}

fn write_value(out: &mut String, value: &Value, keys: Keys) {
    match value.kind() {
        Kind::Null => out.push_str("null"),
        Kind::Bool(true) => out.push_str("true"),
        Kind::Bool(false) => out.push_str("false"),
        Kind::Int(number) => out.push_str(&number.to_string()),
        Kind::Uint(number) => out.push_str(&number.to_string()),
        Kind::Float(number) => out.push_str(&format_json(*number)),
        Kind::String(text) => write_text(out, text),
        Kind::List(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write_value(out, item, keys);
            }
            out.push(']');
        }
        Kind::Map(map) if keys == Keys::Sorted => write_entries(out, map.sorted().into_iter(), keys),
        Kind::Map(map) => write_entries(out, map.iter(), keys),
    }
}

fn write_entries<'v>(out: &mut String, entries: impl Iterator<Item = (&'v str, &'v Value)>, keys: Keys) {
    out.push('{');
    for (number, (key, item)) in entries.enumerate() {
        if number > 0 {
            out.push(',');
        }
        write_text(out, key);
        out.push(':');
        write_value(out, item, keys);
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\0'..='\u{1F}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing into a String does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
