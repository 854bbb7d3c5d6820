//! The comparison itself.

use goyaml::{Kind, Map, Value};

use super::list_keys::{self, ItemKey};
use super::{FieldDiff, redact};

/// Fields of `metadata` that the server writes.
const SERVER_METADATA: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// What differs between two versions of an object, without status and server-written metadata, Secrets redacted.
pub fn objects(before: &Value, after: &Value) -> Vec<FieldDiff> {
    let mut found = fields(&without_server_fields(before), &without_server_fields(after));
    if redact::is_secret(before) || redact::is_secret(after) {
        for field in &mut found {
            redact::redact(field);
        }
    }
    found
}

/// The object without its status and without metadata that the server writes.
pub fn without_server_fields(value: &Value) -> Value {
    let mut out = value.clone();
    if let Some(map) = out.as_map_mut() {
        map.remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_map_mut) {
            metadata.retain(|key, _| !SERVER_METADATA.contains(&key));
        }
    }
    out
}

/// What differs between two values, in the order of `after`, then what is gone.
pub fn fields(before: &Value, after: &Value) -> Vec<FieldDiff> {
    let mut found = Vec::new();
    compare(&mut Path { text: String::new(), field: String::new() }, before, after, &mut found);
    found
}

/// Where the walk is: the printed path and the name of the last field, which says how list items are told apart.
struct Path {
    text: String,
    field: String,
}

impl Path {
    fn enter<T>(&mut self, step: &str, field: Option<&str>, inside: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.text.len();
        let outer = field.map(|name| std::mem::replace(&mut self.field, name.to_owned()));
        self.text.push_str(step);
        let result = inside(self);
        self.text.truncate(length);
        if let Some(outer) = outer {
            self.field = outer;
        }
        result
    }

    fn report(&self, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldDiff>) {
        let path = if self.text.is_empty() { ".".to_owned() } else { self.text.clone() };
        found.push(FieldDiff { path, before: before.cloned(), after: after.cloned() });
    }
}

fn compare(path: &mut Path, before: &Value, after: &Value, found: &mut Vec<FieldDiff>) {
    if before == after {
        return;
    }
    match (before.kind(), after.kind()) {
        (Kind::Map(before), Kind::Map(after)) => compare_maps(path, before, after, found),
        (Kind::List(old), Kind::List(new)) => match list_keys::of(&path.field, old, new) {
            Some(keys) => compare_keyed(path, (old, new), &keys, found),
            None if old.len() == new.len() => compare_by_place(path, old, new, found),
            None => path.report(Some(before), Some(after), found),
        },
        _ => path.report(Some(before), Some(after), found),
    }
}

fn compare_maps(path: &mut Path, before: &Map, after: &Map, found: &mut Vec<FieldDiff>) {
    for (key, new) in after.iter() {
        path.enter(&step(key), Some(key), |path| match before.get(key) {
            Some(old) => compare(path, old, new, found),
            None => path.report(None, Some(new), found),
        });
    }
    for (key, old) in before.iter().filter(|(key, _)| !after.contains_key(key)) {
        path.enter(&step(key), Some(key), |path| path.report(Some(old), None, found));
    }
}

fn compare_by_place(path: &mut Path, before: &[Value], after: &[Value], found: &mut Vec<FieldDiff>) {
    for (place, (old, new)) in before.iter().zip(after).enumerate() {
        path.enter(&format!("[{place}]"), None, |path| compare(path, old, new, found));
    }
}

fn compare_keyed(path: &mut Path, lists: (&[Value], &[Value]), keys: &[&str], found: &mut Vec<FieldDiff>) {
    let (before, after) = lists;
    let old_keys: Vec<ItemKey> = before.iter().map(|item| ItemKey::of(item, keys)).collect();
    let mut seen = vec![false; before.len()];
    for new in after {
        let key = ItemKey::of(new, keys);
        let old = old_keys.iter().position(|old| *old == key);
        path.enter(&key.to_string(), None, |path| match old {
            Some(place) => compare(path, &before[place], new, found),
            None => path.report(None, Some(new), found),
        });
        if let Some(place) = old {
            seen[place] = true;
        }
    }
    for ((old, key), _) in before.iter().zip(&old_keys).zip(&seen).filter(|(_, seen)| !**seen) {
        path.enter(&key.to_string(), None, |path| path.report(Some(old), None, found));
    }
}

/// The parts of a value that `like` has too: the same keys of maps, the same items of lists whose items have keys.
/// What is in neither is left out, other lists and scalars are taken as they are.
pub fn restrict(value: &Value, like: &Value) -> Value {
    restrict_at("", value, like)
}

fn restrict_at(field: &str, value: &Value, like: &Value) -> Value {
    match (value.kind(), like.kind()) {
        (Kind::Map(map), Kind::Map(like)) if !like.is_empty() => {
            like.iter().filter_map(|(key, like)| Some((key, restrict_at(key, map.get(key)?, like)))).collect()
        }
        // An empty map asks for nothing inside.
        (Kind::Map(_), Kind::Map(_)) => Value::empty_map(),
        (Kind::List(items), Kind::List(like)) => match list_keys::of(field, items, like) {
            Some(keys) => restrict_items(items, like, &keys),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}

fn restrict_items(items: &[Value], like: &[Value], keys: &[&str]) -> Value {
    like.iter()
        .filter_map(|like| {
            let key = ItemKey::of(like, keys);
            let item = items.iter().find(|item| ItemKey::of(item, keys) == key)?;
            Some(restrict_at("", item, like))
        })
        .collect()
}

/// `.name`, or `["with.dots/and slashes"]` for keys that would not read as one field.
fn step(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain { format!(".{key}") } else { format!("[{key:?}]") }
}
