//! The `CustomResourceDefinitions` of all kinds.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::json;

use crate::{GitRepository, Kustomization};

/// The definitions of all kinds, ready to be applied.
pub fn definitions() -> Vec<CustomResourceDefinition> {
    [GitRepository::crd(), Kustomization::crd()].into_iter().map(finished).collect()
}

/// A definition as YAML.
#[expect(clippy::missing_panics_doc, reason = "a definition is always JSON, and JSON is YAML")]
pub fn to_yaml(definition: &CustomResourceDefinition) -> String {
    let json = serde_json::to_vec(definition).expect("because a definition has only text keys");
    goyaml::emit(&goyaml::json::parse(&json).expect("because serde_json writes JSON"))
}

/// Adds what the derive macro cannot say: Flux's annotation, the default status, and that unknown fields are kept.
fn finished(definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let mut tree = serde_json::to_value(definition).expect("because a definition has only text keys");
    tree["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/substitute": "disabled"});
    let properties = &mut tree["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    properties["status"]["default"] = json!({"observedGeneration": -1});
    for part in ["spec", "status"] {
        properties[part]["x-kubernetes-preserve-unknown-fields"] = json!(true);
    }
    serde_json::from_value(tree).expect("because only known fields were added")
}
