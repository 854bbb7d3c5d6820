//! JSON merge patch (RFC 7386): maps are merged, null removes, everything else replaces.

use goyaml::{Map, Value};

/// The value with the patch laid over it.
pub fn apply(value: &Value, patch: &Value) -> Value {
    let Some(changes) = patch.as_map() else {
        return patch.clone();
    };
    let mut out = value.as_map().cloned().unwrap_or_else(Map::new);
    for (key, change) in changes.iter() {
        if change.is_null() {
            out.remove(key);
            continue;
        }
        let merged = apply(out.get(key).unwrap_or(&Value::NULL), change);
        out.insert(key, merged);
    }
    out.into()
}
