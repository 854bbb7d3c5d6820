//! Field sets written when a type was still granular, after it has become atomic.
//!
//! The manager then owns the whole field instead of the parts it owned. The other direction needs no change: the type
//! is treated as if it had always been granular.

use std::sync::Arc;

use crate::field_set::{Entry, FieldSet};
use crate::path::PathElement;
use crate::schema::{DEDUCED, MapType, Schema, Shape, Type, TypeId};

pub(super) fn reconcile(of: Type<'_>, set: &FieldSet) -> Option<FieldSet> {
    below(of.schema, of.id, set)
}

/// The set below a granular value, or `None` if it stays as it is.
fn below(schema: &Schema, of: TypeId, set: &FieldSet) -> Option<FieldSet> {
    let shape = schema.resolve(of).shape(None);
    if matches!(shape, Shape::Map(map) if is_deduced(schema, map)) {
        return None;
    }
    let mut changed = false;
    let entries: Vec<Entry> = set
        .entries()
        .iter()
        .map(|entry| {
            let inner = match (shape, &entry.element) {
                (Shape::Map(map), PathElement::Field(name)) => map.type_of(name),
                (Shape::Map(map), _) => map.element,
                (Shape::List(list), _) => Some(list.element),
                _ => None,
            };
            let new = inner.and_then(|inner| reconcile_entry(schema, inner, entry));
            changed |= new.is_some();
            new.unwrap_or_else(|| entry.clone())
        })
        .collect();
    changed.then(|| FieldSet::from_entries(entries))
}

fn reconcile_entry(schema: &Schema, of: TypeId, entry: &Entry) -> Option<Entry> {
    let children = entry.children.as_ref()?;
    let atomic = match schema.resolve(of).shape(None) {
        Shape::Map(map) => map.atomic && !is_deduced(schema, map),
        Shape::List(list) => !list.associative,
        Shape::Scalar(_) | Shape::None => return None,
    };
    if atomic {
        return Some(Entry { element: entry.element.clone(), member: true, children: None });
    }
    let children = Some(Arc::new(below(schema, of, children)?));
    Some(Entry { element: entry.element.clone(), member: entry.member, children })
}

/// A map about which nothing is declared, or that holds values of any one scalar type.
fn is_deduced(schema: &Schema, map: &MapType) -> bool {
    let untyped = |element: TypeId| {
        let definition = schema.resolve(element);
        definition.scalar == Some(crate::schema::Scalar::Untyped)
    };
    map.fields.is_empty() && map.element.is_some_and(|element| element == DEDUCED || untyped(element))
}
