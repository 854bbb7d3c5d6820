//! The situations in which Flux's own tests ask its expressions, with answers as there.

use expression::{Expression, HealthExpressions, HealthRules};
use goyaml::{Map, Value};
use object::HealthStatus::{self, Current, Failed, InProgress, Unknown};

fn object(json: &str) -> Value {
    goyaml::json::parse(json.as_bytes()).expect("JSON")
}

/// An answer, or a part of what is said instead.
type Answer = Result<bool, &'static str>;

#[test]
fn answers_of_single_expressions() {
    let cases: [(&str, &str, Answer); 40] = [
        ("foo", "{}", Err("foo")),
        ("foo", r#"{"foo":true}"#, Ok(true)),
        ("foo", r#"{"foo":false}"#, Ok(false)),
        ("foo.bar", r#"{"foo":{"bar":true}}"#, Ok(true)),
        ("foo.bar", r#"{"foo":{"bar":false}}"#, Ok(false)),
        ("foo.bar", r#"{"foo":{}}"#, Err("bar")),
        ("foo.bar.baz == true", r#"{"foo":{"bar":{"baz":true}}}"#, Ok(true)),
        ("true", "{}", Ok(true)),
        ("false", "{}", Ok(false)),
        ("'some-value'", "{}", Err("boolean")),
        ("foo", r#"{"foo":"text"}"#, Err("boolean")),
        ("foo", r#"{"foo":1}"#, Err("boolean")),
        ("foo", r#"{"foo":null}"#, Err("boolean")),
        ("foo", r#"{"foo":[true]}"#, Err("boolean")),
        ("foo.bar", r#"{"foo":{"bar":"text"}}"#, Err("boolean")),
        ("foo && bar", r#"{"foo":true,"bar":true}"#, Ok(true)),
        ("foo && bar", r#"{"foo":true,"bar":false}"#, Ok(false)),
        ("foo || bar", r#"{"foo":false,"bar":true}"#, Ok(true)),
        ("!foo", r#"{"foo":false}"#, Ok(true)),
        ("foo == 'bar'", r#"{"foo":"bar"}"#, Ok(true)),
        ("foo == 'bar'", r#"{"foo":"baz"}"#, Ok(false)),
        ("foo != 'bar'", r#"{"foo":"baz"}"#, Ok(true)),
        ("foo.bar + '/' + foo.baz == 'a/b'", r#"{"foo":{"bar":"a","baz":"b"}}"#, Ok(true)),
        ("foo.split('-')[0] == 'a'", r#"{"foo":"a-b"}"#, Ok(true)),
        ("foo.split('-')[0].upperAscii() == 'A'", r#"{"foo":"a-b"}"#, Ok(true)),
        ("foo.split(',').size() == 3", r#"{"foo":"a,b,c"}"#, Ok(true)),
        ("foo.items.map(i, i.upperAscii()) == ['A', 'B']", r#"{"foo":{"items":["a","b"]}}"#, Ok(true)),
        (
            "foo.items.filter(i, i.startsWith('t')) == ['two', 'three']",
            r#"{"foo":{"items":["one","two","three"]}}"#,
            Ok(true),
        ),
        ("foo.items.filter(i, i.startsWith('x')).size() == 0", r#"{"foo":{"items":["one"]}}"#, Ok(true)),
        ("foo.items.exists(i, i == 'one')", r#"{"foo":{"items":["one"]}}"#, Ok(true)),
        ("foo.items.all(i, i == 'one')", r#"{"foo":{"items":[]}}"#, Ok(true)),
        ("foo.items[1] == 'one'", r#"{"foo":{"items":["one"]}}"#, Err("out of bounds")),
        ("has(foo.bar)", r#"{"foo":{}}"#, Ok(false)),
        ("has(foo.bar)", r#"{"foo":{"bar":null}}"#, Ok(true)),
        ("has(foo.bar) && foo.bar == 1", r#"{"foo":{}}"#, Ok(false)),
        ("'a' in foo", r#"{"foo":{"a":1}}"#, Ok(true)),
        ("'a' in foo", r#"{"foo":["b"]}"#, Ok(false)),
        ("foo == 1", r#"{"foo":1}"#, Ok(true)),
        ("foo == 1", r#"{"foo":"1"}"#, Ok(false)),
        ("foo > 1 ? bar : !bar", r#"{"foo":2,"bar":true}"#, Ok(true)),
    ];
    for (text, variables, expected) in cases {
        let variables = object(variables);
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let answer = expression.is_true(variables.as_map().into_iter().flat_map(Map::iter).collect::<Vec<_>>());
        match (expected, answer) {
            (Ok(expected), answer) => assert_eq!(answer, Ok(expected), "{text}"),
            (Err(part), Err(error)) => assert!(error.to_string().contains(part), "{text}: {error}"),
            (Err(part), Ok(answer)) => panic!("{text} is {answer}, not an error with {part}"),
        }
    }
}

#[test]
fn what_does_not_parse() {
    for text in ["foo.", "data.", "foo ==", "foo && ", "(foo", "foo)", "[", "'open"] {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
}

const READY: [Option<&str>; 3] = [
    Some("has(status.observedGeneration) && metadata.generation != status.observedGeneration"),
    Some("status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'False')"),
    Some("status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')"),
];
const DATA: [Option<&str>; 3] = [Some("data.inProgress"), Some("data.failed"), Some("data.current")];

/// Expressions `inProgress`, `failed` and `current`; what an object has beside its kind; its health.
type Judged = ([Option<&'static str>; 3], &'static str, HealthStatus);

fn without_progress([_, failed, current]: [Option<&'static str>; 3]) -> [Option<&'static str>; 3] {
    [None, failed, current]
}

#[test]
fn health_of_objects() {
    let data = |current: &str, progress: &str, failed: &str| -> &'static str {
        format!(r#""data":{{"current":{current},"inProgress":{progress},"failed":{failed}}}"#).leak()
    };
    let condition = |status: &str| -> &'static str {
        format!(r#""status":{{"conditions":[{{"type":"Ready","status":"{status}"}}]}}"#).leak()
    };
    let behind = r#""metadata":{"generation":2},"status":{"observedGeneration":1}"#;
    let cases: [Judged; 28] = [
        ([None, None, Some("true")], behind, InProgress),
        ([None, None, Some("true")], r#""metadata":{"generation":2},"status":{"observedGeneration":2}"#, Current),
        ([None, None, Some("data.current")], data("true", "false", "false"), Current),
        ([None, None, Some("data.current")], data("false", "false", "true"), InProgress),
        ([DATA[0], DATA[1], Some("data.currentt")], data("true", "false", "false"), Unknown),
        ([Some("data.inProgresss"), DATA[1], DATA[2]], data("true", "false", "false"), Unknown),
        ([DATA[0], Some("data.failedd"), DATA[2]], data("true", "false", "false"), Unknown),
        (DATA, data("false", "false", "false"), InProgress),
        (DATA, data("true", "true", "true"), InProgress),
        (DATA, data("false", "true", "false"), InProgress),
        (DATA, data("true", "true", "false"), InProgress),
        (DATA, data("false", "true", "true"), InProgress),
        (DATA, data("true", "false", "true"), Failed),
        (DATA, data("false", "false", "true"), Failed),
        (DATA, data("true", "false", "false"), Current),
        (DATA, data(r#""x""#, "false", "false"), Unknown),
        (READY, r#""x":1"#, Unknown),
        (without_progress(READY), r#""x":1"#, Unknown),
        (READY, r#""status":{}"#, Unknown),
        (without_progress(READY), r#""status":{}"#, Unknown),
        (READY, r#""status":{"conditions":[]}"#, Failed),
        (without_progress(READY), r#""status":{"conditions":[]}"#, Failed),
        (READY, behind, InProgress),
        (without_progress(READY), behind, InProgress),
        (READY, condition("True"), Current),
        (READY, condition("False"), Failed),
        (
            [None, None, Some("status.observedGeneration == '2'")],
            r#""metadata":{"generation":2},"status":{"observedGeneration":"2"}"#,
            Current,
        ),
        (
            [None, None, Some("metadata.generation == '2'")],
            r#""metadata":{"generation":"2"},"status":{"observedGeneration":2}"#,
            Current,
        ),
    ];
    for ([in_progress, failed, current], fields, expected) in cases {
        let current = current.expect("what must be given");
        let rules =
            HealthExpressions { api_version: "example.org/v1", kind: Some("Thing"), in_progress, failed, current };
        let rules = HealthRules::new([rules]).expect("expressions");
        let thing = object(&format!(r#"{{"apiVersion":"example.org/v1","kind":"Thing",{fields}}}"#));
        assert_eq!(rules.status(&thing).status, expected, "{in_progress:?} {failed:?} {current:?} {fields}");
    }
}

#[test]
fn wrong_expressions_of_health_are_named() {
    let good = HealthExpressions {
        api_version: "example.org/v1",
        kind: None,
        in_progress: Some("data.inProgress"),
        failed: Some("data.failed"),
        current: "data.current",
    };
    let cases = [
        ("current", HealthExpressions { current: "data.", ..good }),
        ("current", HealthExpressions { current: "", ..good }),
        ("inProgress", HealthExpressions { in_progress: Some("data."), ..good }),
        ("failed", HealthExpressions { failed: Some("data."), ..good }),
    ];
    for (field, expressions) in cases {
        let errors = HealthRules::new([expressions]).expect_err("one is wrong");
        assert!(errors.iter().all(|error| error.field.ends_with(field)) && errors.len() == 1, "{errors:?}");
    }
    assert!(HealthRules::new([good]).is_ok());
    assert!(HealthRules::new([HealthExpressions { in_progress: None, failed: None, ..good }]).is_ok());
}
