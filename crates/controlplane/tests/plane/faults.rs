//! What the disk may do: newer data, damage, no space, a kill.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use controlplane::{Config, ControlPlane, Storage};
use redb::{Database, TableDefinition};

use crate::storage::{CHILD, open};
use crate::world::{CONFIG_MAPS, World, at, config_map};

/// With this beside [`CHILD`], the child fills the disk instead.
pub const FILL: &str = "SETPOINT_TEST_FILL";
/// Bytes that a file of that child may have.
const SPACE: u64 = 8 << 20;
/// Kills in a row.
const ROUNDS: usize = 20;

fn refusal(folder: &Path) -> String {
    ControlPlane::open(Storage::File(folder.to_owned()), Config::default()).unwrap_err().to_string()
}

/// A closed store with some objects.
async fn closed(folder: &Path) -> PathBuf {
    let world = open(folder);
    for index in 0..200 {
        world.post(CONFIG_MAPS, &config_map(&format!("c{index}"), &"x".repeat(500))).await.expect(201);
    }
    world.plane.shutdown().await;
    folder.join("store.redb")
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut contents(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

pub async fn newer_data_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = closed(folder.path()).await;
    let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    let database = Database::open(&store).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(meta).unwrap().insert("format", 99).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let before = contents(folder.path());
    let message = refusal(folder.path());
    assert!(message.contains("was written by a newer version (format 99, this one knows 1)"), "{message}");
    assert!(message.contains("use that version, or choose another folder"), "{message}");
    assert_eq!(before.keys().collect::<Vec<_>>(), contents(folder.path()).keys().collect::<Vec<_>>());
    assert!(before == contents(folder.path()), "no byte is changed");
}

/// A damaged file is refused in a sentence, or nothing of what it holds is different.
pub async fn damage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = closed(folder.path()).await;
    let whole = std::fs::read(&store).unwrap();
    let world = open(folder.path());
    let expected = world.get(CONFIG_MAPS).await.expect(200).body;
    world.plane.shutdown().await;
    let mut damaged: Vec<Vec<u8>> =
        [0, 100, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec()).into();
    damaged.push(vec![0; whole.len()]);
    damaged.push(b"this is no store".repeat(1000));
    for part in 0..40 {
        let mut flipped = whole.clone();
        flipped[whole.len() / 40 * part + 77] ^= 0x20;
        damaged.push(flipped);
        let mut holed = whole.clone();
        let at = whole.len() / 40 * part;
        holed[at..(at + 4096).min(whole.len())].fill(0);
        damaged.push(holed);
    }
    let mut refused = 0;
    for (case, bytes) in damaged.into_iter().enumerate() {
        std::fs::write(&store, &bytes).unwrap();
        match ControlPlane::open(Storage::File(folder.path().to_owned()), Config::default()) {
            Err(error) => {
                refused += 1;
                let message = error.to_string();
                assert!(message.contains("store.redb"), "case {case}: {message}");
                assert!(message.contains("backup"), "case {case} names a remedy: {message}");
            }
            Ok(plane) => {
                let world = World::of(plane);
                let found = world.get(CONFIG_MAPS).await.expect(200).body;
                assert!(found["items"] == expected["items"], "case {case}: opened with other content");
                world.plane.shutdown().await;
            }
        }
    }
    assert!(refused >= 10, "the damage was noticed {refused} times");
}

/// The child of [`survives_a_full_disk`]: writes until that fails, says what it saw, waits for space, writes again.
pub fn fill(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = open(folder);
        let body = |index: usize| config_map(&format!("f{index}"), &"y".repeat(100_000));
        let mut index = 0;
        let refusal = loop {
            let answer = world.post(CONFIG_MAPS, &body(index)).await;
            if answer.code != 201 {
                break answer;
            }
            index += 1;
        };
        println!("refused {} {}", refusal.code, refusal.message());
        let again = world.post(CONFIG_MAPS, &body(index)).await.code;
        let missing = world.get(&format!("{CONFIG_MAPS}/f{index}")).await.code;
        let mut kept = 0;
        for earlier in 0..index {
            kept += usize::from(world.get(&format!("{CONFIG_MAPS}/f{earlier}")).await.code == 200);
        }
        println!("then {again} {missing}, {kept} of {index} there");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        println!("after {}", world.post(CONFIG_MAPS, &config_map(&format!("f{index}"), "small")).await.code);
        println!("more {}", world.post(CONFIG_MAPS, &body(index + 1)).await.code);
        world.plane.shutdown().await;
    });
}

/// A limit for files is a full disk that needs no rights: writes beyond it fail.
pub async fn survives_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let limited = format!("trap '' XFSZ; exec prlimit --fsize={SPACE}: \"$0\"");
    let mut child = Command::new("sh")
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, folder.path())
        .env(FILL, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let refused = lines.next().unwrap();
    assert!(refused.starts_with("refused 500 Internal error occurred: "), "{refused}");
    assert!(refused.contains("store.redb cannot be written") && refused.contains("is the disk full?"), "{refused}");
    let then = lines.next().unwrap();
    let count: usize = then.rsplit(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(then, format!("then 500 404, {count} of {count} there"));
    assert!(count > 5, "{then}");
    let process = child.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited:"]).status().unwrap().success());
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(lines.next().unwrap(), "after 201");
    assert_eq!(lines.next().unwrap(), "more 201");
    assert!(child.wait().unwrap().success());
    let world = open(folder.path());
    let list = world.get(CONFIG_MAPS).await.expect(200);
    // Those of the namespace itself beside them.
    let ours = |item: &&serde_json::Value| at(item, "metadata.name").as_str().unwrap().starts_with('f');
    assert_eq!(list.body["items"].as_array().unwrap().iter().filter(ours).count(), count + 2);
    assert_eq!(world.get(&format!("{CONFIG_MAPS}/f{count}")).await.body["data"]["a"], "small");
    world.plane.shutdown().await;
}

fn writer(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CHILD, folder).stdout(Stdio::piped()).spawn().unwrap()
}

/// Four tasks write in the child: objects whose two values are the same, over and over.
pub async fn survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let mut newest = 0;
    for round in 0..ROUNDS {
        let mut child = writer(folder.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told: Vec<String> = lines.by_ref().take(20 + round * 7).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(lines.filter(|line| line.ends_with('.')));
        let world = open(folder.path());
        let list = world.get(CONFIG_MAPS).await.expect(200);
        let revision = |text: &str| text.parse::<u64>().unwrap();
        let at_open = revision(list.text("metadata.resourceVersion"));
        assert!(at_open > newest, "round {round}: revisions go on");
        let mut stored = BTreeMap::new();
        for item in list.body["items"].as_array().unwrap() {
            assert_eq!(item["data"]["a"], item["data"]["b"], "round {round}: half an object");
            let found = revision(at(item, "metadata.resourceVersion").as_str().unwrap());
            assert!(found <= at_open, "round {round}: a revision of the future");
            assert!(stored.insert(at(item, "metadata.name").as_str().unwrap().to_owned(), found).is_none());
        }
        let unique: std::collections::BTreeSet<_> = stored.values().collect();
        assert_eq!(unique.len(), stored.len(), "round {round}: a revision twice");
        for line in &told {
            let (name, found) = line.trim_end_matches('.').split_once(' ').unwrap();
            assert!(stored[name] >= revision(found), "round {round}: {line} was promised, {} is there", stored[name]);
        }
        newest = at_open;
        world.plane.shutdown().await;
    }
}
