//! Every field that a value mentions: what its sender means to own.

use goyaml::{Kind, Map, Value};

use super::items::element_of;
use crate::field_set::{Entry, FieldSet};
use crate::path::PathElement;
use crate::schema::{List, MapType, Schema, Shape, Type, TypeId};

pub(super) fn field_set(of: Type<'_>, value: &Value) -> FieldSet {
    visit(of.schema, of.id, value).1
}

/// Whether the value itself is a leaf of the set, and what is below it.
fn visit(schema: &Schema, of: TypeId, value: &Value) -> (bool, FieldSet) {
    let leaf = (true, FieldSet::new());
    match schema.resolve(of).shape(Some(value)) {
        Shape::Map(map) if map.atomic => leaf,
        Shape::List(list) if !list.associative => leaf,
        Shape::Scalar(_) => leaf,
        Shape::Map(map) => (false, value.as_map().map(|entries| map_fields(schema, map, entries)).unwrap_or_default()),
        Shape::List(list) => (false, value.as_list().map(|items| list_items(schema, list, items)).unwrap_or_default()),
        Shape::None => (false, FieldSet::new()),
    }
}

fn map_fields(schema: &Schema, map: &MapType, entries: &Map) -> FieldSet {
    let entries = entries.iter().filter_map(|(key, value)| {
        let declared = map.fields.get_key_value(key);
        let of = declared.map(|(_, field)| field.of).or(map.element)?;
        let (leaf, below) = visit(schema, of, value);
        let empty = match value.kind() {
            Kind::Null => true,
            Kind::Map(map) => map.is_empty(),
            _ => false,
        };
        let name = declared.map_or_else(|| key.into(), |(name, _)| name.clone());
        Entry::new(PathElement::Field(name), leaf || empty || declared.is_none(), below)
    });
    FieldSet::from_entries(entries.collect())
}

/// Stands for items that cannot be told apart. Only pruning makes such: an item whose fields are all gone, but not the
/// item itself, is null, and still makes the list count as present.
const NAMELESS: PathElement = PathElement::Index(i64::MAX);

/// Items that share a key are owned as one, without what is in them.
fn list_items(schema: &Schema, list: &List, items: &[Value]) -> FieldSet {
    let element = |item| element_of(schema, list, item).unwrap_or(NAMELESS);
    let mut elements: Vec<_> = items.iter().map(|item| (element(item), item)).collect();
    elements.sort_by(|left, right| left.0.cmp(&right.0));
    let groups = elements.chunk_by(|left, right| left.0 == right.0);
    let entries = groups.filter_map(|group| match group {
        [(element, item)] => Entry::new(element.clone(), true, visit(schema, list.element, item).1),
        [(element, _), ..] => Entry::new(element.clone(), true, FieldSet::new()),
        [] => None,
    });
    FieldSet::from_entries(entries.collect())
}
