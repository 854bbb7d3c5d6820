//! What is applied, laid over what is there.
//!
//! The result shares every unchanged part with the live value.

use goyaml::{Kind, Map, Value};

use super::items::element_of;
use crate::path::PathElement;
use crate::schema::{List, MapType, Schema, Shape, Type, TypeId};

pub(super) fn merge(of: Type<'_>, live: &Value, config: &Value) -> Value {
    Merge { schema: of.schema }.visit(of.id, Some(live), config)
}

struct Merge<'a> {
    schema: &'a Schema,
}

impl Merge<'_> {
    fn visit(&self, of: TypeId, live: Option<&Value>, config: &Value) -> Value {
        let Some(live) = live else {
            return config.clone();
        };
        match self.schema.resolve(of).shape(Some(config)) {
            Shape::Map(map) if !map.atomic => self.map(map, live, config),
            Shape::List(list) if list.associative => self.list(list, live, config),
            _ => config.clone(),
        }
    }

    /// A null or empty map in the config leaves a map that is there as it is.
    fn map(&self, map: &MapType, live: &Value, config: &Value) -> Value {
        let live_map = live.as_map().filter(|map| !map.is_empty());
        let (Some(live_map), Some(config_map)) = (live_map, config.as_map().filter(|map| !map.is_empty())) else {
            return if live_map.is_some() { live.clone() } else { config.clone() };
        };
        let mut merged: Option<Map> = None;
        for (key, wanted) in config_map.iter() {
            let present = live_map.get(key);
            let value = match map.type_of(key) {
                Some(of) => self.visit(of, present, wanted),
                None => wanted.clone(),
            };
            if !present.is_some_and(|present| identical(present, &value)) {
                merged.get_or_insert_with(|| live_map.clone()).insert(key, value);
            }
        }
        merged.map_or_else(|| live.clone(), Value::from)
    }

    fn list(&self, list: &List, live: &Value, config: &Value) -> Value {
        let live_items = live.as_list().unwrap_or_default();
        let config_items = config.as_list().unwrap_or_default();
        if config_items.is_empty() {
            return if live_items.is_empty() { config.clone() } else { live.clone() };
        }
        let elements = |items: &[Value]| {
            items.iter().map(|item| element_of(self.schema, list, item)).collect::<Result<Vec<_>, _>>()
        };
        let (Ok(left), Ok(right)) = (elements(live_items), elements(config_items)) else {
            return config.clone();
        };
        let out = self.interleave(list, &Side::new(live_items, &left), &Side::new(config_items, &right));
        let same = out.len() == live_items.len() && out.iter().zip(live_items).all(|(new, old)| identical(new, old));
        if same { live.clone() } else { out.into() }
    }

    /// The order of the config, with the items that only the live list has kept near their old neighbours.
    fn interleave(&self, list: &List, live: &Side<'_>, config: &Side<'_>) -> Vec<Value> {
        let counterpart: Vec<Option<usize>> = live.elements.iter().map(|element| config.position(element)).collect();
        let mut shared = (0..config.items.len()).filter(|index| live.position(&config.elements[*index]).is_some());
        let mut next_shared = shared.next();
        let mut done = vec![false; config.items.len()];
        let mut out = Vec::with_capacity(live.items.len().max(config.items.len()));
        let (mut l, mut r) = (0, 0);
        while l < live.items.len() || r < config.items.len() {
            let both = l < live.items.len() && r < config.items.len();
            let meets = both && counterpart[l] == Some(r);
            if both && !meets && counterpart[l].is_some() && next_shared.is_some() && counterpart[l] != next_shared {
                l += 1;
                continue;
            }
            if !meets && l < live.items.len() {
                match counterpart[l] {
                    None => {
                        out.push(live.items[l].clone());
                        l += 1;
                        continue;
                    }
                    Some(index) if done[index] => l += 1,
                    Some(_) => {}
                }
            }
            if r < config.items.len() {
                done[r] = true;
                out.push(self.visit(list.element, live.only(&config.elements[r]), &config.items[r]));
                if meets {
                    l += 1;
                }
                if meets || next_shared == Some(r) {
                    next_shared = shared.next();
                }
                r += 1;
            }
        }
        out
    }
}

/// The null that stands for several live items under one key: they are not merged into.
static SEVERAL: Value = Value::NULL;

/// A list with its items found by path element.
struct Side<'a> {
    items: &'a [Value],
    elements: &'a [PathElement],
    sorted: Vec<usize>,
}

impl<'a> Side<'a> {
    fn new(items: &'a [Value], elements: &'a [PathElement]) -> Self {
        let mut sorted: Vec<usize> = (0..elements.len()).collect();
        sorted.sort_by(|left, right| elements[*left].cmp(&elements[*right]));
        Self { items, elements, sorted }
    }

    fn range(&self, element: &PathElement) -> &[usize] {
        let start = self.sorted.partition_point(|index| self.elements[*index] < *element);
        let length = self.sorted[start..].iter().take_while(|index| self.elements[**index] == *element).count();
        &self.sorted[start..start + length]
    }

    fn position(&self, element: &PathElement) -> Option<usize> {
        self.range(element).first().copied()
    }

    fn only(&self, element: &PathElement) -> Option<&Value> {
        match self.range(element) {
            [] => None,
            [index] => self.items.get(*index),
            _ => Some(&SEVERAL),
        }
    }
}

/// Whether nothing has to be written to get from one to the other: shared containers and equal scalars.
fn identical(left: &Value, right: &Value) -> bool {
    match (left.kind(), right.kind()) {
        (Kind::Map(left), Kind::Map(right)) => std::sync::Arc::ptr_eq(left, right),
        (Kind::List(left), Kind::List(right)) => std::sync::Arc::ptr_eq(left, right),
        (left, right) => left == right,
    }
}
