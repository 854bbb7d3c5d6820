//! Server-side apply, patches and scale.

use serde_json::json;

use crate::world::{CONFIG_MAPS, DEPLOYMENTS, World, at, config_map, deployment};

pub async fn owners_and_conflicts() {
    let world = World::still();
    let path = format!("{DEPLOYMENTS}/d");
    // The applied text is compared with the canonical form, as upstream does: `0.5` would be a conflict of its own.
    let deployment = |name: &str| deployment(name).replace("0.5", "500m");
    let made = world.apply(&path, "one", &deployment("d")).await.expect(201);
    let entry = at(&made.body, "metadata.managedFields.0");
    assert_eq!(entry["manager"], "one");
    assert_eq!(entry["operation"], "Apply");
    let ports = at(entry, "fieldsV1.f:spec.f:template.f:spec.f:containers");
    assert!(ports[r#"k:{"name":"c"}"#]["f:ports"][r#"k:{"containerPort":80,"protocol":"TCP"}"#].is_object(), "{ports}");
    let other = deployment("d").replace("nginx:1.2", "nginx:1.3");
    let conflict = world.apply(&path, "two", &other).await.expect(409);
    assert_eq!(
        conflict.message(),
        "Apply failed with 1 conflict: conflict with \"one\": .spec.template.spec.containers[name=\"c\"].image"
    );
    assert_eq!(at(&conflict.body, "details.causes.0.reason"), "FieldManagerConflict");
    let forced = world.apply(&path, "two&force=true", &other).await.expect(200);
    assert_eq!(*at(&forced.body, "spec.template.spec.containers.0.image"), json!("nginx:1.3"));
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: \"1\"\n";
    let made = world.apply(&format!("{CONFIG_MAPS}/y"), "one", yaml).await.expect(201);
    assert_eq!(made.text("data.a"), "1");
    let fewer = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\n";
    let left = world.apply(&format!("{CONFIG_MAPS}/y"), "one", fewer).await.expect(200);
    assert!(left.body.get("data").is_none(), "what is no longer applied goes: {}", left.body);
    let nameless =
        world.send(&format!("PATCH {CONFIG_MAPS}/y"), "application/apply-patch+yaml", yaml).await.expect(422);
    assert!(nameless.message().contains("is required for apply patch"));
}

pub async fn patches() {
    let world = World::still();
    world.post(DEPLOYMENTS, &deployment("d")).await.expect(201);
    let path = format!("{DEPLOYMENTS}/d");
    let strategic = r#"{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}"#;
    let request = format!("PATCH {path}");
    let answer = world.send(&request, "application/strategic-merge-patch+json", strategic).await.expect(200);
    assert_eq!(at(&answer.body, "spec.template.spec.containers").as_array().unwrap().len(), 2);
    let json =
        r#"[{"op":"test","path":"/spec/replicas","value":1},{"op":"replace","path":"/spec/replicas","value":4}]"#;
    let answer = world.send(&request, "application/json-patch+json", json).await.expect(200);
    assert_eq!(answer.body["spec"]["replicas"], 4);
    let failed = world.send(&request, "application/json-patch+json", json).await;
    assert_eq!(failed.code, 422, "{}", failed.body);
    let merge = world.merge(&path, r#"{"spec":{"paused":true,"replicas":null}}"#).await.expect(200);
    assert_eq!((&merge.body["spec"]["paused"], &merge.body["spec"]["replicas"]), (&json!(true), &json!(1)));
    let unknown = world
        .send(&format!("{request}?fieldValidation=Strict"), "application/merge-patch+json", r#"{"spec":{"x":1}}"#)
        .await;
    assert_eq!(unknown.code, 422);
    assert!(unknown.message().contains("strict decoding error: unknown field \"spec.x\""), "{}", unknown.message());
}

pub async fn scale() {
    let world = World::still();
    world.post(DEPLOYMENTS, &deployment("d")).await.expect(201);
    let path = format!("{DEPLOYMENTS}/d/scale");
    let scale = world.get(&path).await.expect(200);
    assert_eq!((scale.text("kind"), scale.text("status.selector")), ("Scale", "app=d"));
    let scaled = world.merge(&path, r#"{"spec":{"replicas":5}}"#).await.expect(200);
    assert_eq!(scaled.body["spec"]["replicas"], 5);
    let object = world.get(&format!("{DEPLOYMENTS}/d")).await.expect(200);
    assert_eq!(object.body["spec"]["replicas"], 5);
    world.post(CONFIG_MAPS, &config_map("c", "1")).await.expect(201);
    world.get(&format!("{CONFIG_MAPS}/c/scale")).await.expect(404);
}
