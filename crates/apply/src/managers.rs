//! Undoing what was managed by hand before: fields of `kubectl` and the like become ours, so that the next apply can
//! take them out.
//!
//! Done before an object is applied, as Flux does: a JSON patch that replaces `managedFields`, guarded by the
//! object's revision, and takes out the annotations in which older tools kept their state.

use goyaml::{Map, Value};

/// Which managers are undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// Managers whose applies and updates become ours, by the beginning of their name.
    pub by_prefix: Vec<String>,
    /// Managers whose updates become ours, by name.
    pub by_name: Vec<String>,
}

/// Annotations of older tools.
const ANNOTATIONS: [&str; 3] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum",
    "fluxcd.io/sync-checksum",
];
/// Labels of older tools.
const LABELS: [&str; 1] = ["fluxcd.io/sync-gc-mark"];

impl Undo {
    /// Flux's list for a field manager, and the ones an installation adds (`--override-manager`).
    pub fn of(manager: &str, more: &[String]) -> Self {
        let mut by_prefix = vec!["kubectl".to_owned()];
        by_prefix.extend(more.iter().cloned());
        Self { by_prefix, by_name: vec!["before-first-apply".into(), manager.into()] }
    }

    /// Whether an entry of `managedFields` is one to undo.
    pub fn concerns(&self, name: &str, applied: bool) -> bool {
        self.by_prefix.iter().any(|prefix| name.starts_with(prefix.as_str()))
            || (!applied && self.by_name.iter().any(|known| known == name))
    }

    /// The JSON patch that undoes them on a live object under our manager; `None` if there is nothing to undo.
    pub fn patch(&self, live: &Value, manager: &str) -> Option<Value> {
        let entries = live.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
        let mut operations = removals(live);
        if let Some(managed) = self.taken_over(entries, manager) {
            operations.push(operation("replace", "/metadata/managedFields", Some(managed)));
        }
        if operations.is_empty() {
            return None;
        }
        let revision = live.str_at(&["metadata", "resourceVersion"]).unwrap_or("");
        operations.push(operation("replace", "/metadata/resourceVersion", Some(revision.into())));
        Some(operations.into())
    }

    fn taken_over(&self, entries: &[Value], manager: &str) -> Option<Value> {
        let is_ours = |entry: &Value| {
            text(entry, "manager") == manager && applied(entry) && text(entry, "subresource").is_empty()
        };
        let undone = |entry: &Value| {
            text(entry, "subresource").is_empty()
                && !is_ours(entry)
                && self.concerns(text(entry, "manager"), applied(entry))
        };
        if !entries.iter().any(undone) {
            return None;
        }
        let first =
            entries.iter().find(|entry| is_ours(entry)).or_else(|| entries.iter().find(|entry| undone(entry)))?;
        let mut own = first.clone();
        own.set_at(&["manager"], manager);
        own.set_at(&["operation"], "Apply");
        let mut fields = Value::empty_map();
        for entry in entries.iter().filter(|entry| is_ours(entry) || undone(entry)) {
            merge(&mut fields, entry.get("fieldsV1").unwrap_or(&Value::NULL));
        }
        own.set_at(&["fieldsV1"], fields);
        let kept = entries.iter().filter(|entry| !is_ours(entry) && !undone(entry)).cloned();
        Some(kept.chain([own]).collect())
    }
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.str_at(&[name]).unwrap_or("")
}

fn applied(entry: &Value) -> bool {
    text(entry, "operation") == "Apply"
}

/// The union of two field sets: maps all the way down.
fn merge(into: &mut Value, from: &Value) {
    let Some(from) = from.as_map() else { return };
    let Some(into) = into.as_map_mut() else { return };
    for (key, fields) in from.iter() {
        match into.get_mut(key) {
            Some(known) => merge(known, fields),
            None => {
                into.insert(key, fields.clone());
            }
        }
    }
}

fn removals(live: &Value) -> Vec<Value> {
    let there = |map: &str, name: &str| live.at(&["metadata", map, name]).is_some();
    let annotations = ANNOTATIONS.iter().filter(|name| there("annotations", name)).map(|name| ("annotations", *name));
    let labels = LABELS.iter().filter(|name| there("labels", name)).map(|name| ("labels", *name));
    annotations
        .chain(labels)
        .map(|(map, name)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            operation("remove", &format!("/metadata/{map}/{name}"), None)
        })
        .collect()
}

fn operation(name: &str, path: &str, value: Option<Value>) -> Value {
    let mut operation = Map::new();
    operation.insert("op", name);
    operation.insert("path", path);
    if let Some(value) = value {
        operation.insert("value", value);
    }
    operation.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(managed: &str, annotations: &str, expect: Option<&str>) {
        let json = format!(
            r#"{{"metadata":{{"resourceVersion":"5","annotations":{annotations},"managedFields":{managed}}}}}"#
        );
        let live = goyaml::json::parse(json.as_bytes()).expect("JSON");
        let patch = Undo::of("us", &[]).patch(&live, "us").map(|patch| goyaml::json::to_string(&patch));
        assert_eq!(patch.as_deref(), expect, "{managed}");
    }

    #[test]
    fn nothing_to_undo() {
        check(r#"[{"manager":"us","operation":"Apply","fieldsV1":{"f:a":{}}}]"#, "{}", None);
        check(r#"[{"manager":"hpa","operation":"Update","fieldsV1":{"f:a":{}}}]"#, "{}", None);
        check(
            r#"[{"manager":"kubectl","operation":"Update","subresource":"status","fieldsV1":{"f:a":{}}}]"#,
            "{}",
            None,
        );
    }

    #[test]
    fn kubectl_becomes_ours() {
        check(
            r#"[{"manager":"kubectl-client-side-apply","operation":"Update","fieldsV1":{"f:data":{"f:b":{}}}},
                {"manager":"us","operation":"Apply","fieldsV1":{"f:data":{"f:a":{}}}},
                {"manager":"hpa","operation":"Update","fieldsV1":{"f:c":{}}}]"#,
            "{}",
            Some(
                r#"[{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"hpa","operation":"Update","fieldsV1":{"f:c":{}}},{"manager":"us","operation":"Apply","fieldsV1":{"f:data":{"f:b":{},"f:a":{}}}}]},{"op":"replace","path":"/metadata/resourceVersion","value":"5"}]"#,
            ),
        );
    }

    #[test]
    fn old_annotations_go() {
        check(
            "[]",
            r#"{"kubectl.kubernetes.io/last-applied-configuration":"{}","x":"y"}"#,
            Some(
                r#"[{"op":"remove","path":"/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"},{"op":"replace","path":"/metadata/resourceVersion","value":"5"}]"#,
            ),
        );
    }
}
