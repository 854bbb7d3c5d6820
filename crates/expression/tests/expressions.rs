//! What expressions of Flux's documentation and of hostile repositories come to.

use expression::{Expression, ExpressionError, HealthExpressions, HealthRules, MAX_BYTES};
use goyaml::{Map, Value};
use object::HealthStatus;

fn object(json: &str) -> Value {
    goyaml::json::parse(json.as_bytes()).expect("JSON")
}

fn says(text: &str, object: &Value) -> Result<bool, ExpressionError> {
    let variables: Vec<_> = object.as_map().into_iter().flat_map(Map::iter).collect();
    Expression::parse(text)?.is_true(variables)
}

/// A resource as cert-manager's, Cluster API's and others have it.
fn resource(condition: &str, status: &str) -> Value {
    object(&format!(
        r#"{{"apiVersion":"example.org/v1","kind":"Thing","metadata":{{"name":"x","generation":2,"labels":{{"a/b":"c"}}}},
            "spec":{{"replicas":3,"names":["a","b"]}},
            "status":{{"observedGeneration":2,"phase":"Running","ready":3,
                "conditions":[{{"type":"{condition}","status":"{status}"}}]}}}}"#
    ))
}

#[test]
fn what_flux_documents_works() {
    let thing = resource("Ready", "True");
    let yes = [
        "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')",
        "status.conditions.exists(e, e.type == 'Ready' && e.status == 'True')",
        "has(status.observedGeneration) && status.observedGeneration == metadata.generation",
        "status.phase in ['Running', 'Bound']",
        "status.ready == spec.replicas",
        "has(status.conditions) ? status.conditions.size() == 1 : false",
        "metadata.labels['a/b'] == 'c'",
        "spec.names.map(n, n + '!') == ['a!', 'b!']",
        "kind.lowerAscii() == 'thing' && apiVersion.startsWith('example.org/')",
        "size(spec.names) > 1 && !has(status.failure)",
        "status.phase.matches('^Run')",
        "spec.replicas * 2.0 == 6.0 || spec.replicas >= 3",
    ];
    for text in yes {
        assert_eq!(says(text, &thing), Ok(true), "{text}");
    }
    let no = ["status.phase == 'Failed'", "status.conditions.exists(e, e.type == 'Stalled')", "spec.replicas < 3"];
    for text in no {
        assert_eq!(says(text, &thing), Ok(false), "{text}");
    }
}

#[test]
fn what_is_no_answer_is_told_without_values() {
    let secret = object(r#"{"kind":"Secret","data":{"token":"geheim"},"list":["geheim"]}"#);
    let errors = [
        ("status.phase == 'x'", "undeclared reference to 'status'"),
        ("data.other == 'x'", "no such key: other"),
        ("data.token", "as boolean"),
        ("data.token > 3", "no such overload"),
        ("list[4] == ''", "out of bounds"),
        ("data.token.nonsense()", "nonsense"),
    ];
    for (text, part) in errors {
        let error = says(text, &secret).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains("geheim"), "{error}");
    }
}

#[test]
fn hostile_expressions_are_refused() {
    let too_long = format!("'{}' == ''", "a".repeat(MAX_BYTES));
    assert!(matches!(Expression::parse(&too_long), Err(ExpressionError::TooLarge(_))));
    for open in ["(", "[", "{'a': "] {
        assert!(matches!(Expression::parse(&open.repeat(1_000)), Err(ExpressionError::TooLarge(_))), "{open}");
    }
    let list = format!("[{}]", vec!["0"; 300].join(","));
    let nested = format!("{list}.all(a, {list}.all(b, {list}.all(c, true)))");
    assert!(matches!(says(&nested, &Value::empty_map()), Err(ExpressionError::TooCostly(_))));
    let items: Vec<String> = (0..9_000).map(|number| number.to_string()).collect();
    let long = object(&format!("{{\"items\":[{}]}}", items.join(",")));
    assert_eq!(says("items.all(a, a >= 0)", &long), Ok(true));
    assert!(matches!(says("items.all(a, items.all(b, a >= 0))", &long), Err(ExpressionError::TooCostly(_))));
    assert!(matches!(
        says("(items + items).all(a, items.exists(b, b == a))", &long),
        Err(ExpressionError::TooCostly(_))
    ));
    let text = object(&format!("{{\"text\":\"{}\"}}", "a".repeat(9_000)));
    let split = "text.split('').all(a, text.split('').all(b, a == b))";
    assert!(matches!(says(split, &text), Err(ExpressionError::TooCostly(_))));
}

#[test]
fn what_is_no_cel_is_told() {
    for text in ["", "status.", "a ===", "'open", "1 +", "all(", "\u{0}", "a.b.c(", "{", "a ? b", "💥"] {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
}

fn rules(expressions: &[HealthExpressions<'_>]) -> HealthRules {
    HealthRules::new(expressions.iter().copied()).expect("rules")
}

const THING: HealthExpressions<'static> = HealthExpressions {
    api_version: "example.org/v1beta1",
    kind: Some("Thing"),
    in_progress: Some("status.conditions.exists(e, e.type == 'Ready' && e.status == 'Unknown')"),
    failed: Some("status.conditions.exists(e, e.type == 'Ready' && e.status == 'False')"),
    current: "status.conditions.exists(e, e.type == 'Ready' && e.status == 'True')",
};

#[test]
fn health_follows_the_expressions_in_order() {
    let rules = rules(&[THING]);
    let cases = [
        ("Ready", "True", HealthStatus::Current),
        ("Ready", "False", HealthStatus::Failed),
        ("Ready", "Unknown", HealthStatus::InProgress),
        ("Other", "True", HealthStatus::InProgress),
    ];
    for (condition, status, wanted) in cases {
        assert_eq!(rules.status(&resource(condition, status)).status, wanted, "{condition} {status}");
    }
    let behind = object(
        r#"{"apiVersion":"example.org/v1","kind":"Thing","metadata":{"generation":3},
            "status":{"observedGeneration":2,"conditions":[{"type":"Ready","status":"True"}]}}"#,
    );
    assert_eq!(rules.status(&behind).status, HealthStatus::InProgress);
    let fresh = object(r#"{"apiVersion":"example.org/v1","kind":"Thing","metadata":{"generation":1}}"#);
    assert_eq!(rules.status(&fresh).status, HealthStatus::Unknown);
}

#[test]
fn a_rule_counts_for_its_kind_or_its_group() {
    let group = HealthExpressions { kind: None, current: "false", in_progress: None, failed: Some("true"), ..THING };
    let both = rules(&[group, THING]);
    assert_eq!(both.status(&resource("Ready", "True")).status, HealthStatus::Current);
    let other = object(r#"{"apiVersion":"example.org/v1","kind":"Other","metadata":{}}"#);
    assert_eq!(both.status(&other).status, HealthStatus::Failed);
    let foreign = object(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"#);
    assert_eq!(both.status(&foreign).status, HealthStatus::Current);
}

#[test]
fn all_wrong_expressions_are_named() {
    let wrong = HealthExpressions { failed: Some("a b"), current: "(", ..THING };
    let errors = HealthRules::new([THING, wrong]).unwrap_err();
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["healthCheckExprs[1].failed", "healthCheckExprs[1].current"]);
}
