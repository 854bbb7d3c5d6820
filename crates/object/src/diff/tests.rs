//! Whole comparisons and their printed form.

use goyaml::Value;

use super::{Table, fields, objects, restrict, seal_secret};

fn json(text: &str) -> Value {
    goyaml::json::parse(text.as_bytes()).expect("JSON")
}

fn check(before: &str, after: &str, expect: &str) {
    assert_eq!(Table(&fields(&json(before), &json(after))).to_string(), expect, "{before} {after}");
}

#[test]
fn fields_have_paths() {
    check(r#"{"spec":{"replicas":1}}"#, r#"{"spec":{"replicas":3}}"#, ".spec.replicas  1 -> 3\n");
    check(r#"{"a":1,"long":2}"#, r#"{"long":3,"b":"x"}"#, ".long  2 -> 3\n.b     + x\n.a     - 1\n");
    check(
        r#"{"metadata":{"labels":{"app.kubernetes.io/name":"a"}}}"#,
        r#"{"metadata":{"labels":{"app.kubernetes.io/name":"b"}}}"#,
        ".metadata.labels[\"app.kubernetes.io/name\"]  a -> b\n",
    );
    check(r#"{"a":"1"}"#, r#"{"a":1}"#, ".a  \"1\" -> 1\n");
    check("[1]", "[1]", "");
}

#[test]
fn named_items_are_compared_by_name() {
    let containers = |items: &str| format!(r#"{{"containers":[{items}]}}"#);
    check(
        &containers(r#"{"name":"web","image":"a:1"}"#),
        &containers(r#"{"name":"proxy","image":"p"},{"name":"web","image":"a:2"}"#),
        ".containers[name=proxy]      + {\"name\":\"proxy\",\"image\":\"p\"}\n.containers[name=web].image  a:1 -> a:2\n",
    );
    check(
        r#"{"ports":[{"port":80,"protocol":"TCP","targetPort":1},{"port":80,"protocol":"UDP"}]}"#,
        r#"{"ports":[{"port":80,"protocol":"UDP"},{"port":80,"protocol":"TCP","targetPort":2}]}"#,
        ".ports[port=80,protocol=TCP].targetPort  1 -> 2\n",
    );
}

#[test]
fn items_without_a_name_are_compared_by_place() {
    check(r#"{"args":["a","b"]}"#, r#"{"args":["a","c"]}"#, ".args[1]  b -> c\n");
    check(r#"{"args":["a","b"]}"#, r#"{"args":["a"]}"#, ".args  [\"a\",\"b\"] -> [\"a\"]\n");
    check(r#"{"l":[{"name":"a"},{"name":"a"}]}"#, r#"{"l":[{"name":"a"},{"name":"b"}]}"#, ".l[1].name  a -> b\n");
}

#[test]
fn long_texts_show_their_changed_lines() {
    check(
        r#"{"f":"one\ntwo\nthree\n"}"#,
        r#"{"f":"one\n2\nzwei\nthree\n"}"#,
        ".f  from line 2\n    - two\n    + 2\n    + zwei\n",
    );
    check(r#"{"f":"a\nb"}"#, r#"{"f":"a\nb\n"}"#, ".f  from line 3: only the end of the text differs\n");
}

#[test]
fn server_fields_and_status_are_left_out() {
    let before = json(r#"{"kind":"Pod","metadata":{"name":"a","uid":"1","managedFields":[]},"status":{"a":1}}"#);
    let after = json(r#"{"kind":"Pod","metadata":{"name":"a","uid":"2"},"status":{"a":2}}"#);
    assert_eq!(objects(&before, &after), []);
}

/// No value of a Secret may be printed, whatever changes.
#[test]
fn secret_values_never_show() {
    let secret =
        |data: &str| json(&format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"s"}}{data}}}"#));
    for (before, after, expect) in [
        (r#","data":{"k":"SECRET1"}"#, r#","data":{"k":"SECRET2"}"#, ".data.k  ***** -> ***** (changed)\n"),
        (r#","data":{"k":"SECRET1"}"#, r#","data":{}"#, ".data.k  - *****\n"),
        (r#","data":{}"#, r#","data":{"k":"SECRET1"}"#, ".data.k  + *****\n"),
        ("", r#","data":{"k":"SECRET1"}"#, ".data  + {\"k\":\"*****\"}\n"),
        ("", r#","stringData":{"k":"SECRET1"}"#, ".stringData  + {\"k\":\"*****\"}\n"),
        (r#","data":{"a.b":"SECRET1"}"#, r#","data":{"a.b":"SECRET2"}"#, ".data[\"a.b\"]  ***** -> ***** (changed)\n"),
        (r#","data":{"k":"SECRET1"}"#, r#","data":["SECRET2"]"#, ".data  {\"k\":\"*****\"} -> ***** (changed)\n"),
        (r#","type":"a""#, r#","type":"b""#, ".type  a -> b\n"),
    ] {
        let found = objects(&secret(before), &secret(after));
        assert_eq!(Table(&found).to_string(), expect);
        assert!(!format!("{found:?}").contains("SECRET"));
    }
    let annotated = |text: &str| {
        let annotation = format!(r#"{{"kubectl.kubernetes.io/last-applied-configuration":"{text}"}}"#);
        json(&format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"s","annotations":{annotation}}}}}"#))
    };
    let found = objects(&annotated("SECRET1"), &annotated("SECRET2"));
    assert!(!format!("{found:?}").contains("SECRET"));
    assert_eq!(found.len(), 1);
}

#[test]
fn sealed_secrets_can_be_compared() {
    let sealed = |data: &str| {
        let mut value = json(&format!(r#"{{"apiVersion":"v1","kind":"Secret"{data}}}"#));
        seal_secret(&mut value, &|bytes| format!("<{}>", bytes.len()));
        goyaml::json::to_string(&value)
    };
    assert_eq!(sealed(r#","data":{"k":"Zm9v"}"#), r#"{"apiVersion":"v1","kind":"Secret","data":{"k":"<3>"}}"#);
    assert_eq!(sealed(r#","stringData":{"k":"foo"}"#), sealed(r#","data":{"k":"Zm9v"}"#));
}

#[test]
fn restrict_keeps_what_the_other_has() {
    let check = |value: &str, like: &str, expect: &str| {
        assert_eq!(restrict(&json(value), &json(like)), json(expect), "{value}");
    };
    check(r#"{"a":1,"b":{"c":1,"d":2}}"#, r#"{"b":{"d":9},"x":1}"#, r#"{"b":{"d":2}}"#);
    check(r#"{"c":[{"name":"a","x":1},{"name":"b"}]}"#, r#"{"c":[{"name":"a"}]}"#, r#"{"c":[{"name":"a"}]}"#);
    check(r#"{"l":[1,2]}"#, r#"{"l":[3]}"#, r#"{"l":[1,2]}"#);
    check(r#"{"m":{"a":1}}"#, r#"{"m":{}}"#, r#"{"m":{}}"#);
}
