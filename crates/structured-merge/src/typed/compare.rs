//! Which fields differ between two objects of a type.

use std::sync::Arc;

use goyaml::{Kind, Map, Value};

use super::items::element_of;
use crate::field_set::FieldSet;
use crate::path::{PathElement, equal};
use crate::schema::{List, MapType, Schema, Shape, Type, TypeId};

/// The fields by which two objects differ. No field is in two of the sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Fields that only the first object has.
    pub removed: FieldSet,
    /// Fields that both have with different values.
    pub modified: FieldSet,
    /// Fields that only the second object has.
    pub added: FieldSet,
}

impl Comparison {
    /// Whether the objects are the same.
    pub fn is_same(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    /// The comparison without these fields and everything below them.
    #[must_use]
    pub fn without(self, fields: &FieldSet) -> Self {
        if fields.is_empty() {
            return self;
        }
        Self {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

pub(super) fn compare(of: Type<'_>, before: &Value, after: &Value) -> Comparison {
    let mut walk = Walk { schema: of.schema, path: Vec::new(), out: Comparison::default() };
    walk.visit(of.id, Some(before), Some(after));
    walk.out
}

struct Walk<'a> {
    schema: &'a Schema,
    path: Vec<PathElement>,
    out: Comparison,
}

impl Walk<'_> {
    fn visit(&mut self, of: TypeId, before: Option<&Value>, after: Option<&Value>) {
        if shared(before, after) {
            return;
        }
        let schema = self.schema;
        let definition = schema.resolve(of);
        let (old, new) = (definition.shape(before), definition.shape(after));
        match (before, after) {
            (_, None) => self.shape(old, before, after),
            (None, _) => self.shape(new, before, after),
            _ if old.same_as(&new) => self.shape(new, before, after),
            _ => {
                self.shape(old, before, after);
                self.shape(new, before, after);
            }
        }
        match (before, after) {
            (None, _) => self.out.added.insert(&self.path),
            (_, None) => self.out.removed.insert(&self.path),
            _ => {}
        }
    }

    fn shape(&mut self, shape: Shape<'_>, before: Option<&Value>, after: Option<&Value>) {
        match shape {
            Shape::Map(map) if !map.atomic => self.map(map, before, after),
            Shape::List(list) if list.associative => self.list(list, before, after),
            _ => self.leaf(before, after),
        }
    }

    fn leaf(&mut self, before: Option<&Value>, after: Option<&Value>) {
        if let (Some(before), Some(after)) = (before, after)
            && !equal(before, after)
        {
            self.out.modified.insert(&self.path);
        }
    }

    fn map(&mut self, map: &MapType, before: Option<&Value>, after: Option<&Value>) {
        let entries = |value: Option<&'_ Value>| value.and_then(Value::as_map).cloned().unwrap_or_default();
        let (old, new) = (entries(before), entries(after));
        if old.is_empty() && new.is_empty() {
            return self.leaf(before, after);
        }
        for (key, value) in old.iter() {
            self.entry(map, key, Some(value), new.get(key));
        }
        for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(key)) {
            self.entry(map, key, None, Some(value));
        }
    }

    fn entry(&mut self, map: &MapType, key: &str, before: Option<&Value>, after: Option<&Value>) {
        if shared(before, after) {
            return;
        }
        let declared = map.fields.get_key_value(key);
        let Some(of) = declared.map(|(_, field)| field.of).or(map.element) else {
            return;
        };
        let name = declared.map_or_else(|| key.into(), |(name, _)| name.clone());
        self.step(PathElement::Field(name), of, before, after);
    }

    fn step(&mut self, element: PathElement, of: TypeId, before: Option<&Value>, after: Option<&Value>) {
        self.path.push(element);
        self.visit(of, before, after);
        self.path.pop();
    }

    fn list(&mut self, list: &List, before: Option<&Value>, after: Option<&Value>) {
        let items =
            |value: Option<&'_ Value>| value.and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
        let (old, new) = (items(before), items(after));
        if old.is_empty() && new.is_empty() {
            return self.leaf(before, after);
        }
        let mut all: Vec<(PathElement, bool, &Value)> = Vec::with_capacity(old.len() + new.len());
        for (items, is_new) in [(&old, false), (&new, true)] {
            all.extend(items.iter().filter_map(|item| Some((element_of(self.schema, list, item).ok()?, is_new, item))));
        }
        all.sort_by(|left, right| left.0.cmp(&right.0));
        for group in all.chunk_by(|left, right| left.0 == right.0) {
            let side =
                |wanted: bool| group.iter().filter(|item| item.1 == wanted).map(|item| item.2).collect::<Vec<_>>();
            self.items(list, &group[0].0, &side(false), &side(true));
        }
    }

    /// The items under one key. Several under one key count as one opaque thing.
    fn items(&mut self, list: &List, element: &PathElement, old: &[&Value], new: &[&Value]) {
        match (old, new) {
            ([] | [_], [] | [_]) => {
                self.step(element.clone(), list.element, old.first().copied(), new.first().copied());
            }
            ([_, _, ..], [_, _, ..]) => {
                let same = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| equal(old, new));
                if !same {
                    self.path.push(element.clone());
                    self.out.modified.insert(&self.path);
                    self.path.pop();
                }
            }
            ([_, _, ..], _) => {
                if let Some(only) = new.first() {
                    self.step(element.clone(), list.element, None, Some(only));
                }
                self.path.push(element.clone());
                self.out.removed.insert(&self.path);
                self.path.pop();
            }
            _ => {
                if let Some(only) = old.first() {
                    self.step(element.clone(), list.element, Some(only), None);
                }
                self.path.push(element.clone());
                self.out.added.insert(&self.path);
                self.path.pop();
            }
        }
    }
}

/// Whether both are the same container in memory or the same short scalar: nothing to look at.
fn shared(before: Option<&Value>, after: Option<&Value>) -> bool {
    match (before.map(Value::kind), after.map(Value::kind)) {
        (Some(Kind::Map(before)), Some(Kind::Map(after))) => Arc::<Map>::ptr_eq(before, after),
        (Some(Kind::List(before)), Some(Kind::List(after))) => Arc::ptr_eq(before, after),
        (Some(Kind::String(before)), Some(Kind::String(after))) => before == after,
        _ => false,
    }
}
