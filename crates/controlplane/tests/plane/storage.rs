//! What is stored stays stored.

use std::path::Path;
use std::sync::Arc;

use controlplane::{Config, ControlPlane, Storage};
use serde_json::json;

use crate::world::{CONFIG_MAPS, World, config_map};

/// With this variable the test binary is a process that writes until it is killed.
pub const CHILD: &str = "SETPOINT_TEST_WRITER";

pub fn open(folder: &Path) -> World {
    World::of(ControlPlane::open(Storage::File(folder.to_owned()), Config::default()).unwrap())
}

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

pub async fn survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = open(folder.path());
    let made = world.post(CONFIG_MAPS, &config_map("s", "1")).await.expect(201);
    world.post(crate::custom::DEFINITIONS, &crate::custom::definition()).await.expect(201);
    // Names of roles may be nearly anything, the separator of the store's keys too.
    world.post(ROLES, r#"{"metadata":{"name":"a\u0000b"}}"#).await.expect(201);
    let config = world.plane.kubeconfig("https://127.0.0.1:1");
    world.plane.shutdown().await;
    drop(world);
    let world = open(folder.path());
    let found = world.get(&format!("{CONFIG_MAPS}/s")).await.expect(200);
    assert_eq!(found.body, made.body);
    world.get(&format!("{ROLES}/a%00b")).await.expect(200);
    world.get("/apis/stable.example.com/v1/crontabs").await.expect(200);
    assert_eq!(world.plane.kubeconfig("https://127.0.0.1:1"), config, "the certificates are kept");
    let next = world.post(CONFIG_MAPS, &config_map("t", "1")).await.expect(201);
    let revision = |answer: &crate::world::Answer| answer.text("metadata.resourceVersion").parse::<u64>().unwrap();
    assert!(revision(&next) > revision(&made) + 1);
    world.plane.shutdown().await;
}

pub async fn second_owner_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let world = open(folder.path());
    let error = ControlPlane::open(Storage::File(folder.path().to_owned()), Config::default()).unwrap_err();
    assert!(error.to_string().contains("is in use by another process"), "{error}");
    world.plane.shutdown().await;
}

/// Four tasks write objects with two equal values and say so, one line each, until the process is killed.
pub fn child(folder: &Path) {
    if std::env::var_os(crate::faults::FILL).is_some() {
        return crate::faults::fill(folder);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = Arc::new(open(folder));
        let write = |task: usize| {
            let world = Arc::clone(&world);
            async move {
                for index in 0.. {
                    let name = format!("k{task}-{}", index % 50);
                    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
                        "data": {"a": format!("{index}").repeat(300), "b": format!("{index}").repeat(300)}});
                    let path = format!("{CONFIG_MAPS}/{name}");
                    let made = world.apply(&path, "writer", &body.to_string()).await;
                    assert!(made.code == 200 || made.code == 201, "{}", made.body);
                    println!("{name} {}.", made.text("metadata.resourceVersion"));
                }
            }
        };
        futures::future::join_all((0..4).map(write)).await;
    });
}

pub async fn forks_part() {
    let world = World::new();
    world.post(CONFIG_MAPS, &config_map("a", "1")).await.expect(201);
    let fork = World::of(world.plane.fork().unwrap());
    fork.merge(&format!("{CONFIG_MAPS}/a"), r#"{"data":{"a":"2"}}"#).await.expect(200);
    assert_eq!(world.get(&format!("{CONFIG_MAPS}/a")).await.body["data"], json!({"a": "1"}));
    assert_eq!(fork.get(&format!("{CONFIG_MAPS}/a")).await.body["data"], json!({"a": "2"}));
}
