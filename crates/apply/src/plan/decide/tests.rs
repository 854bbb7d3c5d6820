//! Decisions without a cluster.

use object::diff::Table;

use super::*;
use crate::observer::Seal;
use crate::ownership::Interner;

fn json(text: &str) -> Value {
    goyaml::json::parse(text.as_bytes()).expect("JSON")
}

/// A live ConfigMap with data and the keys of it that we own.
fn live(data: &str, ours: &[&str]) -> Live {
    let fields: Vec<String> = ours.iter().map(|key| format!(r#""f:{key}":{{}}"#)).collect();
    let managed = if ours.is_empty() {
        String::new()
    } else {
        format!(
            r#"{{"manager":"us","operation":"Apply","apiVersion":"v1","fieldsV1":{{"f:data":{{{}}}}}}}"#,
            fields.join(",")
        )
    };
    let value = json(&format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"m","namespace":"n","uid":"u","resourceVersion":"1","managedFields":[{managed}]}},"data":{data}}}"#
    ));
    Live::read(&value, &["us".into()], &Interner::default(), &Seal::random())
}

fn wanted(data: &str) -> Value {
    json(&format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"m","namespace":"n"}},"data":{data}}}"#
    ))
}

/// The decision as a word and its fields.
fn check(data: &str, live: &Live, record: Option<&AppliedRecord>, expect: &str) {
    let wanted = wanted(data);
    let seen = Seen { wanted: &wanted, digest: Digest::of(&wanted), live, record, ignored: &[] };
    let said = match decide(&seen) {
        Decision::Keep => "keep".to_owned(),
        Decision::Confirm => "confirm".to_owned(),
        Decision::Update(fields) => format!("update\n{}", Table(&fields)),
        Decision::Unsure(fields) => format!("unsure\n{}", Table(&fields)),
    };
    assert_eq!(said, expect, "{data}");
}

/// The record of an apply of `data` that the server answered with this object.
fn record(data: &str, answer: &Live) -> AppliedRecord {
    answer.record(Digest::of(&wanted(data)), &std::sync::Arc::from([])).expect("ours")
}

#[test]
fn with_a_record() {
    // The server writes 1.0 as 1: the record knows that this is what was wanted.
    let answered = live(r#"{"a":"1","other":"x"}"#, &["a"]);
    let record = record(r#"{"a":"1.0"}"#, &answered);
    check(r#"{"a":"1.0"}"#, &answered, Some(&record), "keep");
    check(r#"{"a":"1.0"}"#, &live(r#"{"a":"1","other":"y"}"#, &["a"]), Some(&record), "keep");
    check(r#"{"a":"2"}"#, &answered, Some(&record), "update\n.data.a  1 -> 2\n");
    check(r#"{"a":"1.0"}"#, &live(r#"{"a":"9"}"#, &["a"]), Some(&record), "update\n.data.a  9 -> 1.0\n");
    check(r#"{"b":"1"}"#, &answered, Some(&record), "update\n.data.b  + 1\n.data.a  - 1\n");
    check(r#"{"a":"1"}"#, &answered, Some(&record), "confirm");
}

#[test]
fn without_a_record() {
    check(r#"{"a":"1"}"#, &live(r#"{"a":"1","other":"x"}"#, &["a"]), None, "confirm");
    check(r#"{"a":"1","n":null}"#, &live(r#"{"a":"1"}"#, &["a"]), None, "confirm");
    check(r#"{"a":"1.0"}"#, &live(r#"{"a":"1"}"#, &["a"]), None, "unsure\n.data.a  1 -> 1.0\n");
    check(r#"{"a":"1"}"#, &live(r#"{"a":"1","b":"2"}"#, &["a", "b"]), None, "unsure\n.data.b  - 2\n");
    // Never applied by us: a write, even if nothing differs.
    check(r#"{"a":"1"}"#, &live(r#"{"a":"1"}"#, &[]), None, "update\n");
}

#[test]
fn an_object_made_anew_is_not_the_one_recorded() {
    let answered = live(r#"{"a":"1"}"#, &["a"]);
    let record = AppliedRecord { uid: "older".into(), ..record(r#"{"a":"1.0"}"#, &answered) };
    check(r#"{"a":"1.0"}"#, &answered, Some(&record), "update\n.data.a  1 -> 1.0\n");
}
