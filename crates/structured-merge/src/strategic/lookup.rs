//! What the schema says about a field that a patch merges into.

use std::sync::Arc;

use super::{Outcome, StrategicError};
use crate::go_text;
use crate::schema::{PatchRule, Scalar, Schema, TypeId};

/// A list field: the type of its items and how it is patched.
pub(super) struct ListField {
    pub(super) element: TypeId,
    pub(super) rule: PatchRule,
}

impl ListField {
    /// The field by whose value items are told apart, if they are objects.
    pub(super) fn key(&self) -> Option<&Arc<str>> {
        self.rule.merge_key.as_ref().filter(|key| !key.is_empty())
    }
}

/// The type of a field and how it is patched.
pub(super) fn field(schema: &Schema, of: TypeId, key: &str) -> Outcome<(TypeId, PatchRule)> {
    let definition = schema.resolve(of);
    let Some(map) = definition.map.as_ref().filter(|map| !map.fields.is_empty()) else {
        let kind = kind(schema, of);
        let message = format!("merging an object in json but data type is not struct, instead is: {kind}");
        return Err(StrategicError::Other(message));
    };
    let found = map.fields.get(key);
    let found =
        found.or_else(|| map.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, field)| field));
    let Some(found) = found else {
        let name = definition.name.as_deref().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
        let key = go_text::quote(key);
        return Err(StrategicError::Other(format!(
            "unable to find api field in struct {name} for the json field {key}"
        )));
    };
    Ok((found.of, found.patch.clone()))
}

/// The type of the items of a list field and how it is patched.
pub(super) fn list(schema: &Schema, of: TypeId, key: &str) -> Outcome<ListField> {
    let (list, rule) = field(schema, of, key)?;
    match &schema.resolve(list).list {
        Some(list) => Ok(ListField { element: list.element, rule }),
        None => Err(StrategicError::Other("expected slice or array type, but got: struct".to_owned())),
    }
}

/// The kind of the Go type behind a type, as far as the schema lets it guess.
pub(super) fn kind(schema: &Schema, of: TypeId) -> &'static str {
    let definition = schema.resolve(of);
    match (&definition.map, definition.scalar) {
        (Some(map), _) if map.fields.is_empty() => "map",
        (Some(_), _) => "struct",
        (None, Some(Scalar::Numeric)) => "int32",
        (None, Some(Scalar::Boolean)) => "bool",
        _ => "string",
    }
}
