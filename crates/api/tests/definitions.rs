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

/// The versions of a kind, the stored one first, its category and short name.
fn check(definition: &CustomResourceDefinition, versions: &[&str], category: &str, short: &str) {
    let tree = serde_json::to_value(definition).expect("JSON");
    let name = &tree["metadata"]["name"];
    assert_eq!(tree["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"], "disabled", "{name}");
    assert_eq!(tree["spec"]["names"]["categories"], serde_json::json!(["all", "fluxcd", category]), "{name}");
    assert_eq!(tree["spec"]["names"]["shortNames"][0].as_str().unwrap_or(""), short, "{name}");
    let served = tree["spec"]["versions"].as_array().expect("versions");
    let names: Vec<_> = served.iter().map(|version| version["name"].as_str().expect("a name")).collect();
    assert_eq!(names, versions, "{name}");
    for (number, version) in served.iter().enumerate() {
        assert_eq!((&version["served"], &version["storage"]), (&true.into(), &(number == 0).into()), "{name}");
        assert!(version["subresources"]["status"].is_object(), "{name}");
        let properties = &version["schema"]["openAPIV3Schema"]["properties"];
        assert_eq!(properties["status"]["default"]["observedGeneration"], -1, "{name}");
        // What nobody knows is refused by name, as from Flux's own definitions.
        assert!(properties["spec"].get("x-kubernetes-preserve-unknown-fields").is_none(), "{name}");
        let columns: Vec<_> = version["additionalPrinterColumns"].as_array().expect("columns").iter().collect();
        let columns: Vec<_> = columns.iter().map(|column| column["name"].as_str().expect("a name")).collect();
        assert!(columns.ends_with(&["Age", "Ready", "Status"]), "{name}: {columns:?}");
    }
}

#[test]
fn definitions_are_as_flux_has_them() {
    let (sources, appliers) = ("fluxcd-sources", "fluxcd-appliers");
    let all = api::definitions();
    let (beta, old) = (["v1", "v1beta2", "v1beta1"].as_slice(), ["v2", "v2beta2", "v2beta1"].as_slice());
    let expected = [
        (beta, sources, "gitrepo"),
        (&["v1", "v1beta2"], sources, "ocirepo"),
        (beta, sources, "helmrepo"),
        (beta, sources, "hc"),
        (beta, sources, ""),
        (&["v1"], sources, "ea"),
        (&["v1beta1"], sources, "ag"),
        (beta, appliers, "ks"),
        (old, appliers, "hr"),
    ];
    assert_eq!(all.len(), expected.len());
    for (definition, (versions, category, short)) in all.iter().zip(expected) {
        check(definition, versions, category, short);
    }
}

#[test]
fn a_status_has_the_fields_of_its_kind_only() {
    let fields = |kind: &str| {
        let all = api::definitions();
        let one = all.iter().find(|definition| definition.spec.names.kind == kind).expect("the kind");
        let tree = serde_json::to_value(one).expect("JSON");
        let status = &tree["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"];
        status.as_object().expect("fields").keys().cloned().collect::<Vec<_>>()
    };
    let common = ["artifact", "conditions", "lastHandledReconcileAt", "observedGeneration", "url"];
    assert_eq!(fields("HelmRepository"), common);
    assert!(fields("OCIRepository").contains(&"observedLayerSelector".to_owned()));
    assert!(!fields("OCIRepository").contains(&"observedChartName".to_owned()));
    assert!(fields("HelmRelease").contains(&"history".to_owned()));
}

#[test]
fn unknown_and_unsupported_fields_are_named() {
    let spec = serde_json::json!({"interval": "1m", "prune": true, "sourceRef": {"kind": "HelmRepository", "name": "a"},
        "decryption": {"provider": "vault"}, "fromTheFuture": 1});
    let spec: api::KustomizationSpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["sourceRef.kind", "decryption.provider", "fromTheFuture"]);
    let spec = serde_json::json!({"interval": "1m", "url": "https://a", "provider": "azure", "verify": {"mode": "Branch", "secretRef": {"name": "a"}}, "include": [{"repository": {"name": "b"}}]});
    let spec: api::GitRepositorySpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["provider", "verify.mode"]);
    let spec = serde_json::json!({"interval": "1m", "url": "oci://a/b", "provider": "aws", "layerSelector": {"operation": "melt"}});
    let spec: api::OCIRepositorySpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["provider", "layerSelector.operation"]);
    let spec =
        serde_json::json!({"chart": "web", "sourceRef": {"kind": "OCIRepository", "name": "a"}, "valuesFile": "x"});
    let spec: api::HelmChartSpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["sourceRef.kind"]);
    let copy = serde_json::json!([{"from": "@a/x", "to": "@artifact/", "strategy": "Melt"}]);
    let spec = serde_json::json!({"sources": [], "pathPattern": "@a/{x}", "artifacts": [{"name": "a", "copy": copy}]});
    let spec: api::ArtifactGeneratorSpec = serde_json::from_value(spec).expect("a spec");
    assert_eq!(spec.unsupported(), ["artifacts.copy.strategy"]);
}
