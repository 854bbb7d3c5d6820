//! Manifests in the form that is applied.

use goyaml::Value;

/// Makes a manifest ready for a server-side apply, as Flux does: `stringData` of a Secret goes into `data` (the server
/// would keep its fields under a name that is never read back), the status goes except that of a
/// `CustomResourceDefinition`, and what only the server writes goes.
pub fn for_apply(object: &mut Value) {
    fold_string_data(object);
    let is_definition = object.str_at(&["kind"]) == Some("CustomResourceDefinition");
    let Some(map) = object.as_map_mut() else { return };
    if !is_definition {
        map.remove("status");
    }
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_map_mut) {
        for name in ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"] {
            metadata.remove(name);
        }
    }
}

fn fold_string_data(object: &mut Value) {
    if !crate::diff::is_secret(object) {
        return;
    }
    let Some(plain) = object.as_map_mut().and_then(|map| map.remove("stringData")) else { return };
    let Some(plain) = plain.as_map().filter(|plain| !plain.is_empty()) else { return };
    let Some(data) = object.child_map_mut("data") else { return };
    for (key, value) in plain.iter() {
        data.insert(key, crate::base64::encode(crate::diff::scalar_text(value).as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        let mut value = goyaml::json::parse(before.as_bytes()).expect("JSON");
        for_apply(&mut value);
        assert_eq!(goyaml::json::to_string(&value), after);
    }

    #[test]
    fn string_data_is_encoded() {
        check(
            r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA==","b":"eA=="},"stringData":{"b":"secret","c":""}}"#,
            r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA==","b":"c2VjcmV0","c":""}}"#,
        );
        check(
            r#"{"apiVersion":"my.io/v1","kind":"Secret","stringData":{"b":"x"}}"#,
            r#"{"apiVersion":"my.io/v1","kind":"Secret","stringData":{"b":"x"}}"#,
        );
    }

    #[test]
    fn what_the_server_writes_goes() {
        check(
            r#"{"kind":"Pod","metadata":{"name":"a","creationTimestamp":null,"uid":"u"},"status":{}}"#,
            r#"{"kind":"Pod","metadata":{"name":"a"}}"#,
        );
    }
}
