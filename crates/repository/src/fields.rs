//! Lists in manifests.

use goyaml::Value;

/// The items of the list at a path; none if there is no list.
pub(crate) fn items<'a>(value: &'a Value, path: &[&str]) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.at(path).and_then(Value::as_list).unwrap_or_default().iter()
}
