//! The difference between two statuses as a JSON merge patch.

use serde::Serialize;
use serde_json::{Map, Value};

/// The merge patch that makes `old` into `new`; `None` when they are equal. Lists are replaced whole.
pub(crate) fn between<T: Serialize>(old: &T, new: &T) -> Option<Value> {
    let tree = |status: &T| serde_json::to_value(status).expect("because a status has only text keys");
    let patch = merge(&tree(old), &tree(new))?;
    let mut root = Map::new();
    root.insert("status".into(), patch);
    Some(Value::Object(root))
}

fn merge(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return Some(new.clone());
    };
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = new.iter().filter_map(|(key, value)| {
        let patch = match old.get(key) {
            Some(before) => merge(before, value)?,
            None => value.clone(),
        };
        Some((key.clone(), patch))
    });
    Some(Value::Object(gone.chain(changed).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::between;

    #[test]
    fn patches_are_minimal() {
        let old = json!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "gone": 1});
        assert_eq!(between(&old, &old), None);
        let new = json!({"a": 1, "b": {"c": 1, "d": 3}, "e": [1, 2], "f": {"g": 1}});
        let patch = json!({"status": {"b": {"d": 3}, "e": [1, 2], "f": {"g": 1}, "gone": null}});
        assert_eq!(between(&old, &new), Some(patch));
    }
}
