//! Bodies made by hand, byte by byte, as the wire format has them.

use goyaml::Value;

use super::*;

fn varint(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn int(number: u64, value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3, &mut out);
    varint(value.cast_unsigned(), &mut out);
    out
}

fn bytes(number: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3 | 2, &mut out);
    varint(content.as_ref().len() as u64, &mut out);
    out.extend_from_slice(content.as_ref());
    out
}

fn entry(number: u64, key: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    bytes(number, [bytes(1, key), bytes(2, value)].concat())
}

fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let names = [bytes(1, api_version), bytes(2, kind)].concat();
    [MAGIC.to_vec(), bytes(1, names), bytes(2, raw)].concat()
}

#[track_caller]
fn check(api_version: &str, kind: &str, raw: &[u8], expect: &str) {
    let found = decode(&body(api_version, kind, raw)).unwrap();
    let mut expect: Value = goyaml::json::parse(expect.as_bytes()).unwrap();
    expect.set_at(&["kind"], kind);
    expect.set_at(&["apiVersion"], api_version);
    assert_eq!(found, expect, "found {}", goyaml::json::to_string(&found));
}

#[test]
fn maps_bytes_and_pointers() {
    let metadata = [bytes(1, "s"), bytes(3, ""), entry(11, "a", "b")].concat();
    let raw = [bytes(1, metadata), entry(2, "key", [0xff, 0]), int(5, 0), bytes(3, "Opaque")].concat();
    check(
        "v1",
        "Secret",
        &raw,
        r#"{"metadata":{"name":"s","labels":{"a":"b"}},"data":{"key":"/wA="},"immutable":false,"type":"Opaque"}"#,
    );
}

#[test]
fn inline_messages_stand_in_their_parent() {
    let config_map = [bytes(1, bytes(1, "settings")), int(3, 420)].concat();
    let volume = [bytes(1, "v"), bytes(2, bytes(19, config_map))].concat();
    let raw = bytes(2, bytes(1, volume));
    check(
        "v1",
        "Pod",
        &raw,
        r#"{"spec":{"volumes":[{"name":"v","configMap":{"name":"settings","defaultMode":420}}]}}"#,
    );
}

#[test]
fn special_forms() {
    let limits = entry(1, "cpu", bytes(1, "500m"));
    let container = [bytes(1, "c"), bytes(8, limits)].concat();
    let metadata = bytes(8, [int(1, 1_700_000_000), int(2, 5)].concat());
    let raw = [bytes(1, metadata), bytes(2, bytes(2, container))].concat();
    check(
        "v1",
        "Pod",
        &raw,
        r#"{"metadata":{"creationTimestamp":"2023-11-14T22:13:20Z"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"500m"}}}]}}"#,
    );
    let port = |target: Vec<u8>| bytes(1, [int(3, 80), bytes(4, target)].concat());
    let raw =
        bytes(2, [port([int(1, 1), bytes(3, "http")].concat()), port([int(1, 0), int(2, 8080)].concat())].concat());
    check(
        "v1",
        "Service",
        &raw,
        r#"{"spec":{"ports":[{"port":80,"targetPort":"http"},{"port":80,"targetPort":8080}]}}"#,
    );
    check("v1", "Service", &bytes(1, bytes(8, "")), r#"{"metadata":{}}"#);
}

#[test]
fn raw_json_and_numbers() {
    let entry = [bytes(1, "kubectl"), bytes(7, bytes(1, r#"{"f:spec":{}}"#))].concat();
    check(
        "v1",
        "ConfigMap",
        &bytes(1, bytes(17, entry)),
        r#"{"metadata":{"managedFields":[{"manager":"kubectl","fieldsV1":{"f:spec":{}}}]}}"#,
    );
    check(
        "v1",
        "Pod",
        &bytes(2, [int(5, -1), int(4, 30)].concat()),
        r#"{"spec":{"activeDeadlineSeconds":-1,"terminationGracePeriodSeconds":30}}"#,
    );
}

#[test]
fn kinds_of_every_group() {
    check("apps/v1", "DeleteOptions", &bytes(4, "Background"), r#"{"propagationPolicy":"Background"}"#);
}

#[test]
fn unknown_fields_are_skipped() {
    let raw = [bytes(1, bytes(1, "x")), int(900, 7), bytes(901, "later")].concat();
    check("v1", "ConfigMap", &raw, r#"{"metadata":{"name":"x"}}"#);
}

#[test]
fn refusals() {
    assert_eq!(decode(b"{}"), Err(ProtobufError::NoEnvelope));
    assert!(matches!(decode(&body("v1", "Gizmo", b"")), Err(ProtobufError::UnknownKind { .. })));
    assert!(matches!(decode(&body("v1", "Pod", &int(1, 3))), Err(ProtobufError::Broken { .. })));
    let mut schema = Vec::new();
    for _ in 0..500 {
        schema = bytes(28, schema);
    }
    let version = bytes(7, [bytes(1, "v1"), bytes(4, bytes(1, schema))].concat());
    let deep = body("apiextensions.k8s.io/v1", "CustomResourceDefinition", &bytes(2, version));
    assert!(matches!(decode(&deep), Err(ProtobufError::TooMuch { .. })));
}

/// Every cut and every changed byte gives a value or an error.
#[test]
fn never_panics() {
    let volume = [bytes(1, "v"), bytes(2, bytes(19, bytes(1, bytes(1, "settings"))))].concat();
    let whole =
        body("v1", "Pod", &[bytes(1, bytes(8, int(1, 5))), bytes(2, [bytes(1, volume), int(4, 30)].concat())].concat());
    for at in 0..whole.len() {
        let _cut = decode(&whole[..at]);
        for flip in [0x01, 0x07, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let _read = decode(&changed);
        }
    }
}
