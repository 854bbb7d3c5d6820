//! Watches, and what lists and events say together.

use std::collections::BTreeMap;

use controlplane::{Config, ControlPlane, Storage};
use http_body_util::BodyExt;
use proptest::prelude::*;
use proptest::test_runner::{Config as Settings, TestRunner};
use serde_json::Value;

use crate::world::{CONFIG_MAPS, World, at, config_map};

fn kinds(events: &[Value]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), at(event, "object.data.a").as_str().unwrap_or("")))
        .collect()
}

pub async fn enter_and_leave() {
    let world = World::new();
    let start = world.get(CONFIG_MAPS).await.expect(200).text("metadata.resourceVersion").to_owned();
    let path = format!("{CONFIG_MAPS}/w");
    world.post(CONFIG_MAPS, &config_map("w", "1")).await.expect(201);
    world.merge(&path, r#"{"metadata":{"labels":{"on":"yes"}},"data":{"a":"2"}}"#).await.expect(200);
    world.merge(&path, r#"{"data":{"a":"3"}}"#).await.expect(200);
    world.merge(&path, r#"{"metadata":{"labels":{"on":"no"}},"data":{"a":"4"}}"#).await.expect(200);
    world.delete(&path).await.expect(200);
    let watch = format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion={start}");
    let all = world.events(&watch).await;
    assert_eq!(
        kinds(&all),
        [("ADDED", "1"), ("MODIFIED", "2"), ("MODIFIED", "3"), ("MODIFIED", "4"), ("DELETED", "4")]
    );
    let selected = world.events(&format!("{watch}&labelSelector=on%3Dyes")).await;
    assert_eq!(kinds(&selected), [("ADDED", "2"), ("MODIFIED", "3"), ("DELETED", "3")]);
    assert_eq!(at(&selected[2], "object.metadata.resourceVersion"), at(&all[3], "object.metadata.resourceVersion"));
    let named = world.events(&format!("{watch}&fieldSelector=metadata.name%3Dother")).await;
    assert_eq!(kinds(&named), []);
}

pub async fn streaming_list() {
    let world = World::new();
    world.post(CONFIG_MAPS, &config_map("w", "1")).await.expect(201);
    let options = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=1";
    let events = world.events(&format!("{CONFIG_MAPS}?{options}&resourceVersionMatch=NotOlderThan")).await;
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types[..3], ["ADDED", "ADDED", "BOOKMARK"]);
    assert_eq!(events[2]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    world.get(&format!("{CONFIG_MAPS}?{options}")).await.expect(422);
}

pub async fn expired() {
    let config = Config { history: 4, ..Config::default() };
    let world = World::of(ControlPlane::open(Storage::Memory, config).unwrap());
    let start = world.get(CONFIG_MAPS).await.expect(200).text("metadata.resourceVersion").to_owned();
    for index in 0..10 {
        world.post(CONFIG_MAPS, &config_map(&format!("e{index}"), "1")).await.expect(201);
    }
    let events = world.events(&format!("{CONFIG_MAPS}?watch=true&resourceVersion={start}")).await;
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["type"], &events[0]["object"]["code"]), (&"ERROR".into(), &410.into()));
    assert_eq!(events[0]["object"]["reason"], "Expired");
    let exact = format!("{CONFIG_MAPS}?resourceVersion={start}&resourceVersionMatch=Exact");
    world.get(&exact).await.expect(410);
}

/// A change of one of few objects.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4u8, 0..3u8).prop_map(|(name, value)| Step::Put(name, value)),
        (0..4u8).prop_map(Step::Delete),
    ];
    proptest::collection::vec(step, 0..24)
}

type State = BTreeMap<String, String>;

async fn state(world: &World) -> (State, String) {
    let list = world.get(CONFIG_MAPS).await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    let state = items.iter().map(|item| (at(item, "metadata.name").to_string(), item["data"].to_string())).collect();
    (state, list.text("metadata.resourceVersion").to_owned())
}

async fn take(world: &World, step: &Step) {
    match step {
        Step::Put(name, value) => {
            let (name, body) = (format!("o{name}"), config_map(&format!("o{name}"), &value.to_string()));
            world.apply(&format!("{CONFIG_MAPS}/{name}"), "m", &body).await;
        }
        Step::Delete(name) => drop(world.delete(&format!("{CONFIG_MAPS}/o{name}")).await),
    }
}

/// A list, and the events from its revision on, give the list at the end.
pub async fn list_and_events_agree() {
    let handle = tokio::runtime::Handle::current();
    let property = move |before: Vec<Step>, after: Vec<Step>| {
        handle.block_on(async {
            let world = World::new();
            for step in &before {
                take(&world, step).await;
            }
            let (mut replayed, revision) = state(&world).await;
            for step in &after {
                take(&world, step).await;
            }
            let (expected, end) = state(&world).await;
            let path = format!(
                "{CONFIG_MAPS}?watch=true&resourceVersion={revision}&timeoutSeconds=1&allowWatchBookmarks=true"
            );
            for event in replay(&world, &path, &end).await {
                let name = at(&event, "object.metadata.name").to_string();
                match event["type"].as_str().unwrap() {
                    "DELETED" => replayed.remove(&name),
                    _ => replayed.insert(name, at(&event, "object.data").to_string()),
                };
            }
            assert_eq!(replayed, expected);
            let exact = format!("{CONFIG_MAPS}?resourceVersion={revision}&resourceVersionMatch=Exact");
            world.get(&exact).await.expect(200);
        });
    };
    let runner = move || {
        let mut runner = TestRunner::new(Settings { cases: 24, failure_persistence: None, ..Settings::default() });
        runner.run(&(steps(), steps()), |(before, after)| {
            property(before, after);
            Ok(())
        })
    };
    tokio::task::spawn_blocking(runner).await.unwrap().unwrap();
}

/// The events up to a revision, without waiting for the end of the watch.
async fn replay(world: &World, path: &str, _end: &str) -> Vec<Value> {
    let events = world.events(path).await;
    events.into_iter().filter(|event| event["type"] != "BOOKMARK").collect()
}

/// Watchers, none of which reads.
const WATCHERS: usize = 10_000;
/// Writes while they do not read: more than the store remembers.
const WRITES: usize = 400;

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Watchers that do not read cost neither the writers time nor the memory its bounds; they are told to start again.
pub async fn idle_watchers_cost_nothing() {
    let config = Config { history: 100, ..Config::default() };
    let world = World::of(ControlPlane::open(Storage::Memory, config).unwrap());
    let start = world.get(CONFIG_MAPS).await.expect(200).text("metadata.resourceVersion").to_owned();
    let value = "v".repeat(10_000);
    let write = async |from: usize, to: usize| {
        let begun = std::time::Instant::now();
        for index in from..to {
            world.post(CONFIG_MAPS, &config_map(&format!("w{index}"), &value)).await.expect(201);
        }
        begun.elapsed()
    };
    let alone = write(0, WRITES).await;
    let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion=");
    let newest = world.get(CONFIG_MAPS).await.expect(200).text("metadata.resourceVersion").to_owned();
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        watchers.push(world.open(&format!("{path}{newest}")).await);
    }
    let before = resident_kilobytes();
    let watched = write(WRITES, 2 * WRITES).await;
    let grown = resident_kilobytes().saturating_sub(before);
    assert!(watched < alone * 5 + std::time::Duration::from_secs(2), "{alone:?} alone, {watched:?} with watchers");
    // The objects themselves: their value as text, as JSON and in the answer.
    assert!(grown < 100_000, "{grown} KB more");
    let first = watchers.pop().unwrap().frame().await.unwrap().unwrap().into_data().unwrap();
    let event: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&"ERROR".into(), &410.into()));
    assert!(start < newest);
}

/// What one watcher is given at once is bounded, however much has happened.
pub async fn events_come_in_pieces() {
    let world = World::new();
    let start = world.get(CONFIG_MAPS).await.expect(200).text("metadata.resourceVersion").to_owned();
    for index in 0..60 {
        world.post(CONFIG_MAPS, &config_map(&format!("p{index:02}"), &"v".repeat(10_000))).await.expect(201);
    }
    for path in [format!("{CONFIG_MAPS}?watch=true&resourceVersion={start}"), format!("{CONFIG_MAPS}?watch=true")] {
        let mut body = world.open(&path).await;
        let (mut names, mut text) = (Vec::new(), Vec::new());
        while names.len() < 60 {
            let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(piece.len() < 90_000, "{} bytes at once", piece.len());
            text.extend_from_slice(&piece);
            let lines = std::str::from_utf8(&text).unwrap().lines();
            let events = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
            names = events.map(|event| at(&event, "object.metadata.name").as_str().unwrap().to_owned()).collect();
            names.retain(|name| name.starts_with('p'));
        }
        let expected: Vec<_> = (0..60).map(|index| format!("p{index:02}")).collect();
        assert_eq!(names, expected);
    }
}
