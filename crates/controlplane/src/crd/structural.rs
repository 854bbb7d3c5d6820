//! Pruning and defaulting by a structural schema.

use goyaml::{Map, Value};

/// Paths that are told; a body of nothing else must not make an endless message.
const MAX_PATHS: usize = 64;
/// Fields that every object has, whatever its schema says.
const ROOT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What pruning took away.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// As `spec.foo`.
    pub(super) paths: Vec<String>,
    at: Vec<String>,
}

/// Drops the fields that the schema of a whole object does not have.
pub(super) fn prune(schema: &Value, object: &mut Value, dropped: &mut Dropped) {
    prune_value(schema, object, dropped, true);
}

fn prune_value(schema: &Value, value: &mut Value, dropped: &mut Dropped, is_object: bool) {
    let preserve = on(schema, "x-kubernetes-preserve-unknown-fields");
    let is_object = is_object || on(schema, "x-kubernetes-embedded-resource");
    if let Some(items) = schema.get("items") {
        for (index, item) in value.as_list_mut().into_iter().flatten().enumerate() {
            dropped.at.push(format!("[{index}]"));
            prune_value(items, item, dropped, false);
            dropped.at.pop();
        }
    }
    let properties = schema.get("properties");
    let additional = schema.get("additionalProperties");
    let Some(map) = value.as_map_mut() else {
        return;
    };
    map.retain(|key, value| {
        if is_object && ROOT.contains(&key) {
            return true;
        }
        let known =
            properties.and_then(|known| known.get(key)).or_else(|| additional.filter(|one| one.as_map().is_some()));
        dropped.at.push(key.to_owned());
        let keep = match known {
            Some(known) => {
                prune_value(known, value, dropped, false);
                true
            }
            None => preserve || additional.and_then(Value::as_bool) == Some(true),
        };
        if !keep && dropped.paths.len() < MAX_PATHS {
            dropped.paths.push(dropped.at.join(".").replace(".[", "["));
        }
        dropped.at.pop();
        keep
    });
}

/// Fills in the defaults of the schema. Nulls of fields that are not nullable give way to their default.
pub(super) fn default(schema: &Value, value: &mut Value) {
    if let Some(items) = schema.get("items") {
        for item in value.as_list_mut().into_iter().flatten() {
            default(items, item);
        }
    }
    let properties = schema.get("properties").and_then(Value::as_map);
    let additional = schema.get("additionalProperties").filter(|one| one.as_map().is_some());
    let Some(map) = value.as_map_mut() else {
        return;
    };
    for (key, property) in properties.into_iter().flat_map(Map::iter) {
        if map.get(key).is_some_and(Value::is_null) && !on(property, "nullable") {
            map.remove(key);
        }
        if let Some(found) = property.get("default").filter(|_| !map.contains_key(key)) {
            map.insert(key, found.clone());
        }
    }
    for (key, value) in map.iter_mut() {
        if let Some(property) = properties.and_then(|known| known.get(key)).or(additional) {
            default(property, value);
        }
    }
}

/// Whether a flag of the schema is set.
pub(super) fn on(schema: &Value, flag: &str) -> bool {
    schema.get(flag).and_then(Value::as_bool).unwrap_or(false)
}
