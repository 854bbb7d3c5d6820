//! The `CustomResourceDefinitions` of all kinds.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use crate::rules;
use crate::{
    ArtifactGenerator, Bucket, ExternalArtifact, GitRepository, HelmChart, HelmRelease, HelmRepository, Kustomization,
    OCIRepository,
};

/// What the derive macro cannot say of a kind.
struct Extra {
    /// Versions beside the one that is stored, newest first. Of the same shape, so nothing is converted.
    older: &'static [&'static str],
    /// Category beside `all` and `fluxcd`.
    category: &'static str,
    /// Columns of `kubectl get` before Age, Ready and Status: name and place.
    columns: &'static [(&'static str, &'static str)],
    /// Fields of the status of this kind of source, where the type has those of all.
    status: &'static [&'static str],
}

const SOURCES: &str = "fluxcd-sources";
const APPLIERS: &str = "fluxcd-appliers";
/// Fields of the status of every source.
const COMMON: [&str; 5] = ["observedGeneration", "conditions", "artifact", "url", "lastHandledReconcileAt"];
/// Versions that Flux once had.
const V1_BETA: &[&str] = &["v1beta2", "v1beta1"];
/// The last columns of every kind.
const COLUMNS: [(&str, &str); 3] = [
    ("Age", ".metadata.creationTimestamp"),
    ("Ready", ".status.conditions[?(@.type==\"Ready\")].status"),
    ("Status", ".status.conditions[?(@.type==\"Ready\")].message"),
];
const URL: &[(&str, &str)] = &[("URL", ".spec.url")];

/// The definitions of all kinds, ready to be applied.
pub fn definitions() -> Vec<CustomResourceDefinition> {
    let source = |older, columns, status| Extra { older, category: SOURCES, columns, status };
    let applier = |older| Extra { older, category: APPLIERS, columns: &[], status: &[] };
    vec![
        finished(
            &GitRepository::crd(),
            &source(
                V1_BETA,
                URL,
                &[
                    "includedArtifacts",
                    "observedIgnore",
                    "observedRecurseSubmodules",
                    "observedInclude",
                    "observedSparseCheckout",
                    "sourceVerificationMode",
                ],
            ),
        ),
        finished(&OCIRepository::crd(), &source(&["v1beta2"], URL, &["observedIgnore", "observedLayerSelector"])),
        finished(&HelmRepository::crd(), &source(V1_BETA, URL, &[])),
        finished(
            &HelmChart::crd(),
            &source(
                V1_BETA,
                &[
                    ("Chart", ".spec.chart"),
                    ("Version", ".spec.version"),
                    ("Source Kind", ".spec.sourceRef.kind"),
                    ("Source Name", ".spec.sourceRef.name"),
                ],
                &["observedChartName", "observedSourceArtifactRevision", "observedValuesFiles"],
            ),
        ),
        finished(&Bucket::crd(), &source(V1_BETA, &[("Endpoint", ".spec.endpoint")], &["observedIgnore"])),
        finished(&ExternalArtifact::crd(), &source(&[], &[("Source", ".spec.sourceRef.name")], &[])),
        finished(&ArtifactGenerator::crd(), &source(&[], &[], &["inventory", "observedSourcesDigest"])),
        finished(&Kustomization::crd(), &applier(V1_BETA)),
        finished(&HelmRelease::crd(), &applier(&["v2beta2", "v2beta1"])),
    ]
}

/// A definition as YAML.
#[expect(clippy::missing_panics_doc, reason = "a definition is always JSON, and JSON is YAML")]
pub fn to_yaml(definition: &CustomResourceDefinition) -> String {
    let json = serde_json::to_vec(definition).expect("because a definition has only text keys");
    goyaml::emit(&goyaml::json::parse(&json).expect("because serde_json writes JSON"))
}

/// Adds what the derive macro cannot say: Flux's annotation, categories, columns, the default status, older versions.
fn finished(definition: &CustomResourceDefinition, extra: &Extra) -> CustomResourceDefinition {
    let mut tree = serde_json::to_value(definition).expect("because a definition has only text keys");
    tree["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/substitute": "disabled"});
    tree["spec"]["names"]["categories"] = json!(["all", "fluxcd", extra.category]);
    let version = &mut tree["spec"]["versions"][0];
    let columns = extra.columns.iter().chain(&COLUMNS).map(|(name, place)| {
        let kind = if *name == "Age" { "date" } else { "string" };
        json!({"name": name, "type": kind, "jsonPath": place})
    });
    version["additionalPrinterColumns"] = columns.collect();
    let schema = &mut version["schema"]["openAPIV3Schema"];
    schema.as_object_mut().map(|schema| schema.remove("description"));
    rules::add(&definition.spec.names.kind, schema);
    let status = &mut schema["properties"]["status"];
    status["default"] = json!({"observedGeneration": -1});
    if extra.category == SOURCES
        && let Some(fields) = status["properties"].as_object_mut()
    {
        fields.retain(|name, _| COMMON.contains(&name.as_str()) || extra.status.contains(&name.as_str()));
    }
    let newest = version.clone();
    let older = extra.older.iter().map(|name| older(&newest, name));
    if let Some(versions) = tree["spec"]["versions"].as_array_mut() {
        versions.extend(older);
    }
    serde_json::from_value(tree).expect("because only known fields were added")
}

/// The same version under another name: served, not stored. Its schema says the same in fewer words, as a server holds each.
fn older(newest: &Value, name: &str) -> Value {
    let mut version = newest.clone();
    version["name"] = json!(name);
    version["storage"] = json!(false);
    without_descriptions(&mut version["schema"]["openAPIV3Schema"]);
    version
}

/// Takes the descriptions out of a schema; a property of that name stays.
fn without_descriptions(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    fields.remove("description");
    let each = |children: Option<&mut Map<String, Value>>| {
        children.into_iter().flat_map(Map::values_mut).for_each(without_descriptions);
    };
    each(fields.get_mut("properties").and_then(Value::as_object_mut));
    for below in ["items", "additionalProperties"] {
        fields.get_mut(below).map(without_descriptions);
    }
}
