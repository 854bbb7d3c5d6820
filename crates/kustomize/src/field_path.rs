//! Finding, and if asked making, the fields a [`FieldSpec`] names in an object.

use goyaml::origin::Derivation;
use goyaml::{Kind, Value};

use crate::accumulate::By;
use crate::id::Gvk;
use crate::raw::{self, RawTexts};
use crate::scalar;
use crate::table::fields::{FieldSpec, Part};

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

/// Calls `set` on every node the spec leads to, if it is for this kind of object.
pub(crate) fn visit(
    object: &mut Value,
    gvk: &Gvk,
    spec: &FieldSpec,
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    if spec.selects(gvk) { visit_always(object, spec, missing, set) } else { Ok(()) }
}

/// Calls `set` on every node the path leads to, whatever the kind.
pub(crate) fn visit_always(
    object: &mut Value,
    spec: &FieldSpec,
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let missing = if spec.create { missing } else { Missing::Skip };
    if missing == Missing::Skip && !leads_on(object, spec.parts()) {
        return Ok(());
    }
    walk(object, spec.parts(), missing, set).map_err(|error| format!("field '{}': {error}", spec.path()))
}

/// Makes maps of the nulls on a path that something was put into, as kustomize does where it may make the field.
pub(crate) fn reveal(object: &mut Value, gvk: &Gvk, spec: &FieldSpec, raw: &RawTexts) {
    let mut node = object;
    for Part { key, is_list } in spec.parts().iter().filter(|_| spec.create && spec.selects(gvk)) {
        let child = node.as_map_mut().filter(|_| !is_list).and_then(|map| map.get_mut(key));
        let Some(child) = child else { return };
        if let Some(hidden) = raw.hidden_in(child) {
            *child = Value::from(hidden).with_pos(child.pos());
        }
        node = child;
    }
}

/// Whether walking the path reaches a field or a fault. Looked at first, so that objects without are not copied.
fn leads_on(node: &Value, path: &[Part]) -> bool {
    let Some((part, rest)) = path.split_first() else { return true };
    match node.kind() {
        Kind::Null => raw::is_no_null(node),
        Kind::List(items) => items.iter().any(|item| leads_on(item, path)),
        Kind::Map(map) => {
            // A null where a list is expected becomes an empty one.
            let goes_on = |child: &Value| (part.is_list && child.is_null()) || leads_on(child, rest);
            part.key.is_empty() || map.get(&part.key).is_some_and(goes_on)
        }
        _ => true,
    }
}

fn walk(
    node: &mut Value,
    path: &[Part],
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((part, rest)) = path.split_first() else {
        return set(node);
    };
    match node.kind() {
        Kind::Null if !raw::is_no_null(node) => Ok(()),
        Kind::List(items) => {
            if items.is_empty() {
                return Ok(());
            }
            let Some(items) = node.as_list_mut() else { return Ok(()) };
            items.iter_mut().try_for_each(|item| walk(item, path, missing, set))
        }
        Kind::Map(_) => enter(node, part, rest, missing, set),
        _ => Err(format!("a list or a map was expected at '{}', not a {}", part.key, node.kind_name())),
    }
}

fn enter(
    node: &mut Value,
    Part { key, is_list }: &Part,
    rest: &[Part],
    missing: Missing,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    if key.is_empty() {
        return Err("cannot set or create an empty field name".to_owned());
    }
    let made = if *is_list { None } else { new_node(missing, rest.is_empty()) };
    let there = node.get(key).map(|child| child.is_null() && !raw::is_no_null(child));
    let fill = match there {
        None => match &made {
            Some(made) => Some(made.clone()),
            None => return Ok(()),
        },
        Some(true) if *is_list => Some(Value::from(Vec::new())),
        Some(true) => made,
        Some(false) => None,
    };
    let Some(map) = node.as_map_mut() else { return Ok(()) };
    if let Some(fill) = fill {
        map.insert(key.as_str(), fill);
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

/// Replaces a scalar node; `how` says how the new one is made of the old one.
pub(crate) fn set_scalar(
    node: &mut Value,
    value: impl Into<Value>,
    by: &By<'_>,
    how: impl FnOnce(Derivation, &Value) -> Derivation,
) -> Result<(), String> {
    if !scalar::is_scalar(node) {
        return Err(format!("wrong node kind: expected ScalarNode but was {}", scalar::node_kind(node)));
    }
    let new = value.into().with_pos(node.pos()).with_quotes(node.is_quoted());
    *node = by.derive(new, |derivation| how(derivation, node));
    Ok(())
}

/// The same with a text that kustomize writes as it is: without quotes where there were none, whatever that means.
pub(crate) fn set_bare(
    node: &mut Value,
    text: String,
    by: &By<'_>,
    how: impl FnOnce(Derivation, &Value) -> Derivation,
) -> Result<(), String> {
    let value = if node.is_quoted() { raw::untyped(Value::from(text)) } else { by.raw.bare(&text) };
    set_scalar(node, value, by, how)
}
