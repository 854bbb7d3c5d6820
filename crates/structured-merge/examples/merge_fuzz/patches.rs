//! Random patches of the three formats that are not apply.

use goyaml::{Map, Value};
use structured_merge::Gvk;

use crate::generate::{Random, json, object};

/// A kind, an object of it and a patch.
pub(crate) fn case(random: &mut Random, op: &str) -> (Gvk, Value, Value) {
    let kinds = [("apps", "v1", "Deployment"), ("", "v1", "Service"), ("", "v1", "ConfigMap"), ("", "v1", "Pod")];
    let (group, version, kind) = random.pick(&kinds);
    let gvk = Gvk::new(group, version, kind);
    let mut live = object(random, &gvk);
    // With duplicates in the live list, upstream's answer depends on the spare capacity of a Go slice.
    live.remove_at(&["metadata", "finalizers"])
        .filter(|_| random.chance(50))
        .map(|_| live.set_at(&["metadata", "finalizers"], json("[\"one\",\"two\"]")));
    let patch = match op {
        "jsonpatch" => operations(random, &live),
        "smp" => {
            let other = object(random, &gvk);
            let mut patch = holes(random, &other);
            directives(random, &mut patch, &live);
            patch
        }
        _ => {
            let other = object(random, &gvk);
            holes(random, &other)
        }
    };
    (gvk, live, patch)
}

/// The value with some entries null.
fn holes(random: &mut Random, value: &Value) -> Value {
    match (value.as_map(), value.as_list()) {
        (Some(map), _) => map
            .iter()
            .map(|(key, value)| (key, if random.chance(10) { Value::NULL } else { holes(random, value) }))
            .collect(),
        (_, Some(items)) => items.iter().map(|item| holes(random, item)).collect(),
        _ => value.clone(),
    }
}

fn directives(random: &mut Random, patch: &mut Value, live: &Value) {
    if let Some(map) = patch.as_map_mut() {
        let keys: Vec<String> = map.keys().map(|key| key.as_str().to_owned()).collect();
        for key in &keys {
            let present = live.get(key).cloned().unwrap_or_default();
            if let Some(value) = map.get_mut(key) {
                directives(random, value, &present);
            }
            if random.chance(5) {
                order(random, map, key, &present);
            }
        }
        match random.below(40) {
            0 => drop(map.insert("$patch", random.pick(&["delete", "replace", "merge", "bogus"]))),
            1 => {
                let kept: Value =
                    keys.iter().filter(|_| random.chance(70)).map(|key| Value::from(key.as_str())).collect();
                map.insert("$retainKeys", kept);
            }
            2 => drop(map.insert("$deleteFromPrimitiveList/finalizers", json("[\"one\"]"))),
            _ => {}
        }
    } else if let Some(items) = patch.as_list_mut() {
        for item in items.iter_mut() {
            directives(random, item, &Value::NULL);
        }
        if random.chance(4) && items.iter().all(|item| item.as_map().is_some()) {
            items.push(json(random.pick(&[
                "{\"$patch\":\"replace\"}",
                "{\"$patch\":\"delete\",\"name\":\"app\"}",
                "{\"$patch\":\"delete\",\"port\":1}",
            ])));
        }
    }
}

fn order(random: &mut Random, map: &mut Map, key: &str, live: &Value) {
    let of = |value: Option<&Value>| value.and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
    let mut items = of(map.get(key));
    items.extend(of(Some(live)));
    let mut seen: Vec<Value> = Vec::new();
    for item in items {
        let named = match item.get("name") {
            Some(name) => [("name", name.clone())].into_iter().collect(),
            None => item,
        };
        if !seen.contains(&named) {
            seen.push(named);
        }
    }
    if random.chance(50) {
        seen.reverse();
    }
    map.insert(format!("$setElementOrder/{key}"), seen);
}

fn operations(random: &mut Random, live: &Value) -> Value {
    let count = 1 + random.below(4);
    (0..count).map(|_| operation(random, live)).collect()
}

fn operation(random: &mut Random, live: &Value) -> Value {
    let op = random.pick(&["add", "remove", "replace", "move", "copy", "test", "add", "replace", "bogus"]);
    let mut out = Map::new();
    out.insert("op", op);
    let (path, value) = pointer(random, live);
    out.insert("path", path);
    if matches!(op, "add" | "replace" | "test") && random.chance(95) {
        out.insert(
            "value",
            if random.chance(60) {
                value
            } else {
                json(random.pick(&["1", "null", "{}", "[]", "\"x\"", "{\"a\":[1]}"]))
            },
        );
    }
    if matches!(op, "move" | "copy") && random.chance(95) {
        out.insert("from", pointer(random, live).0);
    }
    out.into()
}

/// A way into the object, most times to something that is there.
fn pointer(random: &mut Random, live: &Value) -> (String, Value) {
    let (mut path, mut node) = (String::new(), live.clone());
    for _ in 0..6 {
        let next = if let Some(map) = node.as_map().filter(|map| !map.is_empty()) {
            let key = map.keys().nth(random.below(map.len())).map(|key| key.as_str().to_owned()).unwrap_or_default();
            (key.replace('~', "~0").replace('/', "~1"), map.get(&key).cloned())
        } else if let Some(items) = node.as_list().filter(|items| !items.is_empty()) {
            let index = random.below(items.len());
            (index.to_string(), items.get(index).cloned())
        } else {
            break;
        };
        path = format!("{path}/{}", next.0);
        node = next.1.unwrap_or_default();
        if random.chance(25) {
            break;
        }
    }
    if random.chance(12) {
        let extra = random.pick(&["/new", "/-", "/-1", "/9", "/0", "/01", ""]);
        path = format!("{path}{extra}");
    }
    (path, node)
}
