//! Times builds of trees of three sizes, warm and in process: `cargo run --release -p setpoint-kustomize --example timing`.
//! With a directory as argument it writes the trees there instead, so that other programs can be timed on them.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use kustomize::{BuildOptions, MemoryFiles};

fn main() -> io::Result<()> {
    let trees = [("one-patch", tree(3, 0)), ("3-mb", tree(150, 20_000)), ("11-mb-531-objects", tree(531, 20_500))];
    let target = std::env::args().nth(1);
    for (name, files) in &trees {
        if let Some(target) = &target {
            write(&Path::new(target).join(name), files)?;
            continue;
        }
        let mut times: Vec<(Duration, Duration, usize)> = (0..7).map(|_| time(files)).collect();
        times.sort();
        let (built, emitted, bytes) = times[times.len() / 2];
        println!("{name}: build {built:.2?}, emit {emitted:.2?}, {bytes} bytes");
    }
    Ok(())
}

fn time(files: &MemoryFiles) -> (Duration, Duration, usize) {
    let start = Instant::now();
    let built = kustomize::build(files, "overlay", &BuildOptions::default()).unwrap_or_default();
    let took = start.elapsed();
    let start = Instant::now();
    let text = goyaml::emit_documents(built.iter().map(|resource| &resource.value));
    (took, start.elapsed(), text.len())
}

fn write(dir: &Path, files: &MemoryFiles) -> io::Result<()> {
    for (path, content) in &files.0 {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// A base of so many objects, most of them definitions of about `size` bytes, and an overlay with a patch.
fn tree(objects: usize, size: usize) -> MemoryFiles {
    let mut files = MemoryFiles::default();
    let mut names = Vec::new();
    for at in 0..objects {
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
