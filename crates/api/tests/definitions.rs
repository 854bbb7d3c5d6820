//! The committed definitions are those that the types make. `UPDATE=1 cargo test -p setpoint-api` writes them.

use std::fs;
use std::path::Path;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// The file of a definition and its text.
fn files() -> Vec<(String, String)> {
    let file = |definition: &CustomResourceDefinition| {
        let name = definition.metadata.name.clone().expect("definitions are named");
        (format!("crds/{name}.yaml"), api::to_yaml(definition))
    };
    api::definitions().iter().map(file).collect()
}

#[test]
fn committed_definitions_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, text) in files() {
        if std::env::var_os("UPDATE").is_some() {
            fs::write(root.join(&file), &text).expect("the file can be written");
        }
        let committed = fs::read_to_string(root.join(&file)).unwrap_or_default();
        assert!(committed == text, "{file} is not what the types make; run UPDATE=1 cargo test -p setpoint-api");
    }
}

#[test]
fn definitions_are_as_flux_has_them() {
    for definition in api::definitions() {
        let tree = serde_json::to_value(&definition).expect("JSON");
        let annotation = &tree["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"];
        assert_eq!(annotation, "disabled");
        let version = &tree["spec"]["versions"][0];
        assert_eq!(version["name"], "v1");
        assert!(version["subresources"]["status"].is_object());
        let properties = &version["schema"]["openAPIV3Schema"]["properties"];
        assert_eq!(properties["status"]["default"]["observedGeneration"], -1);
        assert_eq!(properties["spec"]["x-kubernetes-preserve-unknown-fields"], true);
        let columns: Vec<_> = version["additionalPrinterColumns"]
            .as_array()
            .expect("columns")
            .iter()
            .map(|column| column["name"].as_str().expect("a name"))
            .collect();
        assert!(columns.ends_with(&["Age", "Ready", "Status"]), "{columns:?}");
    }
}

#[test]
fn unknown_and_unsupported_fields_are_named() {
    let spec = serde_json::json!({"interval": "1m", "prune": true, "sourceRef": {"kind": "OCIRepository", "name": "a"},
        "decryption": {"provider": "sops"}, "fromTheFuture": 1});
    let spec: api::KustomizationSpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["sourceRef.kind", "decryption", "fromTheFuture"]);
    let spec = serde_json::json!({"interval": "1m", "url": "https://a", "verify": {"secretRef": {"name": "a"}}, "include": [{"repository": {"name": "b"}}]});
    let spec: api::GitRepositorySpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["verify", "include"]);
}
