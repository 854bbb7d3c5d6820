//! What somebody else changed on an object that we applied.
//!
//! Compared is what the server answered to our apply, cut to the fields we own, with the same fields now: defaults
//! and fields of others never show. Healing is applying again.

use goyaml::Value;
use jiff::Timestamp;
use object::{FieldDiff, ObjectKey, diff};

use crate::ignore;
use crate::observer::{Live, Manager};
use crate::record::AppliedRecord;

/// A difference between what we applied and what is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Which object; `None` where it is gone and the record alone is known.
    pub key: Option<ObjectKey>,
    /// Whether the object is gone, or has lost its owner labels.
    pub missing: bool,
    /// What differs: `before` is ours, `after` is what is there. Secrets redacted.
    pub fields: Vec<FieldDiff>,
    /// The field manager that changed it, where `managedFields` tell.
    pub manager: Option<String>,
    /// When it did.
    pub time: Option<Timestamp>,
}

/// Compares a live object with the record of our last apply.
pub fn drift(live: Option<&Live>, record: &AppliedRecord) -> Option<Drift> {
    let Some(live) = live else {
        return Some(Drift { key: None, missing: true, fields: Vec::new(), manager: None, time: None });
    };
    if live.owned == Some(record.answer) && live.uid == record.uid {
        return None;
    }
    let expected = goyaml::json::parse(&record.projection).unwrap_or_default();
    let value = live.value();
    let mut found = structured_merge::project(&ignore::without(&value, &record.ignored), &record.fields);
    open_empty(&mut found, &expected);
    let mut fields = diff::fields(&expected, &found);
    if fields.is_empty() {
        // Somebody took a field over without changing it, or made the object anew alike: nothing to heal.
        return None;
    }
    let culprit = culprit(live, (&value, &expected));
    if live.is_secret() {
        fields.iter_mut().for_each(diff::redact);
    }
    Some(Drift {
        key: Some(live.key.clone()),
        missing: false,
        fields,
        manager: culprit.map(|manager| manager.name.to_string()),
        time: culprit.and_then(|manager| manager.time.parse().ok()),
    })
}

/// An empty map that we own asks for nothing inside it: what others put there is theirs.
fn open_empty(found: &mut Value, expected: &Value) {
    let Some(expected) = expected.as_map() else { return };
    let Some(map) = found.as_map_mut() else { return };
    if expected.is_empty() {
        *map = goyaml::Map::new();
        return;
    }
    for (key, expected) in expected.iter() {
        if let Some(found) = map.get_mut(key) {
            open_empty(found, expected);
        }
    }
}

/// Who changed a field of `expected`: the newest manager owning one with another value; failing that (fields that were
/// taken out belong to nobody) the newest of the others that edits by hand or by update.
fn culprit<'a>(live: &'a Live, (value, expected): (&Value, &Value)) -> Option<&'a Manager> {
    let others = || live.managers.iter().filter(|manager| !(manager.ours && manager.applied));
    let newest = |found: &mut dyn Iterator<Item = &'a Manager>| found.max_by(|left, right| left.time.cmp(&right.time));
    newest(&mut others().filter(|manager| contradicts(manager, value, expected))).or_else(|| newest(&mut others()))
}

fn contradicts(manager: &Manager, value: &Value, expected: &Value) -> bool {
    let theirs = diff::restrict(&structured_merge::project(value, &manager.fields), expected);
    diff::fields(expected, &theirs).iter().any(|field| field.before.is_some() && field.after.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Seal;
    use crate::ownership::Interner;
    use crate::record::Digest;

    fn live(json: &str) -> Live {
        let value = goyaml::json::parse(json.as_bytes()).expect("JSON");
        Live::read(&value, &["us".into()], &Interner::default(), &Seal::random())
    }

    /// A ConfigMap with these data and these managers (manager, operation, second, owned keys).
    fn map(data: &str, managers: &[(&str, &str, u32, &[&str])]) -> String {
        let entries: Vec<String> = managers
            .iter()
            .map(|(name, operation, second, keys)| {
                let keys: Vec<String> = keys.iter().map(|key| format!(r#""f:{key}":{{}}"#)).collect();
                format!(
                    r#"{{"manager":"{name}","operation":"{operation}","apiVersion":"v1","time":"2026-01-01T00:00:{second:02}Z",
                    "fieldsV1":{{"f:data":{{{}}}}}}}"#,
                    keys.join(",")
                )
            })
            .collect();
        format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"m","namespace":"n","uid":"u","resourceVersion":"7",
            "managedFields":[{}]}},"data":{data}}}"#,
            entries.join(",")
        )
    }

    fn record() -> AppliedRecord {
        live(&map(r#"{"a":"1","b":"2"}"#, &[("us", "Apply", 1, &["a", "b"])]))
            .record(Digest::of(&Value::NULL), &std::sync::Arc::from([]))
            .expect("ours")
    }

    /// Printed differences and the manager for a live state.
    fn check(data: &str, managers: &[(&str, &str, u32, &[&str])], expect: Option<(&str, Option<&str>)>) {
        let found = drift(Some(&live(&map(data, managers))), &record());
        let found = found.map(|drift| (diff::Table(&drift.fields).to_string(), drift.manager));
        let expect = expect.map(|(fields, manager)| (fields.to_owned(), manager.map(str::to_owned)));
        assert_eq!(found, expect, "{data}");
    }

    #[test]
    fn only_our_fields_count() {
        check(r#"{"a":"1","b":"2","c":"3"}"#, &[("us", "Apply", 1, &["a", "b"]), ("edit", "Update", 9, &["c"])], None);
    }

    #[test]
    fn a_changed_field_names_its_manager() {
        check(
            r#"{"a":"9","b":"2","c":"3"}"#,
            &[("us", "Apply", 1, &["b"]), ("edit", "Update", 5, &["a"]), ("other", "Update", 9, &["c"])],
            Some((".data.a  1 -> 9\n", Some("edit"))),
        );
    }

    #[test]
    fn a_removed_field_is_drift() {
        check(
            r#"{"b":"2","c":"3"}"#,
            &[("us", "Apply", 1, &["b"]), ("edit", "Update", 5, &["c"])],
            Some((".data.a  - 1\n", Some("edit"))),
        );
    }

    #[test]
    fn a_field_taken_over_with_the_same_value_is_not() {
        check(r#"{"a":"1","b":"2"}"#, &[("us", "Apply", 1, &["b"]), ("edit", "Update", 5, &["a"])], None);
    }

    #[test]
    fn a_deleted_object_is_drift() {
        assert!(drift(None, &record()).is_some_and(|drift| drift.missing));
    }

    #[test]
    fn secrets_stay_secret() {
        let secret = |value: &str, rest: &str| {
            live(&format!(
                r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"s","uid":"u","resourceVersion":"1","managedFields":[
                {{"manager":"us","operation":"Apply","apiVersion":"v1","fieldsV1":{{"f:data":{{"f:p":{{}}}}}}}}]}},"data":{{"p":"{value}"{rest}}}}}"#
            ))
        };
        let interned = secret("c2VjcmV0", "");
        let record = interned.record(Digest::of(&Value::NULL), &std::sync::Arc::from([])).expect("ours");
        assert!(!String::from_utf8_lossy(&record.projection).contains("c2VjcmV0"));
        let drift = drift(Some(&secret("b3RoZXI=", "")), &record).expect("drift");
        assert_eq!(diff::Table(&drift.fields).to_string(), ".data.p  ***** -> ***** (changed)\n");
    }
}
