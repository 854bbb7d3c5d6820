//! Scalars as text, the way kustomize compares and joins them.

use goyaml::{Kind, Value};

/// The text of a scalar; empty for null and for collections.
pub(crate) fn text(value: &Value) -> String {
    match value.kind() {
        Kind::String(text) => String::from(&**text),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Int(number) => number.to_string(),
        Kind::Uint(number) => number.to_string(),
        Kind::Float(_) => goyaml::json::to_string(value),
        Kind::Null | Kind::List(_) | Kind::Map(_) => String::new(),
    }
}

/// The text of a name, a kind or a namespace.
pub(crate) fn id_text(value: &Value) -> String {
    crate::raw::untyped_null(value).map_or_else(|| text(value), str::to_owned)
}

/// Whether the node is neither a list nor a map.
pub(crate) fn is_scalar(value: &Value) -> bool {
    !matches!(value.kind(), Kind::List(_) | Kind::Map(_))
}

/// What kustomize calls the kind of a node in its messages.
pub(crate) fn node_kind(value: &Value) -> &'static str {
    match value.kind() {
        Kind::List(_) => "SequenceNode",
        Kind::Map(_) => "MappingNode",
        _ => "ScalarNode",
    }
}
