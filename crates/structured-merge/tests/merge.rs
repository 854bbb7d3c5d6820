//! Tables of our own and recorded answers of Kubernetes' own code.

#[path = "merge/manager.rs"]
mod manager;
#[path = "merge/recorded.rs"]
mod recorded;
#[path = "merge/sets.rs"]
mod sets;

use goyaml::Value;
use structured_merge::{Gvk, Schema};

fn json(text: &str) -> Value {
    goyaml::json::parse(text.as_bytes()).expect("a test writes JSON")
}

/// A reduced schema: one kind with a list of each sort.
fn schema() -> (Schema, Gvk) {
    let mut schema = Schema::new();
    schema.add_openapi(&json(SCHEMA)).expect("the schema of the tests is right");
    (schema, Gvk::new("test", "v1", "Thing"))
}

const SCHEMA: &str = r##"{"components":{"schemas":{
  "Thing":{"type":"object","x-kubernetes-group-version-kind":[{"group":"test","version":"v1","kind":"Thing"}],"properties":{
    "apiVersion":{"type":"string"},"kind":{"type":"string"},
    "metadata":{"type":"object","properties":{"name":{"type":"string"},"namespace":{"type":"string"},"uid":{"type":"string"},
      "labels":{"type":"object","additionalProperties":{"type":"string","default":""}},
      "annotations":{"type":"object","additionalProperties":{"type":"string"}},
      "managedFields":{"type":"array","items":{"type":"object"},"x-kubernetes-list-type":"atomic"},
      "finalizers":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set","x-kubernetes-patch-strategy":"merge"}}},
    "spec":{"type":"object","properties":{
      "replicas":{"type":"integer"},
      "selector":{"allOf":[{"$ref":"#/components/schemas/Selector"}],"x-kubernetes-map-type":"atomic"},
      "args":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"atomic"},
      "anything":{"x-kubernetes-preserve-unknown-fields":true},
      "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name",
        "items":{"allOf":[{"$ref":"#/components/schemas/Item"}],"default":{}}},
      "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","protocol"],
        "items":{"type":"object","properties":{"port":{"type":"integer"},"protocol":{"type":"string","default":"TCP"},"name":{"type":"string"}}}}}},
    "status":{"type":"object","properties":{"phase":{"type":"string"}}}}},
  "Selector":{"type":"object","properties":{"labels":{"type":"object","additionalProperties":{"type":"string"}}}},
  "Item":{"type":"object","properties":{"name":{"type":"string"},"value":{"type":"string"},"tags":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"}}}
}}}"##;
