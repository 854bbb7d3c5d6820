//! What a value looks like through a field set, without a schema: the live object as one manager owns it.

use goyaml::{Kind, Map, Value};

use super::FieldSet;
use crate::path::PathElement;

/// The part of `value` that the set names. Fields that the value lacks are left out; of list items the key fields are
/// always shown, so that the result can be read and compared item by item.
pub fn project(value: &Value, set: &FieldSet) -> Value {
    match value.kind() {
        Kind::Map(map) => project_map(map, set).into(),
        Kind::List(items) => project_list(items, set),
        _ => value.clone(),
    }
}

fn project_map(map: &Map, set: &FieldSet) -> Map {
    let mut out = Map::new();
    for entry in set.entries() {
        let PathElement::Field(name) = &entry.element else {
            continue;
        };
        if let Some(value) = map.get(name) {
            let shown = entry.children.as_ref().map_or_else(|| value.clone(), |children| project(value, children));
            out.insert(name.clone(), shown);
        }
    }
    out
}

fn project_list(items: &[Value], set: &FieldSet) -> Value {
    let shown = items.iter().enumerate().filter_map(|(index, item)| {
        let entry = set.entries().iter().find(|entry| match &entry.element {
            PathElement::Index(wanted) => usize::try_from(*wanted) == Ok(index),
            element => element.matches_item(item),
        })?;
        let Some(children) = &entry.children else {
            return Some(key_fields(item, &entry.element));
        };
        let mut shown = project(item, children);
        if let (PathElement::Key(fields), Some(map)) = (&entry.element, shown.as_map_mut()) {
            for (name, value) in fields.iter().filter(|(name, _)| item.get(name).is_some()) {
                map.insert(name.clone(), value.clone());
            }
        }
        Some(shown)
    });
    shown.collect()
}

fn key_fields(item: &Value, element: &PathElement) -> Value {
    match element {
        PathElement::Key(fields) => fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        _ => item.clone(),
    }
}
