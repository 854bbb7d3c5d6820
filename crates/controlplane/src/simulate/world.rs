//! What a reconciler sees: the store as it is now, and the time.

use goyaml::{Map, Value};
use jiff::Timestamp;

use super::kind::Kind;
use crate::store::{Name, Store};

/// The state of the plane at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct World<'a> {
    store: &'a Store,
    pub(super) now: Timestamp,
}

impl<'a> World<'a> {
    pub(super) fn new(store: &'a Store, now: Timestamp) -> Self {
        Self { store, now }
    }

    /// One object.
    pub(super) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
        self.store.get(kind.resource()?, &Name::new(namespace, name)).map(|stored| stored.value.clone())
    }

    pub(super) fn has(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        kind.resource().is_some_and(|resource| self.store.get(resource, &Name::new(namespace, name)).is_some())
    }

    /// The objects of a namespace, or all.
    pub(super) fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Value> {
        let Some(resource) = kind.resource() else {
            return Vec::new();
        };
        self.store.list(resource, namespace).0.iter().map(|stored| stored.value.clone()).collect()
    }

    /// The objects of its namespace that an owner controls.
    pub(super) fn controlled(&self, kind: Kind, owner: &Value) -> Vec<Value> {
        let uid = text(owner, "metadata.uid");
        let mut found = self.list(kind, Some(text(owner, "metadata.namespace")));
        found.retain(|object| controller(object).is_some_and(|reference| text(reference, "uid") == uid));
        found
    }

    /// The time as the API writes it.
    pub(super) fn time(&self) -> String {
        format!("{:.0}", self.now)
    }

    /// Changes with every write: a source of names that is the same in every run.
    pub(super) fn salt(&self) -> u64 {
        self.store.revision()
    }
}

/// The field at a path with dots.
pub(super) fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |node, key| node.get(key)).filter(|found| !found.is_null())
}

/// Its text, or nothing.
pub(super) fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

/// Its number, or 0.
pub(super) fn number(object: &Value, path: &str) -> i64 {
    at(object, path).and_then(Value::as_i64).unwrap_or(0)
}

pub(super) fn flag(object: &Value, path: &str) -> bool {
    at(object, path).and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn list<'a>(object: &'a Value, path: &str) -> &'a [Value] {
    at(object, path).and_then(Value::as_list).unwrap_or_default()
}

pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    object.str_at(&["metadata", "annotations", key]).unwrap_or_default()
}

pub(super) fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    object.str_at(&["metadata", "labels", key]).unwrap_or_default()
}

pub(super) fn deleting(object: &Value) -> bool {
    at(object, "metadata.deletionTimestamp").is_some()
}

/// The reference to the owner that controls an object.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    list(object, "metadata.ownerReferences").iter().find(|owner| flag(owner, "controller"))
}

/// Whether labels match a label selector; one that is missing matches nothing, an empty one everything.
pub(super) fn selects(selector: Option<&Value>, labels: Option<&Value>) -> bool {
    let Some(selector) = selector else {
        return false;
    };
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let mut equal = at(selector, "matchLabels").and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let holds = |expression: &Value| {
        let found = label(text(expression, "key"));
        let listed =
            found.is_some_and(|found| list(expression, "values").iter().any(|value| value.as_str() == Some(found)));
        match text(expression, "operator") {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            _ => false,
        }
    };
    equal.all(|(key, value)| label(key) == value.as_str()) && list(selector, "matchExpressions").iter().all(holds)
}

/// Whether labels have all these values.
pub(super) fn has_labels(wanted: &Map, labels: Option<&Value>) -> bool {
    wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

/// How many, as the API counts.
pub(super) fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
