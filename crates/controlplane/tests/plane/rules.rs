//! Rules of custom kinds in CEL: the real API server refuses the same objects with the same words.

use std::time::Duration;

use controlplane::{Config, ControlPlane, Identity, Storage};
use kube::Client;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use testkit::apiserver::RealApiServer;
use testkit::oracle::{self, Oracle};

use crate::custom::DEFINITIONS;

const OBJECTS: &str = "/apis/rules.example/v1/namespaces/default/gauges";
/// How long a definition may take to be served.
const PATIENCE: Duration = Duration::from_secs(15);

/// The comparison, if the real server is here.
pub fn trials() -> Vec<Trial> {
    let needed = [Oracle::KubeApiserver, Oracle::Etcd].map(oracle::find);
    let missing = needed.iter().any(Result::is_err);
    vec![Trial::test("rules::both_servers_refuse_alike", compare).with_ignored_flag(missing)]
}

/// A kind of which every field has rules of its own.
fn definition() -> Value {
    let rule = |rule: &str| json!({"rule": rule});
    let object = |fields: Value, rules: Value| json!({"type": "object", "properties": fields, "x-kubernetes-validations": rules});
    let number = json!({"type": "integer"});
    let text = json!({"type": "string", "maxLength": 20});
    let texts = json!({"type": "array", "maxItems": 5, "items": text});
    let either = |one: &str, other: &str| {
        json!([{"rule": format!("has(self.{one}) || has(self.{other})"), "message": "exactly one must be specified"},
               {"rule": format!("!has(self.{one}) || !has(self.{other})"), "message": "exactly one must be specified"}])
    };
    let messages = json!([{"rule": "self.a < 3", "message": "plain", "messageExpression": "'b is ' + self.b"},
        {"rule": "self.a < 5", "reason": "FieldValueForbidden", "fieldPath": ".a", "message": " trimmed "},
        {"rule": "self.a < 6", "reason": "FieldValueRequired"}, {"rule": "self.a < 7", "reason": "FieldValueDuplicate"}]);
    let mut immutable = text.clone();
    immutable["x-kubernetes-validations"] = json!([{"rule": "self == oldSelf", "message": "name cannot change"}]);
    let mut item = text.clone();
    item["x-kubernetes-validations"] = json!([rule("self.startsWith('a')")]);
    let fields = json!({
        "either": object(json!({"one": object(json!({"x": number}), json!([])), "other": text}), either("one", "other")),
        "range": object(json!({"low": number, "high": number}), json!([rule("self.low <= self.high")])),
        "messages": object(json!({"a": number, "b": text}), messages),
        "name": immutable,
        "odd-name": object(json!({"a-b": number, "in": text}), json!([rule("self.a__dash__b > 1 && self.__in__ == 'x'")])),
        "ratio": object(json!({"a": {"type": "number"}}), json!([rule("self.a > 1.5")])),
        "labels": {"type": "object", "maxProperties": 5, "additionalProperties": text, "x-kubernetes-validations": [rule("self.all(key, key.size() < 4)")]},
        "items": {"type": "array", "maxItems": 5, "items": item},
        "texts": object(json!({"a": texts}), json!([rule("self.a.exists(t, t.matches('^[a-z]+$'))"), rule("self.a.join(',') != 'b,c'"), rule("self.a.size() == 0 || self.a[0].lowerAscii() == self.a[0]")])),
        "size": object(json!({"a": {"x-kubernetes-int-or-string": true}}), json!([rule("type(self.a) == int ? self.a > 3 : self.a == 'all'")])),
    });
    let root = json!([rule("self.metadata.name != 'forbidden'"), rule("has(self.spec)")]);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gauges.rules.example"},
        "spec": {
            "group": "rules.example", "scope": "Namespaced", "names": {"plural": "gauges", "kind": "Gauge"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-validations": root,
                "properties": {"spec": {"type": "object", "required": ["name"], "properties": fields}}
            }}}]
        }
    })
}

/// What is created, what it is changed to.
fn cases() -> Vec<(Value, Option<Value>)> {
    let made = [
        json!({"either": {}}),
        json!({"either": {"other": "x"}}),
        json!({"either": {"one": {"x": 1}, "other": "x"}}),
        json!({"range": {"low": 1, "high": 2}}),
        json!({"range": {"low": 3, "high": 2}}),
        json!({"range": {"low": 3}}),
        json!({"messages": {"a": 4}}),
        json!({"messages": {"a": 9, "b": "large"}}),
        json!({"odd-name": {"a-b": 1, "in": "x"}}),
        json!({"odd-name": {"a-b": 2, "in": "x"}}),
        json!({"ratio": {"a": 1}}),
        json!({"ratio": {"a": 2}}),
        json!({"labels": {"a": "x", "long-key": "y"}}),
        json!({"items": ["ab", "ba", "c"]}),
        json!({"texts": {"a": ["b", "c"]}}),
        json!({"texts": {"a": ["B"]}}),
        json!({"size": {"a": 3}}),
        json!({"size": {"a": "some"}}),
        json!({"size": {"a": "all"}}),
        json!({"name": null, "range": {"low": 3, "high": 2}}),
        json!({"range": {"low": "x", "high": 2}}),
    ];
    let mut cases: Vec<_> = made.into_iter().map(|spec| (spec, None)).collect();
    cases.push((json!({}), Some(json!({"name": "other"}))));
    cases.push((json!({}), Some(json!({"items": ["b"]}))));
    cases.push((json!({"items": ["a"]}), Some(json!({"items": ["a", "c"]}))));
    cases
}

fn object(name: &str, spec: &Value) -> Value {
    let mut all = json!({"name": "n"});
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    json!({"apiVersion": "rules.example/v1", "kind": "Gauge", "metadata": {"name": name}, "spec": all})
}

fn compare() -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let differences = runtime.block_on(async {
        let real = RealApiServer::start().await.unwrap();
        let plane = ControlPlane::open(Storage::Memory, Config::default()).unwrap();
        let servers = [real.client().unwrap(), Client::new(plane.service(Identity::admin()), "default")];
        for client in &servers {
            let (code, answer) = send(client, "POST", DEFINITIONS, &definition()).await;
            assert_eq!(code, 201, "{answer}");
            served(client).await;
        }
        let mut differences = Vec::new();
        let mut refused = 0;
        for (number, (made, changed)) in cases().iter().enumerate() {
            let [theirs, ours] = [0, 1].map(|server| said(&servers[server], number, made, changed.as_ref()));
            let (theirs, ours) = (theirs.await, ours.await);
            refused += usize::from(theirs.iter().any(|line| !line.starts_with('2')));
            if theirs != ours {
                differences.push(format!("{made} -> {changed:?}\n  real: {theirs:#?}\n  ours: {ours:#?}"));
            }
        }
        let (theirs, ours) = (
            said(&servers[0], usize::MAX, &json!({}), None).await,
            said(&servers[1], usize::MAX, &json!({}), None).await,
        );
        assert!(theirs == ours && theirs[0].starts_with("422"), "{theirs:?} {ours:?}");
        assert!(refused > 12, "only {refused} were refused");
        plane.shutdown().await;
        differences
    });
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// Waits until the kind is served.
async fn served(client: &Client) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while send(client, "GET", OBJECTS, &Value::Null).await.0 != 200 {
        assert!(tokio::time::Instant::now() < deadline, "the kind is not served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The codes and causes that a server answers with.
async fn said(client: &Client, number: usize, made: &Value, changed: Option<&Value>) -> Vec<String> {
    let name = if number == usize::MAX { "forbidden".to_owned() } else { format!("case-{number}") };
    let (code, answer) = send(client, "POST", OBJECTS, &object(&name, made)).await;
    let mut lines = causes(code, &answer);
    if let (Some(changed), 201) = (changed, code) {
        let mut object = object(&name, changed);
        object["metadata"]["resourceVersion"] = answer["metadata"]["resourceVersion"].clone();
        let (code, answer) = send(client, "PUT", &format!("{OBJECTS}/{name}"), &object).await;
        lines.extend(causes(code, &answer));
    }
    lines
}

fn causes(code: u16, answer: &Value) -> Vec<String> {
    let mut lines = vec![code.to_string()];
    let causes = answer["details"]["causes"].as_array();
    lines.extend(
        causes
            .into_iter()
            .flatten()
            .map(|cause| format!("{}: {} ({})", cause["field"], cause["message"], cause["reason"])),
    );
    lines[1..].sort();
    lines
}

async fn send(client: &Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
    let request = http::Request::builder().method(method).uri(path).header("content-type", "application/json");
    let answer = client.send(request.body(kube::client::Body::from(body)).unwrap()).await.unwrap();
    let code = answer.status().as_u16();
    let bytes = answer.into_body().collect_bytes().await.unwrap();
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}
