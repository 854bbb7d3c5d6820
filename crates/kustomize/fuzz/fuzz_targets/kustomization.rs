//! Any bytes as a kustomization over a small tree: a build ends, with objects or with errors.

#![no_main]

use kustomize::{BuildOptions, MemoryFiles};
use libfuzzer_sys::fuzz_target;

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\nspec:\n  template:\n    spec:\n      containers: [{name: c, image: 'nginx:1', ports: [{containerPort: 80}]}]\n";
const BASE: &str = "resources: [web.yaml]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n";

fuzz_target!(|bytes: &[u8]| {
    let mut files: MemoryFiles =
        [("base/web.yaml", WEB), ("base/kustomization.yaml", BASE), ("a.yaml", WEB)].into_iter().collect();
    files.insert("kustomization.yaml", bytes.to_vec());
    if let Ok(resources) = kustomize::build(&files, "", &BuildOptions::default()) {
        let _ = goyaml::emit_documents(resources.iter().map(|resource| &resource.value));
    }
});
