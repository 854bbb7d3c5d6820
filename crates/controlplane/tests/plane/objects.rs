//! What holds for objects of every kind.

use std::sync::Arc;
use std::time::Duration;

use controlplane::Identity;
use serde_json::json;

use crate::world::{CONFIG_MAPS, World, at, config_map};

pub async fn made_read_changed_deleted() {
    let world = World::new();
    let made = world.post(CONFIG_MAPS, &config_map("a", "1")).await.expect(201);
    assert_eq!(made.text("kind"), "ConfigMap");
    assert_eq!(made.headers["content-type"], "application/json");
    assert!(made.headers.contains_key("audit-id"));
    assert_eq!(made.text("metadata.uid").len(), 36);
    let mut object = world.get(&format!("{CONFIG_MAPS}/a")).await.expect(200).body;
    assert_eq!(object, made.body);
    object["data"]["a"] = json!("2");
    let changed = world.put(&format!("{CONFIG_MAPS}/a"), &object).await.expect(200);
    assert_ne!(changed.text("metadata.resourceVersion"), made.text("metadata.resourceVersion"));
    assert_eq!(changed.text("metadata.uid"), made.text("metadata.uid"));
    let stale = world.put(&format!("{CONFIG_MAPS}/a"), &object).await.expect(409);
    assert_eq!(
        stale.message(),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let gone = world.delete(&format!("{CONFIG_MAPS}/a")).await.expect(200);
    assert_eq!(gone.text("status"), "Success");
    world.get(&format!("{CONFIG_MAPS}/a")).await.expect(404);
    let generated = world.post(CONFIG_MAPS, r#"{"metadata":{"generateName":"x-"}}"#).await.expect(201);
    assert_eq!(generated.text("metadata.name").len(), 7);
    let dry = world.post(&format!("{CONFIG_MAPS}?dryRun=All"), &config_map("dry", "1")).await.expect(201);
    assert_eq!(dry.text("metadata.name"), "dry");
    world.get(&format!("{CONFIG_MAPS}/dry")).await.expect(404);
}

pub async fn refusals_read_as_upstream() {
    let world = World::new();
    world.post(CONFIG_MAPS, &config_map("a", "1")).await.expect(201);
    let cases = [
        ("POST /api/v1/namespaces/default/configmaps", config_map("a", "1"), 409, "configmaps \"a\" already exists"),
        ("POST /api/v1/namespaces/nowhere/configmaps", config_map("a", "1"), 404, "namespaces \"nowhere\" not found"),
        ("GET /api/v1/namespaces/default/configmaps/b", String::new(), 404, "configmaps \"b\" not found"),
        ("GET /apis/apps/v1/namespaces/default/deployments/b", String::new(), 404, "deployments.apps \"b\" not found"),
        ("GET /apis/nothing/v1/things", String::new(), 404, "the server could not find the requested resource"),
        (
            "DELETE /api/v1/namespaces/default",
            String::new(),
            403,
            "namespaces \"default\" is forbidden: this namespace may not be deleted",
        ),
        (
            "POST /api/v1/namespaces/default/configmaps",
            config_map("A_b", "1"),
            422,
            "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
        (
            "POST /api/v1/namespaces/default/configmaps",
            r#"{"kind":"ConfigMap","apiVersion":"v2"}"#.into(),
            400,
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        (
            "GET /api/v1/configmaps?resourceVersion=99999&resourceVersionMatch=NotOlderThan",
            String::new(),
            504,
            "Timeout: Too large resource version: 99999, current: ",
        ),
        ("GET /api/v1/configmaps?fieldSelector=spec.x%3D1", String::new(), 400, "field label not supported: spec.x"),
    ];
    for (request, body, code, message) in cases {
        let answer = world.send(request, "application/json", &body).await;
        assert_eq!(answer.code, code, "{request}: {}", answer.body);
        assert!(answer.message().starts_with(message), "{request}: {}", answer.message());
        assert_eq!(answer.text("kind"), "Status");
    }
    let text = world.send("POST /api/v1/namespaces/default/configmaps", "text/plain", "x").await;
    assert_eq!(text.code, 415);
}

pub async fn strict_fields() {
    let world = World::new();
    let body =
        r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"s"},"dta":{"a":"1"},"data":{"a":"1","a":"2"}}"#;
    let refused = world.post(&format!("{CONFIG_MAPS}?fieldValidation=Strict"), body).await.expect(400);
    assert_eq!(
        refused.message(),
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dta\", duplicate field \"data.a\""
    );
    let warned = world.post(CONFIG_MAPS, body).await.expect(201);
    let warnings: Vec<_> = warned.headers.get_all("warning").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(warnings, ["299 - \"unknown field \\\"dta\\\"\"", "299 - \"duplicate field \\\"data.a\\\"\""]);
    let wrong = r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"s"},"spec":{"replicas":"two"}}"#;
    let refused = world.post(crate::world::DEPLOYMENTS, wrong).await.expect(400);
    assert_eq!(
        refused.message(),
        "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    );
}

pub async fn pages_of_a_list() {
    let world = World::new();
    for index in 0..5 {
        let body = config_map(&format!("p{index}"), "1").replace("\"name\"", "\"labels\":{\"page\":\"yes\"},\"name\"");
        world.post(CONFIG_MAPS, &body).await.expect(201);
    }
    let first = world.get(&format!("{CONFIG_MAPS}?limit=2&labelSelector=page")).await.expect(200);
    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(first.text("kind"), "ConfigMapList");
    assert!(first.body["items"][0].get("kind").is_none(), "items of typed lists have no kind");
    world.delete(&format!("{CONFIG_MAPS}/p3")).await.expect(200);
    let token = first.text("metadata.continue");
    let second = world.get(&format!("{CONFIG_MAPS}?limit=2&labelSelector=page&continue={token}")).await.expect(200);
    let names: Vec<_> = second.body["items"].as_array().unwrap().iter().map(|item| at(item, "metadata.name")).collect();
    assert_eq!(names, ["p2", "p3"], "a page shows the state of the first one");
    assert_eq!(second.text("metadata.resourceVersion"), first.text("metadata.resourceVersion"));
    let all = world.get(&format!("{CONFIG_MAPS}?limit=1")).await.expect(200);
    assert_eq!(all.body["metadata"]["remainingItemCount"], 4, "four and the certificate less one deleted");
}

pub async fn no_op_writes_are_free() {
    let world = World::still();
    let path = format!("{CONFIG_MAPS}/n");
    let body = config_map("n", "1");
    let first = world.apply(&path, "m", &body).await.expect(201);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let again = world.apply(&path, "m", &body).await.expect(200);
    assert_eq!(first.body, again.body);
    let merged = world.merge(&path, r#"{"data":{"a":"1"}}"#).await.expect(200);
    assert_eq!(first.body, merged.body);
    let put = world.put(&path, &first.body).await.expect(200);
    assert_eq!(first.body, put.body);
    let path = format!("{}/d", crate::world::DEPLOYMENTS);
    let first = world.apply(&path, "m", &crate::world::deployment("d")).await.expect(201);
    let again = world.apply(&path, "m", &crate::world::deployment("d")).await.expect(200);
    assert_eq!(first.body, again.body);
}

pub async fn finalizers_hold() {
    let world = World::new();
    let body = config_map("f", "1").replace("\"name\"", "\"finalizers\":[\"example.com/x\"],\"name\"");
    world.post(CONFIG_MAPS, &body).await.expect(201);
    let path = format!("{CONFIG_MAPS}/f");
    let marked = world.delete(&path).await.expect(200);
    assert_ne!(marked.text("metadata.deletionTimestamp"), "");
    world.get(&path).await.expect(200);
    let more = world.merge(&path, r#"{"metadata":{"finalizers":["example.com/x","example.com/y"]}}"#).await.expect(422);
    assert!(
        more.message().contains("no new finalizers can be added if the object is being deleted"),
        "{}",
        more.message()
    );
    world.merge(&path, r#"{"metadata":{"finalizers":null}}"#).await.expect(200);
    world.get(&path).await.expect(404);
}

/// Asks until the answer has this code.
async fn until(world: &World, path: &str, code: u16) {
    for _ in 0..100 {
        if world.get(path).await.code == code {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} does not answer {code}");
}

pub async fn namespaces_go_with_content() {
    let world = World::new();
    let made = world.post("/api/v1/namespaces", r#"{"metadata":{"name":"team"}}"#).await.expect(201);
    assert_eq!(made.text("status.phase"), "Active");
    world.get("/api/v1/namespaces/team/serviceaccounts/default").await.expect(200);
    world.get("/api/v1/namespaces/team/configmaps/kube-root-ca.crt").await.expect(200);
    let body = config_map("held", "1").replace("\"name\"", "\"finalizers\":[\"example.com/x\"],\"name\"");
    world.post("/api/v1/namespaces/team/configmaps", &body).await.expect(201);
    let terminating = world.delete("/api/v1/namespaces/team").await.expect(200);
    assert_eq!(terminating.text("status.phase"), "Terminating");
    let refused = world.post("/api/v1/namespaces/team/configmaps", &config_map("late", "1")).await.expect(403);
    assert_eq!(
        refused.message(),
        "configmaps \"late\" is forbidden: unable to create new content in namespace team because it is being terminated"
    );
    until(&world, "/api/v1/namespaces/team/serviceaccounts/default", 404).await;
    world.get("/api/v1/namespaces/team").await.expect(200);
    world.merge("/api/v1/namespaces/team/configmaps/held", r#"{"metadata":{"finalizers":null}}"#).await.expect(200);
    until(&world, "/api/v1/namespaces/team", 404).await;
}

pub async fn owned_objects_follow() {
    let world = World::new();
    for (policy, code) in [("Background", 404), ("Foreground", 404), ("Orphan", 200)] {
        let owner = world.post(CONFIG_MAPS, &config_map("owner", "1")).await.expect(201);
        let reference = format!(
            r#""ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{}"}}],"name""#,
            owner.text("metadata.uid")
        );
        world.post(CONFIG_MAPS, &config_map("owned", "1").replace("\"name\"", &reference)).await.expect(201);
        world.delete(&format!("{CONFIG_MAPS}/owner?propagationPolicy={policy}")).await.expect(200);
        until(&world, &format!("{CONFIG_MAPS}/owner"), 404).await;
        until(&world, &format!("{CONFIG_MAPS}/owned"), code).await;
    }
    let orphan = world.get(&format!("{CONFIG_MAPS}/owned")).await.expect(200);
    assert!(orphan.body["metadata"].get("ownerReferences").is_none());
}

pub async fn callers_are_known() {
    let world = World::new();
    let review = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews";
    let body = r#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}"#;
    let user = world.plane.service(Identity::user("ada"));
    let answer = world.send_as(&user, review, &[], body).await.expect(201);
    assert_eq!(answer.text("status.userInfo.username"), "ada");
    let headers = [("impersonate-user", "system:serviceaccount:team:bot")];
    let answer = world.send_as(&user, review, &headers, body).await.expect(201);
    assert_eq!(answer.text("status.userInfo.username"), "system:serviceaccount:team:bot");
    assert_eq!(answer.body["status"]["userInfo"]["groups"][1], "system:serviceaccounts:team");
    let token = "POST /api/v1/namespaces/default/serviceaccounts/default/token";
    let answer = world.send(token, "application/json", r#"{"spec":{}}"#).await.expect(201);
    assert!(answer.text("status.token").len() > 40);
}

pub async fn requests_are_counted() {
    let world = World::new();
    world.get(CONFIG_MAPS).await.expect(200);
    world.get(CONFIG_MAPS).await.expect(200);
    let counts = world.plane.requests();
    let found = counts.iter().find(|line| line.verb == "list" && line.resource == "configmaps").unwrap();
    assert_eq!((found.count, found.user_agent.as_str()), (2, "test/1.0"));
    assert_eq!(counts.len(), 1, "the plane's own work is not counted");
}

pub async fn what_is_not_here_says_so() {
    let world = World::new();
    let pod = r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    world.post("/api/v1/namespaces/default/pods", pod).await.expect(201);
    for part in ["log", "exec", "portforward", "attach"] {
        let answer = world.get(&format!("/api/v1/namespaces/default/pods/p/{part}")).await.expect(501);
        assert!(answer.message().contains("does not run containers"), "{}", answer.message());
    }
    world.get("/openapi/v2").await.expect(406);
    for probe in ["/healthz", "/livez", "/readyz?verbose"] {
        world.get(probe).await.expect(200);
    }
}

/// While somebody else writes the same object, each answer shows what its own request wrote.
pub async fn answers_are_of_their_own_write() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(crate::storage::open(folder.path()));
    world.post(CONFIG_MAPS, &config_map("n", "0")).await.expect(201);
    let write = |writer: usize| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            for turn in 0..100 {
                let value = format!("{writer}-{turn}");
                let patch = format!(r#"{{"data":{{"a":"{value}"}}}}"#);
                // Those that are overtaken get their turn: none is given back as a conflict.
                let answer = world.merge(&format!("{CONFIG_MAPS}/n"), &patch).await.expect(200);
                assert_eq!(answer.body["data"]["a"], value);
            }
        })
    };
    for done in futures::future::join_all((0..4).map(write)).await {
        done.unwrap();
    }
}
