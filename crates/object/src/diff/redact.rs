//! Values of Secrets never leave: neither in a difference nor in what is kept in memory for comparing.

use goyaml::{Kind, Value};

use super::FieldDiff;
use crate::base64;

/// Stands for a value that is not shown.
pub const HIDDEN: &str = "*****";
/// Stands for a value that is not shown and differs from the one before.
pub const HIDDEN_CHANGED: &str = "***** (changed)";

/// Maps of a Secret whose values are secret.
const SECRET_FIELDS: [&str; 2] = ["data", "stringData"];
/// An annotation in which kubectl keeps a copy of the whole manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether the object is a core Secret.
pub fn is_secret(object: &Value) -> bool {
    object.str_at(&["kind"]) == Some("Secret") && object.str_at(&["apiVersion"]) == Some("v1")
}

/// Hides the values of a Secret's difference: keys stay, values go.
pub fn redact(field: &mut FieldDiff) {
    let secret = SECRET_FIELDS.iter().any(|name| {
        field
            .path
            .strip_prefix('.')
            .and_then(|path| path.strip_prefix(name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
    }) || field.path == "."
        || field.path == ".metadata"
        || field.path == ".metadata.annotations"
        || field.path.contains(LAST_APPLIED);
    if secret {
        field.before = field.before.as_ref().map(|value| hide(value, HIDDEN));
        let mark = if field.before.is_some() { HIDDEN_CHANGED } else { HIDDEN };
        field.after = field.after.as_ref().map(|value| hide(value, mark));
    }
}

fn hide(value: &Value, mark: &str) -> Value {
    match value.kind() {
        Kind::Map(map) => map.iter().map(|(key, value)| (key, hide(value, mark))).collect(),
        Kind::List(_) | Kind::String(_) | Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => mark.into(),
        Kind::Null => Value::NULL,
    }
}

/// Replaces every value of a Secret by what `digest` makes of it, so that a copy can be kept for comparing.
///
/// `stringData` is folded into `data` by `digest` of the plain text; values of `data` are handed to `digest` decoded
/// if they are base64. Other objects are left as they are.
pub fn seal_secret(object: &mut Value, digest: &dyn Fn(&[u8]) -> String) {
    if !is_secret(object) {
        return;
    }
    let Some(root) = object.as_map_mut() else { return };
    let plain = root.remove("stringData");
    if let Some(data) = root.get_mut("data").and_then(Value::as_map_mut) {
        for (_, value) in data.iter_mut() {
            let text = value.as_str().unwrap_or_default();
            let sealed = base64::decode(text).map_or_else(|| digest(text.as_bytes()), |bytes| digest(&bytes));
            *value = sealed.into();
        }
    }
    if let Some(plain) = plain.as_ref().and_then(Value::as_map) {
        let sealed: Vec<_> =
            plain.iter().map(|(key, value)| (key.to_owned(), digest(super::scalar_text(value).as_bytes()))).collect();
        if let Some(data) = object.child_map_mut("data") {
            for (key, value) in sealed {
                data.insert(key, value);
            }
        }
    }
    let metadata = object.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Value::as_map_mut);
    if let Some(annotations) = metadata.and_then(|map| map.get_mut("annotations")).and_then(Value::as_map_mut) {
        annotations.remove(LAST_APPLIED);
    }
}
