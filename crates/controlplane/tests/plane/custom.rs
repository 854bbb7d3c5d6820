//! Custom resource definitions and their objects.

use serde_json::{Value, json};

use crate::world::{World, at};

pub const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TABS: &str = "/apis/stable.example.com/v1/namespaces/default/crontabs";

pub fn definition() -> String {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "crontabs.stable.example.com"},
        "spec": {
            "group": "stable.example.com", "scope": "Namespaced",
            "names": {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "required": ["cronSpec"], "properties": {
                        "cronSpec": {"type": "string", "pattern": "^\\S+ \\S+$"},
                        "replicas": {"type": "integer", "minimum": 1, "default": 1},
                        "image": {"type": "string", "enum": ["a", "b"]},
                        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
                    }},
                    "status": {"type": "object", "default": {"replicas": 0}, "properties": {"replicas": {"type": "integer"}}}
                }}}
            }, {
                "name": "v1beta1", "served": true, "storage": false,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
            }]
        }
    })
    .to_string()
}

fn tab(spec: &Value) -> String {
    json!({"apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": {"name": "t"}, "spec": spec})
        .to_string()
}

pub async fn definition_then_object() {
    let world = World::new();
    world.get(TABS).await.expect(404);
    let made = world.post(DEFINITIONS, &definition()).await.expect(201);
    let conditions = made.body["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().all(|one| one["status"] == "True"), "{conditions:?}");
    assert_eq!(made.body["status"]["storedVersions"], json!(["v1"]));
    assert_eq!(made.text("spec.names.singular"), "crontab");
    let object =
        world.apply(&format!("{TABS}/t"), "m", &tab(&json!({"cronSpec": "* *", "free": {"x": 1}}))).await.expect(201);
    assert_eq!(object.body["spec"], json!({"cronSpec": "* *", "free": {"x": 1}, "replicas": 1}));
    assert_eq!(object.body["metadata"]["generation"], 1);
    // The default of the status, which nobody owns.
    assert_eq!(object.body["status"], json!({"replicas": 0}));
    assert!(!object.body["metadata"]["managedFields"].to_string().contains("f:status"));
    let beta = world.get(&TABS.replace("v1/", "v1beta1/")).await.expect(200);
    assert_eq!(at(&beta.body, "items.0.apiVersion"), "stable.example.com/v1beta1");
    let scaled = world.merge(&format!("{TABS}/t/scale"), r#"{"spec":{"replicas":3}}"#).await.expect(200);
    assert_eq!(scaled.body["spec"]["replicas"], 3);
    let status = world
        .merge(&format!("{TABS}/t/status"), r#"{"spec":{"replicas":9},"status":{"replicas":2}}"#)
        .await
        .expect(200);
    assert_eq!((&status.body["spec"]["replicas"], &status.body["status"]["replicas"]), (&json!(3), &json!(2)));
    world.delete(&format!("{DEFINITIONS}/crontabs.stable.example.com")).await.expect(200);
    world.get(TABS).await.expect(404);
    world.post(DEFINITIONS, &definition()).await.expect(201);
    assert_eq!(world.get(TABS).await.expect(200).body["items"], json!([]), "the objects went with their definition");
}

pub async fn schema_is_enforced() {
    let world = World::new();
    world.post(DEFINITIONS, &definition()).await.expect(201);
    let cases = [
        (json!({}), "spec.cronSpec: Required value"),
        (
            json!({"cronSpec": 5}),
            "spec.cronSpec: Invalid value: \"integer\": spec.cronSpec in body must be of type string: \"integer\"",
        ),
        (
            json!({"cronSpec": "x"}),
            "spec.cronSpec: Invalid value: \"x\": spec.cronSpec in body should match '^\\S+ \\S+$'",
        ),
        (
            json!({"cronSpec": "* *", "replicas": 0}),
            "spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1",
        ),
        (
            json!({"cronSpec": "* *", "image": "c"}),
            "spec.image: Unsupported value: \"c\": supported values: \"a\", \"b\"",
        ),
    ];
    for (spec, expect) in cases {
        let answer = world.post(TABS, &tab(&spec)).await.expect(422);
        assert_eq!(answer.message(), format!("CronTab.stable.example.com \"t\" is invalid: {expect}"));
    }
    let unknown = tab(&json!({"cronSpec": "* *", "what": 1}));
    let strict = world.post(&format!("{TABS}?fieldValidation=Strict"), &unknown).await.expect(400);
    assert_eq!(
        strict.message(),
        "CronTab in version \"v1\" cannot be handled as a CronTab: strict decoding error: unknown field \"spec.what\""
    );
    let pruned = world.post(TABS, &unknown).await.expect(201);
    assert!(pruned.body["spec"].get("what").is_none());
    // Who applies claims each field, so one that nobody knows is refused, as kube-apiserver does.
    let applied = world.apply(&format!("{TABS}/t"), "a", &unknown).await.expect(500);
    assert!(applied.message().contains(".spec.what: field not declared in schema"), "{}", applied.message());
    let put: Value = serde_json::from_str(&tab(&json!({"cronSpec": "* *"}))).unwrap();
    let refused = world.put(&format!("{TABS}/t"), &put).await.expect(422);
    assert!(refused.message().contains("must be specified for an update"), "{}", refused.message());
}

pub async fn discovery_and_schema() {
    let world = World::new();
    world.post(DEFINITIONS, &definition()).await.expect(201);
    let groups = world.get("/apis").await.expect(200);
    let found = groups.body["groups"].as_array().unwrap().iter().find(|group| group["name"] == "stable.example.com");
    assert_eq!(at(found.unwrap(), "preferredVersion.version"), "v1");
    let resources = world.get("/apis/stable.example.com/v1").await.expect(200);
    let names: Vec<_> =
        resources.body["resources"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["crontabs", "crontabs/scale", "crontabs/status"]);
    let accept = [("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json")];
    let service = world.plane.service(controlplane::Identity::admin());
    let aggregated = world.send_as(&service, "GET /apis", &accept, "").await.expect(200);
    let items = aggregated.body["items"].as_array().unwrap();
    let found = items.iter().find(|group| group["metadata"]["name"] == "stable.example.com").unwrap();
    assert_eq!(at(found, "versions.0.resources.0.resource"), "crontabs");
    let tag = aggregated.headers["etag"].to_str().unwrap().to_owned();
    let known = [accept[0], ("if-none-match", tag.as_str())];
    world.send_as(&service, "GET /apis", &known, "").await.expect(304);
    let index = world.get("/openapi/v3").await.expect(200);
    let path = index.body["paths"]["apis/stable.example.com/v1"]["serverRelativeURL"].as_str().unwrap();
    let document = world.get(path).await.expect(200);
    assert_eq!(document.headers["cache-control"], "public, immutable");
    assert!(document.body["components"]["schemas"]["com.example.stable.v1.CronTab"]["properties"]["spec"].is_object());
    world.get(&path.replace("hash=", "hash=0")).await.expect(301);
}
