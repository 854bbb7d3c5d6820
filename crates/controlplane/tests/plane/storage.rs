//! What is stored stays stored.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use controlplane::{Config, ControlPlane, Storage};
use serde_json::json;

use crate::world::{CONFIG_MAPS, World, at, config_map};

/// With this variable the test binary is a process that writes until it is killed.
pub const CHILD: &str = "SETPOINT_TEST_WRITER";

fn open(folder: &Path) -> World {
    World::of(ControlPlane::open(Storage::File(folder.to_owned()), Config::default()).unwrap())
}

pub async fn survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = open(folder.path());
    let made = world.post(CONFIG_MAPS, &config_map("s", "1")).await.expect(201);
    world.post(crate::custom::DEFINITIONS, &crate::custom::definition()).await.expect(201);
    let config = world.plane.kubeconfig("https://127.0.0.1:1");
    world.plane.shutdown().await;
    drop(world);
    let world = open(folder.path());
    let found = world.get(&format!("{CONFIG_MAPS}/s")).await.expect(200);
    assert_eq!(found.body, made.body);
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

/// Writes objects and says so, one line each, until it is killed.
pub fn child(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = open(folder);
        for index in 0.. {
            let made = world.post(CONFIG_MAPS, &config_map(&format!("k{index}"), "1")).await.expect(201);
            println!("k{index} {}", made.text("metadata.resourceVersion"));
        }
    });
}

pub async fn survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told: Vec<String> = lines.by_ref().take(50).map(Result::unwrap).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(lines.map_while(Result::ok).filter(|line| line.split(' ').count() == 2));
        let world = open(folder.path());
        for line in &told {
            let (name, revision) = line.split_once(' ').unwrap();
            let found = world.get(&format!("{CONFIG_MAPS}/{name}")).await.expect(200);
            assert_eq!(found.text("metadata.resourceVersion"), revision);
        }
        let list = world.get(CONFIG_MAPS).await.expect(200);
        let newest = list.text("metadata.resourceVersion").parse::<u64>().unwrap();
        for item in list.body["items"].as_array().unwrap() {
            assert!(at(item, "metadata.resourceVersion").as_str().unwrap().parse::<u64>().unwrap() <= newest);
        }
        world.send(&format!("DELETE {CONFIG_MAPS}"), "application/json", "").await.expect(200);
        world.plane.shutdown().await;
    }
}

pub async fn forks_part() {
    let world = World::new();
    world.post(CONFIG_MAPS, &config_map("a", "1")).await.expect(201);
    let fork = World::of(world.plane.fork().unwrap());
    fork.merge(&format!("{CONFIG_MAPS}/a"), r#"{"data":{"a":"2"}}"#).await.expect(200);
    assert_eq!(world.get(&format!("{CONFIG_MAPS}/a")).await.body["data"], json!({"a": "1"}));
    assert_eq!(fork.get(&format!("{CONFIG_MAPS}/a")).await.body["data"], json!({"a": "2"}));
}
