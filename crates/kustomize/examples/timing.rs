//! Times builds of trees of three sizes in process, beside kustomize's own library:
//! `cargo run --release -p setpoint-kustomize --example timing -- FOLDER ORACLE`, where ORACLE is the program of
//! `tools/oracle/kustomize` and the trees are written below FOLDER, so that other programs can be timed on them.
//!
//! Cold: everything is done anew, by the real one also the reading of its schema, which a process does once. Warm: the
//! real one has its schema and the tree in memory, ours the files that it parsed for another build.
//!
//! With `--spread`: how long many builds take on all the cores that it is given.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use goyaml::Value;
use kustomize::{BuildOptions, ManifestCache, MemoryFiles};

#[path = "../tests/support/batch.rs"]
mod batch;

/// Times that each is built; the medians count.
const ROUNDS: usize = 7;

/// Small builds of one before the other takes its turn: who builds such seldom builds one.
const TURN: usize = 5;

/// Builds that are spread over the cores.
const BUILDS: usize = 16;

/// The trees: name, files of the base, bytes of a definition in it.
const TREES: [(&str, usize, usize); 3] =
    [("one-patch", 3, 0), ("3-mb", 150, 20_000), ("11-mb-531-objects", 442, 25_000)];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), oracle) = (arguments.next(), arguments.next()) else {
        return Err("usage: timing --spread | FOLDER [ORACLE]".into());
    };
    if folder == "--spread" {
        spread(&tree(150, 20_000));
        return Ok(());
    }
    let mut oracle = oracle.map(|program| batch::Batch::start(&program)).transpose()?;
    for (name, count, size) in TREES {
        let (files, dir) = (tree(count, size), Path::new(&folder).join(name));
        write(&dir, &files)?;
        if let Some(oracle) = &mut oracle {
            measure((name, if size == 0 { TURN } else { 1 }), &files, &dir, oracle)?;
        }
    }
    Ok(())
}

/// Builds a tree with both, in turns of so many builds.
fn measure(
    (name, turn): (&str, usize),
    files: &MemoryFiles,
    dir: &Path,
    oracle: &mut batch::Batch,
) -> Result<(), Box<dyn Error>> {
    let path = dir.join("overlay").to_string_lossy().into_owned();
    let on_disk: Value = [("path", Value::from(path))].into_iter().collect();
    let texts = files.0.iter().map(|(path, bytes)| (path.as_str(), Value::from(&*String::from_utf8_lossy(bytes))));
    let in_memory: Value =
        [("files", texts.collect::<Value>()), ("path", Value::from("overlay"))].into_iter().collect();
    let cache = Arc::new(ManifestCache::new());
    let expected = oracle.ask(&on_disk)??;
    if build(files, Some(&cache)).1 != expected || oracle.ask(&in_memory)?? != expected {
        return Err(format!("{name} differs from what kustomize builds").into());
    }
    let objects = expected.split("\n---\n").count();
    println!("{name}: {objects} objects, {} bytes", expected.len());
    let mut real = [Vec::new(), Vec::new()];
    let mut ours = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (at, request) in [&on_disk, &in_memory].into_iter().enumerate() {
            for _ in 0..turn {
                oracle.ask(request)??;
                real[at].push(Duration::from_secs_f64(oracle.seconds));
            }
            ours[at].extend((0..turn).map(|_| build(files, (at == 1).then_some(&cache)).0));
        }
    }
    for (state, (real, ours)) in ["cold", "warm"].into_iter().zip(real.into_iter().zip(ours)) {
        let (real, ours) = (median(real), median(ours));
        let ratio = real.as_secs_f64() / ours.as_secs_f64();
        println!("{name}: {state}: kustomize's library {real:.2?}, ours {ours:.2?} ({ratio:.0}x)");
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A build and its text.
fn build(files: &MemoryFiles, cache: Option<&Arc<ManifestCache>>) -> (Duration, String) {
    let options = BuildOptions { cache: cache.cloned(), ..BuildOptions::default() };
    let start = Instant::now();
    let built = kustomize::build(files, "overlay", &options).unwrap_or_default();
    let text = goyaml::emit_documents(built.iter().map(|resource| &resource.value));
    (start.elapsed(), text)
}

/// Many builds on as many threads as there are cores.
fn spread(files: &MemoryFiles) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| (0..BUILDS / cores).for_each(|_| drop(build(files, None))));
        }
    });
    println!("{BUILDS} builds of 3 MB: {:.2?}, cores: {cores}", start.elapsed());
}

fn write(dir: &Path, files: &MemoryFiles) -> std::io::Result<()> {
    for (path, content) in &files.0 {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// A base of so many files, most of them definitions of about `size` bytes, each fifth two smaller objects, and an
/// overlay with a patch.
fn tree(count: usize, size: usize) -> MemoryFiles {
    let mut files = MemoryFiles::default();
    let mut names = Vec::new();
    for at in 0..count {
        let name = format!("object-{at}.yaml");
        files.insert(
            format!("base/{name}"),
            if at % 5 == 0 || size == 0 { workload(at) } else { definition(at, size * 5 / 4) },
        );
        names.push(name);
    }
    files.insert("base/kustomization.yaml", format!("resources: [{}]\n", names.join(", ")));
    files.insert(
        "overlay/kustomization.yaml",
        "namePrefix: p-\nnamespace: prod\ncommonLabels: {env: prod}\nresources: [../base]\nimages: [{name: nginx, newTag: v2}]\npatches: [{path: patch.yaml}]\n",
    );
    files.insert(
        "overlay/patch.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-0}\nspec: {replicas: 3, template: {spec: {containers: [{name: app, env: [{name: A, value: b}]}]}}}\n",
    );
    files
}

fn workload(at: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{at}\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {{app: web-{at}}}\n  template:\n    metadata:\n      labels: {{app: web-{at}}}\n    spec:\n      containers:\n      - name: app\n        image: nginx:1.2\n        envFrom:\n        - configMapRef: {{name: web-{at}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web-{at}}}\ndata: {{a: b}}\n"
    )
}

/// A custom resource definition with a deep schema and long descriptions.
fn definition(at: usize, size: usize) -> String {
    let mut text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things{at}.example.org\nspec:\n  group: example.org\n  names: {{kind: Thing{at}, plural: things{at}}}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n"
    );
    for field in 0.. {
        if text.len() >= size {
            break;
        }
        let _ = write!(
            text,
            "          field{field}:\n            description: The value of field {field}, which says how many of them there are and\n              what is to become of them when the others have gone away.\n            properties:\n              name:\n                description: Name of the referent.\n                type: string\n              optional:\n                default: false\n                type: boolean\n            required:\n            - name\n            type: object\n"
        );
    }
    text
}
