//! Which fields a manager owns, from `managedFields`, and a live object cut down to them.
//!
//! Works without a schema: `fieldsV1` names list items by key, value or place, which is all a projection needs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use goyaml::{Kind, Map, Value};

/// Nesting of `fieldsV1` that is read; deeper nodes count as owned whole.
const DEPTH_LIMIT: usize = 100;
/// Entries of the interning table before dead ones are thrown out.
const INTERN_SWEEP: usize = 4096;

/// A set of fields: `fieldsV1` as a tree.
#[derive(Debug, Default, PartialEq)]
pub struct OwnedFields {
    children: Vec<(Step, Self)>,
}

#[derive(Debug, PartialEq)]
enum Step {
    /// `f:name`
    Field(Arc<str>),
    /// `k:{"name":"web"}`
    Key(Map),
    /// `v:"finalizer"`
    Item(Value),
    /// `i:0`
    Place(usize),
}

impl OwnedFields {
    /// Reads `fieldsV1`; parts that cannot be read are left out.
    pub fn parse(fields: &Value) -> Self {
        Self::parse_at(fields, 0)
    }

    fn parse_at(fields: &Value, depth: usize) -> Self {
        let Some(map) = fields.as_map().filter(|_| depth < DEPTH_LIMIT) else {
            return Self::default();
        };
        let children = map
            .iter()
            .filter_map(|(key, inside)| Some((Step::parse(key)?, Self::parse_at(inside, depth + 1))))
            .collect();
        Self { children }
    }

    /// Whether no field is owned.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// The parts of a value that are owned; a map without any when there are none.
    pub fn project(&self, value: &Value) -> Value {
        if self.children.is_empty() {
            return Value::empty_map();
        }
        self.cut(value)
    }

    fn cut(&self, value: &Value) -> Value {
        match value.kind() {
            _ if self.children.is_empty() => value.clone(),
            Kind::Map(map) => {
                let owned = self.children.iter().filter_map(|(step, inside)| match step {
                    Step::Field(name) => Some((name.clone(), inside.cut(map.get(name)?))),
                    _ => None,
                });
                owned.collect::<Map>().into()
            }
            Kind::List(items) => {
                items.iter().enumerate().filter_map(|(place, item)| self.cut_item(place, item)).collect()
            }
            _ => value.clone(),
        }
    }

    fn cut_item(&self, place: usize, item: &Value) -> Option<Value> {
        let (step, inside) = self.children.iter().find(|(step, _)| step.is_item(place, item))?;
        match step {
            // Owning an item without any of its fields means owning that it is there: its keys say so.
            Step::Key(keys) if inside.children.is_empty() => Some(keys.clone().into()),
            Step::Item(_) => Some(item.clone()),
            _ => Some(inside.cut(item)),
        }
    }
}

impl Step {
    fn parse(key: &str) -> Option<Self> {
        let (sort, rest) = key.split_once(':')?;
        let json = || goyaml::json::parse(rest.as_bytes()).ok();
        match sort {
            "f" => Some(Self::Field(rest.into())),
            "k" => Some(Self::Key(json()?.as_map()?.clone())),
            "v" => Some(Self::Item(json()?)),
            "i" => Some(Self::Place(rest.parse().ok()?)),
            _ => None,
        }
    }

    fn is_item(&self, place: usize, item: &Value) -> bool {
        match self {
            Self::Field(_) => false,
            Self::Key(keys) => keys.iter().all(|(key, value)| item.get(key) == Some(value)),
            Self::Item(value) => value == item,
            Self::Place(own) => *own == place,
        }
    }
}

/// Shares equal field sets: a thousand Deployments of one shape have one.
#[derive(Default)]
pub(crate) struct Interner {
    sets: Mutex<HashMap<crate::Digest, Weak<OwnedFields>>>,
}

impl Interner {
    pub(crate) fn get(&self, fields: &Value) -> Arc<OwnedFields> {
        let digest = crate::Digest::of(fields);
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sets.get(&digest).and_then(Weak::upgrade) {
            return known;
        }
        if sets.len() >= INTERN_SWEEP && sets.len().is_power_of_two() {
            sets.retain(|_, set| set.strong_count() > 0);
        }
        let parsed = Arc::new(OwnedFields::parse(fields));
        sets.insert(digest, Arc::downgrade(&parsed));
        parsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        goyaml::json::parse(text.as_bytes()).expect("JSON")
    }

    fn check(fields: &str, value: &str, expect: &str) {
        assert_eq!(OwnedFields::parse(&json(fields)).project(&json(value)), json(expect), "{fields}");
    }

    #[test]
    fn maps() {
        check(r#"{"f:data":{"f:a":{}}}"#, r#"{"data":{"a":"1","b":"2"},"x":1}"#, r#"{"data":{"a":"1"}}"#);
        check(r#"{"f:data":{".":{},"f:a":{}}}"#, r#"{"data":{"b":"2"}}"#, r#"{"data":{}}"#);
        check(
            r#"{"f:spec":{"f:selector":{}}}"#,
            r#"{"spec":{"selector":{"a":"b"},"n":1}}"#,
            r#"{"spec":{"selector":{"a":"b"}}}"#,
        );
        check("{}", r#"{"a":1}"#, "{}");
    }

    #[test]
    fn lists() {
        check(
            r#"{"f:c":{"k:{\"name\":\"web\"}":{".":{},"f:name":{},"f:image":{}}}}"#,
            r#"{"c":[{"name":"proxy","image":"p"},{"name":"web","image":"w","pull":"Always"}]}"#,
            r#"{"c":[{"name":"web","image":"w"}]}"#,
        );
        check(
            r#"{"f:p":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}"#,
            r#"{"p":[{"port":80,"protocol":"UDP"},{"port":80,"protocol":"TCP","targetPort":80}]}"#,
            r#"{"p":[{"port":80}]}"#,
        );
        check(r#"{"f:f":{"v:\"a\"":{}}}"#, r#"{"f":["b","a"]}"#, r#"{"f":["a"]}"#);
        check(r#"{"f:f":{"i:1":{}}}"#, r#"{"f":["b","a"]}"#, r#"{"f":["a"]}"#);
        check(
            r#"{"f:c":{"k:{\"name\":\"web\"}":{".":{}}}}"#,
            r#"{"c":[{"name":"web","x":1}]}"#,
            r#"{"c":[{"name":"web"}]}"#,
        );
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        check(r#"{"f:a":{"k:{nojson":{},"z:x":{}}}"#, r#"{"a":[{"name":"x"}]}"#, r#"{"a":[{"name":"x"}]}"#);
    }

    #[test]
    fn equal_sets_are_shared() {
        let interner = Interner::default();
        let first = interner.get(&json(r#"{"f:a":{}}"#));
        assert!(Arc::ptr_eq(&first, &interner.get(&json(r#"{"f:a":{}}"#))));
        assert!(!Arc::ptr_eq(&first, &interner.get(&json(r#"{"f:b":{}}"#))));
    }
}
