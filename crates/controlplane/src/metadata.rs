//! Rules about `metadata` that hold for every kind.

use goyaml::{Map, Value};

use crate::call::Call;
use crate::status::{ApiError, ApiResult};

/// Letters of generated names: no vowels and nothing that looks like another.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const GENERATED: usize = 5;
const MAX_GENERATED_BASE: usize = 58;

/// A random uid, as RFC 4122 writes it.
pub(crate) fn uid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..4], &hex[4..6], &hex[6..8], &hex[8..10], &hex[10..]].map(<[String]>::concat).join("-")
}

/// Random bytes; zeros when the system has none, which only makes names collide.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the system gives no random bytes");
    }
    bytes
}

/// Five random letters.
pub(crate) fn random_suffix() -> String {
    random::<GENERATED>().iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

/// The object's metadata, made if missing.
pub(crate) fn of(object: &mut Value) -> ApiResult<&mut Map> {
    object.child_map_mut("metadata").ok_or_else(|| ApiError::bad_request("metadata must be an object"))
}

/// Puts the namespace of the path into the object, or refuses another one.
pub(crate) fn settle_namespace(call: &Call, object: &mut Value) -> ApiResult<()> {
    let namespace = call.namespace().to_owned();
    let metadata = of(object)?;
    let found = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default();
    if !found.is_empty() && found != namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if namespace.is_empty() {
        metadata.remove("namespace");
    } else {
        metadata.insert("namespace", namespace);
    }
    Ok(())
}

/// Puts the name of the path into the object, or refuses another one.
pub(crate) fn settle_name(call: &Call, object: &mut Value) -> ApiResult<()> {
    let metadata = of(object)?;
    let found = metadata.get("name").and_then(Value::as_str).unwrap_or_default();
    if !found.is_empty() && found != call.path.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({})",
            call.path.name
        )));
    }
    metadata.insert("name", call.path.name.as_str());
    Ok(())
}

/// What a new object gets. Its name is generated where it asks for that.
pub(crate) fn begin(call: &Call, object: &mut Value) -> ApiResult<()> {
    let generation = call.resource.strategy.generation;
    let metadata = of(object)?;
    if metadata.get("resourceVersion").and_then(Value::as_str).is_some_and(|found| !found.is_empty()) {
        return Err(ApiError::bad_request("resourceVersion should not be set on objects to be created"));
    }
    for key in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation", "uid"] {
        metadata.remove(key);
    }
    generate_name(metadata);
    metadata.insert("uid", uid());
    metadata.insert("creationTimestamp", crate::fields::now());
    if generation {
        metadata.insert("generation", 1_i64);
    }
    Ok(())
}

fn generate_name(metadata: &mut Map) {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default();
    let base: String = text("generateName").chars().take(MAX_GENERATED_BASE).collect();
    if text("name").is_empty() && !base.is_empty() {
        metadata.insert("name", format!("{base}{}", random_suffix()));
    }
}

/// Keys of metadata that clients cannot change once an object is there.
const KEPT: [&str; 7] = [
    "uid",
    "creationTimestamp",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "generateName",
];

/// What a changed object keeps of the one before.
pub(crate) fn carry_over(live: &Value, object: &mut Value) -> ApiResult<()> {
    let metadata = of(object)?;
    for key in KEPT {
        match live.at(&["metadata", key]) {
            Some(value) => drop(metadata.insert(key, value.clone())),
            None => drop(metadata.remove(key)),
        }
    }
    drop_empty(metadata);
    Ok(())
}

/// Empty maps and lists of metadata are not kept.
pub(crate) fn drop_empty(metadata: &mut Map) {
    metadata.retain(|_, value| {
        let empty = value.as_map().is_some_and(Map::is_empty) || value.as_list().is_some_and(<[Value]>::is_empty);
        !empty && !value.is_null()
    });
}

/// Counts a change of the wish, which is all but metadata and status.
pub(crate) fn bump_generation(call: &Call, live: &Value, object: &mut Value) {
    if !call.resource.strategy.generation {
        return;
    }
    let status_apart = call.resource.has_status() || call.resource.custom().is_none();
    let wish = |value: &Value| {
        let mut wish = value.as_map().cloned().unwrap_or_default();
        wish.retain(|key, _| key != "metadata" && !(status_apart && key == "status"));
        // To be bound to a node is no change of what is wished for.
        let mut wish = Value::from(wish);
        if call.resource.kind == "Pod" {
            wish.remove_at(&["spec", "nodeName"]);
        }
        wish
    };
    let deleting = |value: &Value| value.at(&["metadata", "deletionTimestamp"]).is_some();
    if wish(live) != wish(object) || deleting(object) && !deleting(live) {
        let generation = live.at(&["metadata", "generation"]).and_then(Value::as_i64).unwrap_or(0);
        object.set_at(&["metadata", "generation"], generation + 1);
    }
}

/// Whether an object has finalizers.
pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    let list = object.at(&["metadata", "finalizers"]).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn uids_are_version_four() {
        let uid = super::uid();
        assert_eq!(uid.len(), 36);
        assert_eq!(uid.as_bytes()[14], b'4');
        assert_ne!(uid, super::uid());
    }
}
