//! Ownership, one rule a test.

use goyaml::Value;
use structured_merge::managed::{Actor, Applied, ApplyError, Manager, keep_times};
use structured_merge::{Gvk, Schema};

use crate::{json, schema};

/// A kind and the object of it that is stored.
struct Stored {
    schema: Schema,
    gvk: Gvk,
    live: Option<Value>,
    second: u32,
}

impl Stored {
    fn new() -> Self {
        let (schema, gvk) = schema();
        Self { schema, gvk, live: None, second: 0 }
    }

    fn now(&mut self) -> String {
        self.second += 1;
        format!("2020-01-01T00:00:{:02}Z", self.second)
    }

    fn try_apply(&mut self, manager: &str, fields: &str, force: bool) -> Result<Applied, ApplyError> {
        let now = self.now();
        let endpoint = Manager::new(self.schema.type_of(&self.gvk).expect("the kind is known"), &self.gvk);
        let applied = endpoint.apply(self.live.as_ref(), &object(fields), &Actor { manager, now: &now }, force)?;
        self.live = Some(applied.object.clone());
        Ok(applied)
    }

    fn apply(&mut self, manager: &str, fields: &str) -> bool {
        self.try_apply(manager, fields, false).expect("it can be applied").changed
    }

    fn conflicts(&mut self, manager: &str, fields: &str) -> String {
        self.try_apply(manager, fields, false).expect_err("there is a conflict").to_string()
    }

    /// An update to these fields, all others as they are.
    fn update(&mut self, manager: &str, path: &[&str], value: Value) {
        let now = self.now();
        let endpoint = Manager::new(self.schema.type_of(&self.gvk).expect("the kind is known"), &self.gvk);
        let mut new = self.live.clone().unwrap_or_else(|| object("{}"));
        assert!(new.set_at(path, value), "nothing is in the way");
        self.live = Some(endpoint.update(self.live.as_ref(), new, &Actor { manager, now: &now }));
    }

    fn spec(&self) -> Value {
        self.live.as_ref().and_then(|live| live.get("spec")).cloned().unwrap_or_default()
    }

    /// Every entry as `manager operation time fields`.
    fn owners(&self) -> Vec<String> {
        let entries = self
            .live
            .as_ref()
            .and_then(|live| live.at(&["metadata", "managedFields"]))
            .and_then(Value::as_list)
            .unwrap_or_default();
        let text = |entry: &Value, key: &str| entry.str_at(&[key]).unwrap_or("-").to_owned();
        let time =
            |entry: &Value| text(entry, "time").rsplit(':').next().unwrap_or_default().trim_end_matches('Z').to_owned();
        let fields = |entry: &Value| entry.get("fieldsV1").map(goyaml::json::to_string).unwrap_or_default();
        entries
            .iter()
            .map(|entry| {
                format!("{} {} {} {}", text(entry, "manager"), text(entry, "operation"), time(entry), fields(entry))
            })
            .collect()
    }
}

/// A Thing with these fields beside its name.
fn object(fields: &str) -> Value {
    let mut object = json(r#"{"apiVersion":"test/v1","kind":"Thing","metadata":{"name":"t"}}"#);
    for (key, value) in json(fields).as_map().expect("fields are an object").iter() {
        let mut value = value.clone();
        if key == "metadata" {
            value.set_at(&["name"], "t");
        }
        object.set_at(&[key], value);
    }
    object
}

#[test]
fn the_same_value_is_shared_and_another_one_conflicts() {
    let mut stored = Stored::new();
    assert!(stored.apply("a", r#"{"spec":{"replicas":1}}"#));
    assert!(stored.apply("b", r#"{"spec":{"replicas":1}}"#), "b becomes an owner");
    assert_eq!(
        stored.owners(),
        [r#"b Apply - {"f:spec":{"f:replicas":{}}}"#, r#"a Apply 01 {"f:spec":{"f:replicas":{}}}"#]
    );
    assert_eq!(
        stored.conflicts("b", r#"{"spec":{"replicas":2}}"#),
        r#"Apply failed with 1 conflict: conflict with "a": .spec.replicas"#
    );
    stored.try_apply("b", r#"{"spec":{"replicas":2}}"#, true).expect("force wins");
    assert_eq!(stored.owners(), [r#"b Apply 04 {"f:spec":{"f:replicas":{}}}"#]);
}

#[test]
fn conflicts_are_listed_by_manager() {
    let mut stored = Stored::new();
    stored.apply("a", r#"{"spec":{"replicas":1,"args":["x"]}}"#);
    stored.update("edit", &["spec", "items"], json(r#"[{"name":"n","value":"v"}]"#));
    let message = stored.conflicts("b", r#"{"spec":{"replicas":2,"args":[],"items":[{"name":"n","value":"w"}]}}"#);
    let expect = "Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.args\n- .spec.replicas\nconflicts with \"edit\" using test/v1:\n- .spec.items[name=\"n\"].value";
    assert_eq!(message, expect);
}

#[test]
fn what_is_applied_no_more_goes_unless_another_owns_it() {
    let mut stored = Stored::new();
    stored.apply(
        "a",
        r#"{"spec":{"replicas":1,"items":[{"name":"x","value":"1"},{"name":"y"}]},"metadata":{"labels":{"k":"v"}}}"#,
    );
    stored.apply("b", r#"{"spec":{"items":[{"name":"x","tags":["t"]}]}}"#);
    stored.apply("a", "{}");
    assert_eq!(stored.spec(), json(r#"{"items":[{"name":"x","tags":["t"]}]}"#));
    assert_eq!(stored.live.as_ref().and_then(|live| live.at(&["metadata", "labels"])), None);
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let mut stored = Stored::new();
    let fields = r#"{"spec":{"replicas":1,"ports":[{"port":53},{"port":53,"protocol":"UDP"}]}}"#;
    stored.apply("a", fields);
    let before = stored.live.clone();
    assert!(!stored.apply("a", fields));
    assert_eq!(stored.live, before);
    assert_eq!(
        stored.owners(),
        [
            r#"a Apply 01 {"f:spec":{"f:ports":{"k:{\"port\":53,\"protocol\":\"TCP\"}":{".":{},"f:port":{}},"k:{\"port\":53,\"protocol\":\"UDP\"}":{".":{},"f:port":{},"f:protocol":{}}},"f:replicas":{}}}"#
        ]
    );
}

#[test]
fn lists_keep_the_order_of_the_applier_and_the_neighbours_of_the_rest() {
    let check = |live: &str, applied: &str, expect: &str| {
        let items =
            |names: &str| names.chars().map(|name| format!(r#"{{"name":"{name}"}}"#)).collect::<Vec<_>>().join(",");
        let mut stored = Stored::new();
        stored.update("u", &["spec", "items"], json(&format!("[{}]", items(live))));
        stored.apply("a", &format!(r#"{{"spec":{{"items":[{}]}}}}"#, items(applied)));
        assert_eq!(stored.spec().get("items"), Some(&json(&format!("[{}]", items(expect)))), "{live} + {applied}");
    };
    check("abc", "cba", "cba");
    check("abcd", "db", "acdb");
    check("abc", "x", "abcx");
    check("abc", "xb", "axbc");
    check("", "ab", "ab");
}

#[test]
fn atomic_maps_and_lists_are_owned_whole() {
    let mut stored = Stored::new();
    stored.apply("a", r#"{"spec":{"selector":{"labels":{"x":"1"}},"args":["p","q"]}}"#);
    stored.try_apply("b", r#"{"spec":{"selector":{"labels":{"y":"2"}}}}"#, true).expect("force wins");
    assert_eq!(stored.spec(), json(r#"{"selector":{"labels":{"y":"2"}},"args":["p","q"]}"#));
    assert_eq!(
        stored.owners(),
        [r#"a Apply 01 {"f:spec":{"f:args":{}}}"#, r#"b Apply 02 {"f:spec":{"f:selector":{}}}"#]
    );
}

#[test]
fn an_object_without_owners_gets_one_before_it_is_applied_to() {
    let mut stored = Stored::new();
    stored.live = Some(object(r#"{"spec":{"replicas":1},"metadata":{"uid":"u"}}"#));
    stored.update("early", &["spec", "args"], json(r#"["x"]"#));
    assert_eq!(stored.owners(), Vec::<String>::new(), "an update starts no tracking");
    stored.apply("a", r#"{"spec":{"replicas":1}}"#);
    assert_eq!(
        stored.owners(),
        [
            r#"a Apply - {"f:spec":{"f:replicas":{}}}"#,
            r#"before-first-apply Update 02 {"f:spec":{".":{},"f:args":{},"f:replicas":{}}}"#
        ]
    );
}

#[test]
fn updates_beyond_ten_managers_are_joined() {
    let mut stored = Stored::new();
    for number in 0..12_i64 {
        stored.update(&format!("u{number:02}"), &["spec", "anything", &format!("f{number}")], number.into());
    }
    let owners = stored.owners();
    assert_eq!(owners.len(), 10);
    assert!(
        owners[0].starts_with(
            r#"ancient-changes Update 03 {"f:spec":{".":{},"f:anything":{".":{},"f:f0":{},"f:f1":{},"f:f2":{}}}}"#
        ),
        "{}",
        owners[0]
    );
}

#[test]
fn managed_fields_can_be_reset_and_rewritten() {
    for reset in ["[]", "[{}]"] {
        let mut stored = Stored::new();
        stored.apply("a", r#"{"spec":{"replicas":1},"metadata":{"uid":"u"}}"#);
        stored.update("u", &["metadata", "managedFields"], json(reset));
        assert_eq!(stored.owners(), Vec::<String>::new(), "{reset}");
    }
    let mut stored = Stored::new();
    stored.apply("a", r#"{"spec":{"replicas":1}}"#);
    let renamed = r#"[{"manager":"kubectl","operation":"Apply","apiVersion":"test/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]"#;
    stored.update("u", &["metadata", "managedFields"], json(renamed));
    assert_eq!(stored.owners(), [r#"kubectl Apply - {"f:spec":{"f:replicas":{}}}"#]);
    stored.update("u", &["metadata", "managedFields"], json(r#"[{"operation":"Dance"}]"#));
    assert_eq!(
        stored.owners(),
        [r#"kubectl Apply - {"f:spec":{"f:replicas":{}}}"#],
        "what cannot be read is left as it was"
    );
}

#[test]
fn what_is_not_of_its_type_is_refused_in_the_words_of_the_server() {
    let check = |fields: &str, expect: &str| {
        let error = Stored::new().try_apply("a", fields, false).expect_err("it is refused").to_string();
        assert_eq!(error, expect);
    };
    let of = "failed to create typed patch object (/t; test/v1, Kind=Thing): ";
    check(r#"{"spec":{"replicaz":1}}"#, &format!("{of}.spec.replicaz: field not declared in schema"));
    check(r#"{"spec":{"replicas":"1"}}"#, &format!("{of}.spec.replicas: expected numeric (int or float), got string"));
    check(
        r#"{"spec":{"items":[{"name":"a"},{"name":"a"}]}}"#,
        &format!("{of}.spec.items: duplicate entries for key [name=\"a\"]"),
    );
    check(
        r#"{"spec":{"items":[{"value":"a"}]}}"#,
        &format!(
            "{of}.spec.items: element 0: associative list with keys has an element that omits all key fields [\"name\"] (and doesn't have default values for any key fields)"
        ),
    );
    check(r#"{"metadata":{"managedFields":[]}}"#, "metadata.managedFields must be nil");
    check(r#"{"kind":"Other"}"#, "invalid object type: test/v1, Kind=Other");
}

#[test]
fn times_alone_are_no_change() {
    let mut stored = Stored::new();
    stored.apply("a", r#"{"spec":{"replicas":1}}"#);
    let old = stored.live.clone().expect("it is stored");
    let mut entries = old.at(&["metadata", "managedFields"]).cloned().expect("it has owners");
    let first = entries.as_list_mut().and_then(|list| list.first_mut()).expect("there is one");
    first.set_at(&["time"], "2021-01-01T00:00:00Z");
    let mut new = old.clone();
    new.set_at(&["metadata", "managedFields"], entries);
    let mut other = new.clone();
    keep_times(&old, &mut new);
    assert_eq!(new, old);
    other.set_at(&["spec", "replicas"], 2_i64);
    let kept = other.clone();
    keep_times(&old, &mut other);
    assert_eq!(other, kept, "an object that differs keeps its new times");
}

#[test]
fn a_custom_resource_has_the_metadata_of_every_object() {
    let mut schema = Schema::new();
    let gvk = Gvk::new("example.org", "v1", "Widget");
    let model = r#"{"type":"object","properties":{"spec":{"type":"object","properties":{"hosts":{"type":"array","items":{"type":"string"}},"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}"#;
    schema.add_crd(&gvk, Some(&json(model)), false).expect("the schema is right");
    let endpoint = Manager::new(schema.type_of(&gvk).expect("the kind is known"), &gvk);
    let config = json(
        r#"{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"w","labels":{"a":"b"},"ownerReferences":[{"uid":"1","name":"o","kind":"K","apiVersion":"v1"}]},"spec":{"hosts":["h"],"free":{"x":{"y":[1]}}}}"#,
    );
    let applied =
        endpoint.apply(None, &config, &Actor { manager: "a", now: "2020-01-01T00:00:00Z" }, false).expect("it fits");
    let entry = applied
        .object
        .at(&["metadata", "managedFields"])
        .and_then(Value::as_list)
        .and_then(|list| list.first())
        .expect("it has an owner");
    let expect = r#"{"f:metadata":{"f:labels":{"f:a":{}},"f:ownerReferences":{"k:{\"uid\":\"1\"}":{}}},"f:spec":{"f:free":{"f:x":{".":{},"f:y":{}}},"f:hosts":{}}}"#;
    assert_eq!(goyaml::json::to_string(entry.get("fieldsV1").expect("it has fields")), expect);
}
