//! What of a live object is shown: values of Secrets never are.

use goyaml::Value;
use object::diff::HIDDEN;

/// An annotation in which kubectl keeps a copy of the whole manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Maps of a Secret whose values are secret.
const SECRET_FIELDS: [&str; 2] = ["data", "stringData"];

/// Hides the values of a Secret, and who manages which field unless that is asked for.
pub(crate) fn for_page(object: &mut Value, secret: bool, managed: bool) {
    if !managed {
        object.remove_at(&["metadata", "managedFields"]);
    }
    if !secret && !object::diff::is_secret(object) {
        return;
    }
    let Some(root) = object.as_map_mut() else {
        *object = HIDDEN.into();
        return;
    };
    for field in SECRET_FIELDS {
        if let Some(values) = root.get_mut(field) {
            hide(values);
        }
    }
    let annotations = root.get_mut("metadata").and_then(|metadata| metadata.child_map_mut("annotations"));
    if let Some(copy) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) {
        *copy = HIDDEN.into();
    }
}

/// Keys stay, values go; what is no map goes as a whole.
fn hide(values: &mut Value) {
    match values.as_map_mut() {
        Some(map) => map.iter_mut().for_each(|(_, value)| *value = HIDDEN.into()),
        None => *values = HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, secret: bool, managed: bool, expect: &str) {
        let mut value = goyaml::json::parse(json.as_bytes()).expect("JSON");
        for_page(&mut value, secret, managed);
        assert_eq!(goyaml::json::to_string(&value), expect);
    }

    #[test]
    fn values_of_secrets_are_hidden() {
        check(
            r#"{"apiVersion":"v1","kind":"Secret","data":{"k":"SECRET"},"stringData":{"p":{"q":"SECRET"}}}"#,
            false,
            false,
            r#"{"apiVersion":"v1","kind":"Secret","data":{"k":"*****"},"stringData":{"p":"*****"}}"#,
        );
        // What the address calls a Secret is one, whatever the answer says.
        check(r#"{"data":["SECRET"]}"#, true, false, r#"{"data":"*****"}"#);
        check(r#"["SECRET"]"#, true, false, r#""*****""#);
        check(
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"SECRET","a":"b"}}}"#,
            false,
            false,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"*****","a":"b"}}}"#,
        );
    }

    #[test]
    fn other_objects_stay_and_managed_fields_are_asked_for() {
        let map = r#"{"kind":"ConfigMap","metadata":{"managedFields":[1]},"data":{"k":"v"}}"#;
        check(map, false, true, map);
        check(map, false, false, r#"{"kind":"ConfigMap","metadata":{},"data":{"k":"v"}}"#);
    }
}
