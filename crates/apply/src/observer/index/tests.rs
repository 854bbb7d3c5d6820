//! The index without a cluster.

use super::*;
use crate::observer::Seal;
use crate::ownership::Interner;
use crate::record::Digest;

fn live(name: &str, revision: u32, value: &str) -> Live {
    let json = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"n","uid":"u","resourceVersion":"{revision}",
        "labels":{{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}},
        "managedFields":[{{"manager":"us","operation":"Apply","apiVersion":"v1","fieldsV1":{{"f:data":{{"f:a":{{}}}}}}}}]}},
        "data":{{"a":"{value}"}}}}"#
    );
    let value = goyaml::json::parse(json.as_bytes()).expect("JSON");
    Live::read(&value, &["us".into()], &Interner::default(), &Seal::random())
}

fn value(index: &Index, key: &ObjectKey) -> Option<String> {
    index.get(key, None).and_then(|live| live.value().str_at(&["data", "a"]).map(str::to_owned))
}

#[test]
fn older_states_are_ignored() {
    let mut index = Index::default();
    let key = live("m", 1, "").key;
    index.apply(&live("m", 10, "new").into());
    index.apply(&live("m", 9, "old").into());
    assert_eq!(value(&index, &key).as_deref(), Some("new"));
    index.delete(&live("m", 9, "").gvk, &key, "9");
    assert_eq!(value(&index, &key).as_deref(), Some("new"));
    index.delete(&live("m", 9, "").gvk, &key, "11");
    assert_eq!(value(&index, &key), None);
}

#[test]
fn a_new_list_takes_out_what_it_lacks() {
    let mut index = Index::default();
    for name in ["a", "b"] {
        index.apply(&live(name, 5, "x").into());
    }
    let kind = live("a", 1, "").gvk;
    // Written by us after the list was read.
    index.apply(&live("c", 30, "x").into());
    index.replace(&kind, vec![live("a", 6, "y")], "20");
    assert_eq!(value(&index, &live("a", 1, "").key).as_deref(), Some("y"));
    assert_eq!(value(&index, &live("b", 1, "").key), None);
    assert_eq!(value(&index, &live("c", 1, "").key).as_deref(), Some("x"));
}

#[tokio::test]
async fn subscribers_are_told_by_key_and_once() {
    let mut index = Index::default();
    let key = live("m", 1, "").key;
    let mut one = index.subscribe(Some([key.clone()].into()));
    let mut all = index.subscribe(None);
    index.apply(&live("other", 1, "x").into());
    index.apply(&live("m", 1, "x").into());
    index.apply(&live("m", 2, "y").into());
    index.apply(&live("m", 2, "y").into());
    let owner = Owner::kustomization("flux-system", "apps");
    assert_eq!(one.changed().await, [(key.clone(), Some(owner.clone()))]);
    assert_eq!(one.take(), []);
    assert_eq!(all.changed().await.len(), 2);
    index.delete(&live("m", 1, "").gvk, &key, "3");
    assert_eq!(one.changed().await, [(key, Some(owner))]);
    drop(one);
    index.apply(&live("m", 4, "z").into());
    assert!(index.subscribers.is_empty(), "a subscriber that is gone is forgotten");
}

#[test]
fn our_own_writes_are_not_judged() {
    let mut index = Index::default();
    let first = live("m", 5, "x");
    let key = first.key.clone();
    index.remember(
        key.clone(),
        first.record(Digest::of(&goyaml::Value::NULL), &std::sync::Arc::from([])).expect("ours"),
    );
    index.apply(&first.into());
    assert!(index.drift_candidates(&key).is_some());
    index.begin(&key);
    index.apply(&live("m", 6, "y").into());
    assert!(index.drift_candidates(&key).is_none(), "while we write");
    index.remember(
        key.clone(),
        live("m", 8, "z").record(Digest::of(&goyaml::Value::NULL), &std::sync::Arc::from([])).expect("ours"),
    );
    index.end(&key);
    assert!(index.drift_candidates(&key).is_none(), "before our own write was seen");
    index.apply(&live("m", 8, "z").into());
    assert!(index.drift_candidates(&key).is_some());
}
