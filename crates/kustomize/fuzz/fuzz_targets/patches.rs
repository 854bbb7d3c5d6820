//! Any bytes as a patch, by id and with a target, over objects of kinds that are merged by keys and of ones that are not.

#![no_main]

use kustomize::{BuildOptions, MemoryFiles};
use libfuzzer_sys::fuzz_target;

const OBJECTS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: c, image: 'nginx:1', ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}], env: [{name: A, value: b}]}\n---\napiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t, annotations: {x: 1.50}}\nspec: {n: null, e:, d: 2001-02-03, l: [1, {a: b}]}\n";

fuzz_target!(|bytes: &[u8]| {
    for target in ["", "  target: {kind: '.*'}\n"] {
        let kustomization =
            format!("resources: [a.yaml]\ncommonLabels: {{c: d}}\npatches:\n- path: patch.yaml\n{target}");
        let mut files: MemoryFiles =
            [("kustomization.yaml", kustomization.as_str()), ("a.yaml", OBJECTS)].into_iter().collect();
        files.insert("patch.yaml", bytes.to_vec());
        if let Ok(resources) = kustomize::build(&files, "", &BuildOptions::default()) {
            let _ = goyaml::emit_documents(resources.iter().map(|resource| &resource.value));
        }
    }
});
