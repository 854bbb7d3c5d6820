//! Fields that are left to others, as `spec.ignore` of a Kustomization names them.
//!
//! As in Flux, a field counts when its object is made. From then on a difference in it is no drift and no reason to write;
//! and where something else makes a write necessary, the field goes along with the value that the cluster has, or not at
//! all where another manager applies it.

use std::fmt;

use goyaml::{Kind, Value};
use structured_merge::FieldSet;

use crate::observer::Live;

/// Names a field: a JSON pointer (RFC 6901) such as `/spec/replicas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer; an error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix('/').filter(|path| !path.is_empty()) else {
            return Err(format!("'{text}' is not a JSON pointer to a field; write it as /spec/replicas"));
        };
        Ok(Self(path.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()))
    }

    fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match value.kind() {
            Kind::Map(map) => map.get(step),
            Kind::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// What holds the field, and the field's name there.
    fn holder<'v>(&self, value: &'v mut Value) -> Option<(&'v mut Value, &str)> {
        let (last, before) = self.0.split_last()?;
        let holder = before.iter().try_fold(value, |value, step| {
            if value.as_list().is_some() {
                return value.as_list_mut()?.get_mut(step.parse::<usize>().ok()?);
            }
            value.as_map_mut()?.get_mut(step)
        })?;
        Some((holder, last))
    }

    fn remove(&self, value: &mut Value) {
        let Some((holder, name)) = self.holder(value) else { return };
        if let Some(items) = holder.as_list_mut() {
            if let Some(place) = name.parse::<usize>().ok().filter(|place| *place < items.len()) {
                items.remove(place);
            }
        } else if let Some(map) = holder.as_map_mut() {
            map.remove(name);
        }
    }

    /// Sets the field where there is something to hold it.
    fn set(&self, value: &mut Value, to: &Value) {
        let Some((holder, name)) = self.holder(value) else { return };
        if let Some(items) = holder.as_list_mut() {
            if let Some(item) = name.parse::<usize>().ok().and_then(|place| items.get_mut(place)) {
                *item = to.clone();
            }
        } else if let Some(map) = holder.as_map_mut() {
            map.insert(name.to_owned(), to.clone());
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(out, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

/// A value without the fields that are left to others.
pub(crate) fn without(value: &Value, ignored: &[Pointer]) -> Value {
    let mut value = value.clone();
    for pointer in ignored {
        pointer.remove(&mut value);
    }
    value
}

/// What is sent instead of what is wanted, for an object that is there; `now` is its value where `live` hides it.
pub(crate) fn payload(wanted: &Value, live: &Live, now: Option<&Value>, ignored: &[Pointer]) -> Value {
    let mut payload = wanted.clone();
    let known = live.value();
    let now = now.unwrap_or(&known);
    for pointer in ignored {
        let (ours, theirs) = (pointer.find(wanted), pointer.find(now));
        if ours == theirs || ours.is_none() && !applies((live, now), pointer, true) {
            continue;
        }
        match theirs {
            Some(value) if !applies((live, now), pointer, false) => pointer.set(&mut payload, value),
            _ => pointer.remove(&mut payload),
        }
    }
    payload
}

/// Whether we, or somebody else, apply a field.
fn applies((live, now): (&Live, &Value), pointer: &Pointer, ours: bool) -> bool {
    let mut appliers = live.managers.iter().filter(|manager| manager.applied && manager.ours == ours);
    appliers.any(|manager| owns(&manager.fields, now, &pointer.0))
}

/// Whether a set has the field, or anything in it.
fn owns(set: &FieldSet, value: &Value, path: &[String]) -> bool {
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    set.has_at(value, &path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Seal;
    use crate::ownership::Interner;

    fn json(text: &str) -> Value {
        goyaml::json::parse(text.as_bytes()).expect("JSON")
    }

    fn pointers(texts: &[&str]) -> Vec<Pointer> {
        texts.iter().map(|text| Pointer::parse(text).expect("a pointer")).collect()
    }

    /// A Deployment of which we apply `ours` and an autoscaler `theirs`, both as `fieldsV1`.
    fn live(spec: &str, ours: &str, theirs: &str) -> Live {
        let entry = |manager: &str, fields: &str| {
            format!(r#"{{"manager":"{manager}","operation":"Apply","apiVersion":"apps/v1","fieldsV1":{fields}}}"#)
        };
        let value = format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","namespace":"a","uid":"u","managedFields":[{},{}]}},"spec":{spec}}}"#,
            entry("us", ours),
            entry("autoscaler", theirs)
        );
        Live::read(&json(&value), &["us".into()], &Interner::default(), &Seal::random())
    }

    #[track_caller]
    fn sends(wanted: &str, live: &Live, ignored: &[&str], expect: &str) {
        let payload = payload(&json(wanted), live, None, &pointers(ignored));
        assert_eq!(goyaml::json::to_string(&payload), goyaml::json::to_string(&json(expect)));
    }

    #[test]
    fn pointers_are_those_of_json() {
        assert_eq!(Pointer::parse("/a~1b/c~0d/0").expect("a pointer").0, ["a/b", "c~d", "0"]);
        assert_eq!(Pointer::parse("/a~1b").expect("a pointer").to_string(), "/a~1b");
        for text in ["", "/", "spec/replicas"] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_of_nobody_is_taken_over() {
        let live = live(r#"{"replicas":5}"#, r#"{"f:spec":{"f:paused":{}}}"#, "{}");
        sends(
            r#"{"spec":{"replicas":2,"paused":true}}"#,
            &live,
            &["/spec/replicas"],
            r#"{"spec":{"replicas":5,"paused":true}}"#,
        );
        sends(r#"{"spec":{"paused":true}}"#, &live, &["/spec/replicas"], r#"{"spec":{"paused":true}}"#);
    }

    #[test]
    fn what_another_applies_is_left_out() {
        let live = live(r#"{"replicas":5}"#, "{}", r#"{"f:spec":{"f:replicas":{}}}"#);
        sends(r#"{"spec":{"replicas":2,"paused":true}}"#, &live, &["/spec/replicas"], r#"{"spec":{"paused":true}}"#);
        sends(r#"{"spec":{"replicas":5}}"#, &live, &["/spec/replicas"], r#"{"spec":{"replicas":5}}"#);
    }

    #[test]
    fn a_field_that_is_not_wanted_any_more_stays_as_it_is() {
        let live = live(r#"{"replicas":5}"#, r#"{"f:spec":{"f:replicas":{}}}"#, "{}");
        sends(r#"{"spec":{}}"#, &live, &["/spec/replicas"], r#"{"spec":{"replicas":5}}"#);
    }

    #[test]
    fn items_are_found_by_place() {
        let spec = r#"{"containers":[{"name":"a","image":"a:2"},{"name":"b","image":"b:2"}]}"#;
        let theirs = r#"{"f:spec":{"f:containers":{"k:{\"name\":\"b\"}":{"f:image":{}}}}}"#;
        let live = live(spec, "{}", theirs);
        let wanted = r#"{"spec":{"containers":[{"name":"a","image":"a:1"},{"name":"b","image":"b:1"}]}}"#;
        let expect = r#"{"spec":{"containers":[{"name":"a","image":"a:2"},{"name":"b"}]}}"#;
        sends(wanted, &live, &["/spec/containers/0/image", "/spec/containers/1/image"], expect);
        sends(wanted, &live, &["/spec/containers/9/image", "/spec/none/0", "/kind/x"], wanted);
    }
}
