//! Finding, and if asked making, the fields a [`FieldSpec`] names in an object.

use goyaml::{Kind, Value};

use crate::id::Gvk;
use crate::scalar;
use crate::table::fields::FieldSpec;

/// What is made where a field is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Nothing: the field is passed over, whatever the spec says.
    Skip,
    /// A scalar for the setter to fill.
    Scalar,
    /// A map for the setter to fill.
    Map,
}

/// Calls `set` on every node the spec leads to.
pub(crate) fn visit(
    object: &mut Value,
    spec: &FieldSpec,
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    if !spec.pattern().selects(&Gvk::of(object)) {
        return Ok(());
    }
    let path = split(&spec.path);
    let missing = if spec.create { missing } else { Missing::Skip };
    walk(object, &path, missing, set).map_err(|error| format!("field '{}': {error}", spec.path))
}

/// The keys of a path; `\/` is a slash inside a key.
pub(crate) fn split(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.strip_prefix('/').unwrap_or(path).split('/') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

fn walk(
    node: &mut Value,
    path: &[String],
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((key, rest)) = path.split_first() else {
        return set(node);
    };
    match node.kind() {
        Kind::Null => Ok(()),
        Kind::List(items) => {
            if items.is_empty() {
                return Ok(());
            }
            let Some(items) = node.as_list_mut() else { return Ok(()) };
            items.iter_mut().try_for_each(|item| walk(item, path, missing, set))
        }
        Kind::Map(_) => enter(node, key, rest, missing, set),
        _ => Err(format!("a list or a map was expected at '{key}', not a {}", node.kind_name())),
    }
}

fn enter(
    node: &mut Value,
    key: &str,
    rest: &[String],
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let (key, is_list) = key.strip_suffix("[]").map_or((key, false), |key| (key, true));
    let made = if is_list { None } else { new_node(missing, rest.is_empty()) };
    let there = node.get(key).map(Value::is_null);
    let fill = match there {
        None => match &made {
            Some(made) => Some(made.clone()),
            None => return Ok(()),
        },
        Some(true) if is_list => Some(Value::from(Vec::new())),
        Some(true) => made,
        Some(false) => None,
    };
    let Some(map) = node.as_map_mut() else { return Ok(()) };
    if let Some(fill) = fill {
        map.insert(key, fill);
    }
    map.get_mut(key).map_or(Ok(()), |child| walk(child, rest, missing, set))
}

fn new_node(missing: Missing, is_last: bool) -> Option<Value> {
    match (missing, is_last) {
        (Missing::Skip, _) => None,
        (Missing::Scalar, true) => Some(Value::from("")),
        _ => Some(Value::empty_map()),
    }
}

/// Sets an entry of a map node.
pub(crate) fn set_entry(node: &mut Value, key: &str, text: &str) -> Result<(), String> {
    let kind = scalar::node_kind(node);
    let map = node.as_map_mut().ok_or_else(|| format!("wrong node kind: expected MappingNode but was {kind}"))?;
    map.insert(key, text);
    Ok(())
}

/// Replaces a scalar node.
pub(crate) fn set_scalar(node: &mut Value, value: impl Into<Value>) -> Result<(), String> {
    if !scalar::is_scalar(node) {
        return Err(format!("wrong node kind: expected ScalarNode but was {}", scalar::node_kind(node)));
    }
    *node = value.into().with_pos(node.pos());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_slashes_stay_in_the_key() {
        assert_eq!(split(r"metadata/annotations/a.b\/c"), ["metadata", "annotations", "a.b/c"]);
        assert_eq!(split("/a/b"), ["a", "b"]);
    }
}
