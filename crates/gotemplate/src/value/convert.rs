//! Between the tree of files and the values of templates.

use std::sync::Arc;

use goyaml::Kind as Yaml;

use super::{List, ListKind, Map, MapKind, Value};

/// Levels of nested maps and lists that are printed, copied, compared or written. Maps can contain themselves.
pub const MAX_DEPTH: usize = 200;

/// Nodes of one value that is written as YAML.
pub(super) const MAX_NODES: usize = 1_000_000;

/// What a template sees of a tree that it read itself: as after `encoding/json`, every number is a `float64`.
pub fn from_yaml(value: &goyaml::Value) -> Value {
    match value.kind() {
        Yaml::Null => Value::Nil,
        Yaml::Bool(value) => Value::Bool(*value),
        Yaml::Int(value) => Value::Float(rounded(*value)),
        Yaml::Uint(value) => Value::Float(rounded_up(*value)),
        Yaml::Float(value) => Value::Float(*value),
        Yaml::String(text) => Value::Text(Arc::clone(text).into()),
        Yaml::List(items) => Value::List(List::grown(ListKind::Any, items.iter().map(from_yaml).collect())),
        Yaml::Map(map) => Value::Map(later(map, from_yaml, false)),
    }
}

/// What a template sees of a tree that it is given, with what `scalar` makes of all that is no list and no map. Maps are turned
/// into those of templates when they are first looked at.
pub fn given(value: &goyaml::Value, scalar: fn(&goyaml::Value) -> Value) -> Value {
    match value.kind() {
        Yaml::List(items) => {
            Value::List(List::grown(ListKind::Any, items.iter().map(|item| given(item, scalar)).collect()))
        }
        Yaml::Map(map) => Value::Map(later(map, move |value| given(value, scalar), true)),
        _ => scalar(value),
    }
}

fn later(map: &Arc<goyaml::Map>, convert: impl Fn(&goyaml::Value) -> Value + 'static, given: bool) -> Map {
    let map = Arc::clone(map);
    let entry = move |(key, value): (&goyaml::Key, &goyaml::Value)| (Arc::clone(key.text()).into(), convert(value));
    Map::entries_later(MapKind::Any, given, move || map.pairs().map(entry).collect())
}

#[expect(clippy::cast_precision_loss, reason = "JSON numbers are float64 in Go")]
fn rounded(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "JSON numbers are float64 in Go")]
fn rounded_up(value: u64) -> f64 {
    value as f64
}

/// What JSON and YAML have for a value.
///
/// # Errors
/// `encoding/json`'s words for what it cannot write: infinite numbers, and maps that contain themselves.
pub fn to_yaml(value: &Value) -> Result<goyaml::Value, String> {
    let mut nodes = MAX_NODES;
    tree(value, 0, &mut nodes)
}

fn tree(value: &Value, depth: usize, nodes: &mut usize) -> Result<goyaml::Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("json: unsupported value: nested more than {MAX_DEPTH} levels deep"));
    }
    *nodes = nodes.checked_sub(1).ok_or("json: unsupported value: too many nodes")?;
    Ok(match value {
        Value::None | Value::Nil => goyaml::Value::NULL,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) | Value::Int64(value) => (*value).into(),
        Value::Uint64(value) => (*value).into(),
        Value::Uint8(value) => i64::from(*value).into(),
        Value::Float(value) if !value.is_finite() => {
            return Err(format!("json: unsupported value: {}", crate::fmt::float_text(*value)));
        }
        Value::Float(value) => (*value).into(),
        Value::Complex(..) => return Err("json: unsupported type: complex128".to_owned()),
        Value::Text(text) => lossy(text).into(),
        Value::Bytes(bytes) => base64(bytes).into(),
        Value::List(list) if list.is_nil() => goyaml::Value::NULL,
        Value::List(list) => {
            let items: Result<Vec<_>, _> = list.iter().map(|item| tree(item, depth + 1, nodes)).collect();
            items?.into()
        }
        Value::Map(map) if map.kind() == MapKind::Nil => goyaml::Value::NULL,
        Value::Map(map) => map.with(|entries| {
            let mut out = goyaml::Map::with_capacity(entries.len());
            for (key, value) in entries {
                out.insert(lossy(key), tree(value, depth + 1, nodes)?);
            }
            Ok::<goyaml::Value, String>(out.into())
        })?,
        Value::Object(object) => tree(&object.json(), depth + 1, nodes)?,
    })
}

pub(super) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Text as JSON holds it: each byte that is not UTF-8 is U+FFFD.
pub(crate) fn lossy(bytes: &[u8]) -> Arc<str> {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => go_lossy(bytes).into(),
    }
}

/// Each byte that does not belong to a character becomes one U+FFFD, where Rust makes one of several.
pub(crate) fn go_lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (character, length) = crate::syntax::unquote::decode(rest);
        out.push(character);
        rest = &rest[length..];
    }
    out
}
