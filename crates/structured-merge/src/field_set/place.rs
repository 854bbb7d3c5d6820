//! Finding a place of a value in a field set.

use goyaml::{Kind, Value};

use super::FieldSet;
use crate::path::PathElement;

impl FieldSet {
    /// Whether the set has the place that a path of names and list positions leads to in `value`, or anything below it.
    pub fn has_at(&self, value: &Value, path: &[&str]) -> bool {
        let Some((step, rest)) = path.split_first() else { return true };
        let (entry, below) = match value.kind() {
            Kind::Map(map) => {
                let named = |element: &PathElement| matches!(element, PathElement::Field(name) if **name == **step);
                (self.entries().iter().find(|entry| named(&entry.element)), map.get(step))
            }
            Kind::List(items) => {
                let Some((place, item)) = step.parse().ok().and_then(|place: usize| Some((place, items.get(place)?)))
                else {
                    return false;
                };
                let is_it = |element: &PathElement| match element {
                    PathElement::Index(index) => usize::try_from(*index) == Ok(place),
                    element => element.matches_item(item),
                };
                (self.entries().iter().find(|entry| is_it(&entry.element)), Some(item))
            }
            _ => return false,
        };
        let Some(entry) = entry else { return false };
        match (&entry.children, below) {
            (Some(children), Some(below)) if !rest.is_empty() => children.has_at(below, rest),
            // What is owned as a whole is owned with all that is in it.
            (None, _) => true,
            _ => rest.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        goyaml::json::parse(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn places_are_found_by_name_key_and_position() {
        let set = json(r#"{"f:spec":{"f:replicas":{},"f:args":{},"f:ports":{"k:{\"name\":\"b\"}":{"f:port":{}}}}}"#);
        let set = FieldSet::from_fields_v1(&set).expect("a set");
        let value =
            json(r#"{"spec":{"replicas":1,"args":["x"],"ports":[{"name":"a","port":1},{"name":"b","port":2}]}}"#);
        let has = |path: &str| set.has_at(&value, &path.split('/').collect::<Vec<_>>());
        for path in ["spec", "spec/replicas", "spec/args", "spec/args/0", "spec/ports/1", "spec/ports/1/port"] {
            assert!(has(path), "{path}");
        }
        for path in ["status", "spec/paused", "spec/ports/0", "spec/ports/0/port", "spec/ports/7"] {
            assert!(!has(path), "{path}");
        }
    }
}
