//! A value without some fields, or with nothing but them.

use goyaml::{Kind, Map, Value};

use super::items::element_of;
use crate::field_set::{Entry, FieldSet};
use crate::path::PathElement;
use crate::schema::{List, MapType, Schema, Shape, Type, TypeId};

pub(super) fn remove(of: Type<'_>, value: &Value, fields: &FieldSet) -> Value {
    if fields.is_empty() { value.clone() } else { Removal { schema: of.schema, fields }.visit(of.id, value) }
}

pub(super) fn extract(of: Type<'_>, value: &Value, fields: &FieldSet) -> Value {
    Extraction { schema: of.schema, fields }.visit(of.id, value)
}

struct Removal<'a> {
    schema: &'a Schema,
    fields: &'a FieldSet,
}

impl Removal<'_> {
    /// Null where nothing is left, and where fields are to go from inside something atomic.
    fn visit(&self, of: TypeId, value: &Value) -> Value {
        match self.schema.resolve(of).shape(Some(value)) {
            Shape::Scalar(_) => value.clone(),
            Shape::Map(map) if !map.atomic => {
                value.as_map().and_then(|entries| self.map(map, entries)).unwrap_or_default()
            }
            Shape::List(list) if list.associative => {
                value.as_list().and_then(|items| self.list(list, items)).unwrap_or_default()
            }
            _ => Value::NULL,
        }
    }

    fn below<'b>(&self, entry: Option<&'b Entry>) -> Option<Removal<'b>>
    where
        Self: 'b,
        for<'c> &'c Schema: Sized,
    {
        let fields = entry?.children.as_deref()?;
        Some(Removal { schema: self.schema, fields })
    }

    fn map(&self, map: &MapType, entries: &Map) -> Option<Value> {
        let mut out: Option<Map> = None;
        for entry in self.fields.entries() {
            let PathElement::Field(name) = &entry.element else {
                continue;
            };
            let Some(value) = entries.get(name) else {
                continue;
            };
            let out = out.get_or_insert_with(|| entries.clone());
            if entry.member {
                out.remove(name);
            } else if let Some(below) = self.below(Some(entry)) {
                let left = map.type_of(name).map_or_else(Value::default, |of| below.visit(of, value));
                out.insert(name.clone(), left);
            }
        }
        let out = out.unwrap_or_else(|| entries.clone());
        (!out.is_empty()).then(|| out.into())
    }

    fn list(&self, list: &List, items: &[Value]) -> Option<Value> {
        let left = items.iter().filter_map(|item| {
            let element = element_of(self.schema, list, item).ok();
            let entry = element.and_then(|element| self.fields.entry(&element));
            if entry.is_some_and(|entry| entry.member) {
                return None;
            }
            Some(self.below(entry).map_or_else(|| item.clone(), |below| below.visit(list.element, item)))
        });
        let left: Vec<Value> = left.collect();
        (!left.is_empty()).then(|| left.into())
    }
}

struct Extraction<'a> {
    schema: &'a Schema,
    fields: &'a FieldSet,
}

impl Extraction<'_> {
    fn visit(&self, of: TypeId, value: &Value) -> Value {
        match self.schema.resolve(of).shape(Some(value)) {
            Shape::Map(map) if !map.atomic => match value.kind() {
                Kind::Map(entries) if !entries.is_empty() => self.map(map, entries),
                Kind::Map(_) => value.clone(),
                _ => Value::NULL,
            },
            Shape::List(list) if list.associative => match value.kind() {
                Kind::List(items) if !items.is_empty() => self.list(list, items),
                Kind::List(_) => value.clone(),
                _ => Value::NULL,
            },
            _ => value.clone(),
        }
    }

    fn map(&self, map: &MapType, entries: &Map) -> Value {
        let mut out = Map::new();
        for (key, value) in entries.iter() {
            let Some(entry) = self.fields.entry(&PathElement::field(key)) else {
                continue;
            };
            let below = match (&entry.children, entry.member) {
                (Some(children), false) => children,
                (_, true) => self.fields,
                (None, false) => continue,
            };
            let below = Extraction { schema: self.schema, fields: below };
            out.insert(key, map.type_of(key).map_or_else(Value::default, |of| below.visit(of, value)));
        }
        if out.is_empty() { Value::NULL } else { out.into() }
    }

    fn list(&self, list: &List, items: &[Value]) -> Value {
        let shown: Vec<Value> = items
            .iter()
            .filter_map(|item| {
                let element = element_of(self.schema, list, item).ok()?;
                let entry = self.fields.entry(&element)?;
                Some(match &entry.children {
                    Some(fields) => Extraction { schema: self.schema, fields }.visit(list.element, item),
                    None => item.clone(),
                })
            })
            .collect();
        if shown.is_empty() { Value::NULL } else { shown.into() }
    }
}
