//! Any bytes as a patch, by name and with a target, over objects whose lists are merged by keys and ones whose are not.
#![no_main]

use kustomize::{BuildOptions, MemoryFiles};
use libfuzzer_sys::fuzz_target;

const OBJECTS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, finalizers: [a]}
spec:
  replicas: 1
  template:
    spec:
      volumes: [{name: v, emptyDir: {}}]
      initContainers: [{name: i, image: a}]
      containers:
      - {name: c, image: 'nginx:1', ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}], env: [{name: A, value: b}]}
      - name: d
        args: [a, b]
---
apiVersion: example.org/v1
kind: Thing
metadata: {name: thing, annotations: {x: y}}
spec: {n: null, e:, d: 2001-02-03, f: 1.50, l: [1, {a: b}], list: [{name: a, v: 1}, {name: b}], deep: {a: {b: {c: d}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {a: b}
";

fuzz_target!(|bytes: &[u8]| {
    let mut files: MemoryFiles = [("objects.yaml", OBJECTS)].into_iter().collect();
    files.insert("patch.yaml", bytes.to_vec());
    for target in [
        "",
        "  target: {kind: '.*'}\n",
        "  target: {kind: Thing}\n  options: {allowNameChange: true, allowKindChange: true}\n",
    ] {
        files.insert(
            "kustomization.yaml",
            format!("resources: [objects.yaml]\nnamePrefix: p-\npatches:\n- path: patch.yaml\n{target}"),
        );
        if let Ok(built) = kustomize::build(&files, "", &BuildOptions::default()) {
            let _ = goyaml::emit_documents(built.iter().map(|resource| &resource.value));
        }
    }
});
