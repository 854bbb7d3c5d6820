//! How the items of an associative list are told apart.

use std::sync::Arc;

use goyaml::{Kind, Value};

use crate::path::PathElement;
use crate::schema::{List, Schema};

/// The path element of a list item: its key fields with defaults filled in, or its value in a set.
pub(super) fn element_of(schema: &Schema, list: &List, item: &Value) -> Result<PathElement, String> {
    if !list.associative {
        return Err("invalid indexing of non-associative list".to_owned());
    }
    if list.keys.is_empty() { member_of_set(item) } else { keyed(schema, list, item) }
}

fn keyed(schema: &Schema, list: &List, item: &Value) -> Result<PathElement, String> {
    let map = match item.kind() {
        Kind::Map(map) => map,
        Kind::Null => return Err("associative list with keys may not have a null element".to_owned()),
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let mut fields: Vec<(Arc<str>, Value)> = Vec::with_capacity(list.keys.len());
    for key in list.keys.iter() {
        if let Some(value) = map.get(key) {
            fields.push((key.clone(), value.clone()));
            continue;
        }
        let default =
            default_of(schema, list, key).map_err(|error| format!("couldn't find default value for {key}: {error}"))?;
        fields.extend(default.map(|value| (key.clone(), value)));
    }
    if fields.is_empty() {
        let keys: Vec<_> = list.keys.iter().map(|key| crate::go_text::quote(key)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            keys.join(" ")
        ));
    }
    Ok(PathElement::key(fields))
}

fn default_of(schema: &Schema, list: &List, key: &str) -> Result<Option<Value>, &'static str> {
    let map = schema.resolve(list.element).map.as_ref().ok_or("associative list may not have non-map types")?;
    Ok(map.fields.get(key).and_then(|field| field.default.clone()))
}

fn member_of_set(item: &Value) -> Result<PathElement, String> {
    let refused = match item.kind() {
        Kind::Map(_) => "associative list without keys has an element that's a map type",
        Kind::List(_) => "not supported: associative list with lists as elements",
        Kind::Null => "associative list without keys has an element that's an explicit null",
        _ => return Ok(PathElement::Value(item.clone())),
    };
    Err(refused.to_owned())
}
