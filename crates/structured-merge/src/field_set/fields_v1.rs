//! Field sets as `managedFields` stores them.

use std::sync::Arc;

use goyaml::{Kind, Map, Value};

use super::{Entry, FieldSet};
use crate::path::{PathElement, PathError};

/// A `fieldsV1` tree that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A key is not a path element.
    #[error("parsing key as path element: {0}")]
    Key(#[from] PathError),
    /// A node is not an object.
    #[error("expected an object, got {0}")]
    NotAnObject(&'static str),
}

/// The key that says "this item itself".
const SELF: &str = ".";

impl FieldSet {
    /// Reads a `fieldsV1` tree. Path elements of unknown type are left out.
    pub fn from_fields_v1(tree: &Value) -> Result<Self, FieldsError> {
        Ok(read(tree)?.1.unwrap_or_default())
    }

    /// Writes the set as a `fieldsV1` tree, keys in the order the API server prints them.
    pub fn to_fields_v1(&self) -> Value {
        self.write(false)
    }

    fn write(&self, with_self: bool) -> Value {
        let mut map = Map::new();
        if with_self && !self.is_empty() {
            map.insert(SELF, Value::empty_map());
        }
        for entry in &self.entries {
            let below = entry.children.as_ref().map_or_else(Value::empty_map, |children| children.write(entry.member));
            map.insert(entry.element.to_key(), below);
        }
        map.into()
    }
}

/// Whether the node itself is a member, and what is below it.
fn read(node: &Value) -> Result<(bool, Option<FieldSet>), FieldsError> {
    let map = match node.kind() {
        Kind::Map(map) => map,
        Kind::Null => return Ok((true, None)),
        _ => return Err(FieldsError::NotAnObject(node.kind_name())),
    };
    let mut member = false;
    let mut set: Option<FieldSet> = None;
    for (key, child) in map.iter() {
        if key == SELF {
            member = true;
            continue;
        }
        let Some(element) = PathElement::parse(key)? else {
            continue;
        };
        let (child_member, below) = read(child)?;
        set.get_or_insert_default().put(element, child_member, below);
    }
    Ok((member || set.is_none(), set))
}

impl FieldSet {
    /// Adds an entry; two spellings of one element join their membership, the later one's children stay.
    fn put(&mut self, element: PathElement, member: bool, below: Option<Self>) {
        let in_order = self.entries.last().is_none_or(|last| last.element < element);
        let place = if in_order { Err(self.entries.len()) } else { self.find(&element) };
        let children = below.map(Arc::new);
        match place {
            Ok(place) => {
                let entry = &mut self.entries[place];
                entry.member |= member;
                entry.children = children.or_else(|| entry.children.take());
            }
            Err(place) => self.entries.insert(place, Entry { element, member, children }),
        }
    }
}
