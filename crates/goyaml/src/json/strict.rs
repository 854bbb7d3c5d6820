//! JSON with the fields that stand twice in their object, as strict field validation names them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::JsonError;
use crate::{Map, Value};

/// Duplicate fields that are named; Kubernetes stops at as many.
const MAX_DUPLICATES: usize = 100;

/// Reads one JSON document and names the fields that stand twice in their object, as `spec.containers[0].name`.
/// Of duplicate fields the last wins.
pub fn parse_strict(text: &[u8]) -> Result<(Value, Vec<String>), JsonError> {
    let mut found = Found::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Node(&mut found).deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, found.duplicates))
}

/// Where the reader is and what it found.
#[derive(Default)]
struct Found {
    path: String,
    duplicates: Vec<String>,
}

impl Found {
    /// Goes into a field; gives the length of the path to go back to.
    fn enter_field(&mut self, name: &str) -> usize {
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        outer
    }

    fn enter_item(&mut self, index: usize) -> usize {
        let outer = self.path.len();
        self.path.push('[');
        self.path.push_str(&index.to_string());
        self.path.push(']');
        outer
    }

    fn note(&mut self) {
        if self.duplicates.len() < MAX_DUPLICATES && !self.duplicates.contains(&self.path) {
            self.duplicates.push(self.path.clone());
        }
    }
}

struct Node<'f>(&'f mut Found);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let outer = self.0.enter_item(list.len());
            let item = items.next_element_seed(Node(self.0))?;
            self.0.path.truncate(outer);
            match item {
                Some(item) => list.push(item),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let outer = self.0.enter_field(&name);
            if map.contains_key(&name) {
                self.0.note();
            }
            let value = entries.next_value_seed(Node(self.0))?;
            self.0.path.truncate(outer);
            map.insert(name, value);
        }
        Ok(map.into())
    }
}
