//! Field sets: how they are written, read, printed and combined; what a value looks like through them.

use structured_merge::{FieldSet, project};

use crate::json;

fn set(text: &str) -> FieldSet {
    FieldSet::from_fields_v1(&json(text)).expect("the set can be read")
}

fn text(set: &FieldSet) -> String {
    goyaml::json::to_string(&set.to_fields_v1())
}

#[test]
fn sets_are_printed_in_the_order_of_the_server() {
    let check = |input: &str, expect: &str| assert_eq!(text(&set(input)), expect);
    check(
        r#"{"v:\"b\"":{},"k:{\"b\":1,\"a\":\"x\"}":{"f:y":{},".":{}},"f:z":{},"f:a":{"f:c":{},"f:b":{}},"i:3":{}}"#,
        r#"{"f:a":{"f:b":{},"f:c":{}},"f:z":{},"k:{\"a\":\"x\",\"b\":1}":{".":{},"f:y":{}},"v:\"b\"":{},"i:3":{}}"#,
    );
    check(r#"{"f:a":{".":{}}}"#, r#"{"f:a":{}}"#);
    check(r#"{"q:later":{"f:x":{}},"f:a":{}}"#, r#"{"f:a":{}}"#);
    check(r#"{"k:{\"name\":\"a<b\"}":{}}"#, r#"{"k:{\"name\":\"a\\u003cb\"}":{}}"#);
    check(r#"{"v:10":{},"v:9":{},"v:1.5":{},"v:true":{}}"#, r#"{"v:1.5":{},"v:9":{},"v:10":{},"v:true":{}}"#);
    check("{}", "{}");
}

#[test]
fn keys_that_are_no_path_elements_are_refused() {
    let check = |input: &str, expect: &str| {
        let error = FieldSet::from_fields_v1(&json(input)).expect_err("the set cannot be read").to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(r#"{"f":{}}"#, "key must be 2 characters long");
    check(r#"{"field":{}}"#, "missing colon: field");
    check(r#"{"k:[1]":{}}"#, "expected an object of key fields");
    check(r#"{"i:x":{}}"#, "invalid digit");
    check(r#"{"f:a":1}"#, "expected an object, got integer");
}

#[test]
fn paths_are_printed_as_in_conflicts() {
    let fields = set(
        r#"{"f:spec":{"f:items":{"k:{\"name\":\"nginx\",\"port\":80}":{".":{},"f:image":{}}},"f:finalizers":{"v:\"x\"":{}}}}"#,
    );
    assert_eq!(
        fields.paths(),
        [
            r#".spec.finalizers[="x"]"#,
            r#".spec.items[name="nginx",port=80]"#,
            r#".spec.items[name="nginx",port=80].image"#
        ]
    );
}

#[test]
fn combinations() {
    let left = set(r#"{"f:a":{".":{},"f:x":{},"f:y":{}},"f:b":{}}"#);
    let right = set(r#"{"f:a":{".":{},"f:x":{}},"f:c":{}}"#);
    assert_eq!(text(&left.union(&right)), r#"{"f:a":{".":{},"f:x":{},"f:y":{}},"f:b":{},"f:c":{}}"#);
    assert_eq!(text(&left.intersection(&right)), r#"{"f:a":{".":{},"f:x":{}}}"#);
    assert_eq!(text(&left.difference(&right)), r#"{"f:a":{"f:y":{}},"f:b":{}}"#);
    assert_eq!(text(&left.recursive_difference(&set(r#"{"f:a":{}}"#))), r#"{"f:b":{}}"#);
    assert_eq!(text(&left.difference(&set(r#"{"f:a":{}}"#))), r#"{"f:a":{"f:x":{},"f:y":{}},"f:b":{}}"#);
    assert_eq!((left.len(), left.is_empty()), (4, false));
}

#[test]
fn a_projection_shows_what_is_owned_and_the_keys_of_items() {
    let live = json(
        r#"{"spec":{"replicas":3,"paused":true,"items":[{"name":"a","image":"x","policy":"y"},{"name":"b","image":"z"}]},"status":{"phase":"Up"}}"#,
    );
    let owned =
        set(r#"{"f:spec":{"f:replicas":{},"f:gone":{},"f:items":{"k:{\"name\":\"a\"}":{".":{},"f:image":{}}}}}"#);
    assert_eq!(project(&live, &owned), json(r#"{"spec":{"replicas":3,"items":[{"image":"x","name":"a"}]}}"#));
}
