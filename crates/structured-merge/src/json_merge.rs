//! JSON merge patch (RFC 7386): maps are merged, null removes, everything else replaces.

use goyaml::{Kind, Map, Value};

/// The value with the patch laid over it.
pub fn apply(value: &Value, patch: &Value) -> Value {
    match (value.as_map(), patch.as_map()) {
        (Some(map), Some(changes)) => merge(map, changes).into(),
        (Some(_), None) => patch.clone(),
        (None, _) => without_nulls(patch),
    }
}

fn merge(map: &Map, changes: &Map) -> Map {
    let mut out = map.clone();
    for (key, change) in changes.iter() {
        if change.is_null() {
            out.remove(key);
            continue;
        }
        let merged = match out.get(key) {
            Some(present) if !present.is_null() => apply(present, change),
            _ => without_nulls(change),
        };
        out.insert(key, merged);
    }
    out
}

/// New maps take no null entries, not even inside lists; null items of lists stay.
fn without_nulls(value: &Value) -> Value {
    match value.kind() {
        Kind::Map(map) => {
            map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Kind::List(items) => items.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}
