//! Any bytes as a kustomization over a small tree: a build ends, with objects or with errors, and both ways to build agree.
#![no_main]

use kustomize::{BuildOptions, MemoryFiles, Resource};
use libfuzzer_sys::fuzz_target;

/// What a kustomization may name; the names are those of the recorded cases, whose kustomizations are the first inputs.
const FILES: &[(&str, &str)] = &[
    ("web.yaml", DEPLOYMENT),
    ("deployment.yaml", DEPLOYMENT),
    ("source.yaml", CONFIG_MAP),
    ("cm.yaml", CONFIG_MAP),
    ("thing.yaml", THING),
    ("t.yaml", THING),
    ("more.yaml", MORE),
    ("p.yaml", PATCH),
    ("patch.yaml", PATCH),
    ("ops.json", "[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"x\"}]"),
    (
        "config.yaml",
        "nameReference:\n- {kind: ConfigMap, fieldSpecs: [{path: spec/ref, kind: Thing}]}\nimages: [{path: spec/v}]\n",
    ),
    ("crd.json", "{\"a.Thing\": {\"Schema\": {\"properties\": {\"kind\": {}, \"apiVersion\": {}, \"metadata\": {}}}}}"),
    ("a.env", "A=1\n# note\nB\n"),
    ("base/web.yaml", DEPLOYMENT),
    (
        "base/kustomization.yaml",
        "resources: [web.yaml]\nnamePrefix: p-\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n",
    ),
    ("part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -s\n"),
    (
        "plugin.yaml",
        "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: t}\nprefix: z-\nfieldSpecs: [{path: metadata/name}]\n",
    ),
    (
        "replacements.yaml",
        "- source: {kind: ConfigMap}\n  targets: [{select: {kind: Thing}, fieldPaths: [spec.ref]}]\n",
    ),
];

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {app: web}}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      volumes: [{name: v, configMap: {name: made}}]\n      containers: [{name: c, image: 'nginx:1', env: [{name: A, value: $(V)}], ports: [{containerPort: 80}]}]\n";
const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: one}\ndata: {a: b, n: \"1\", host: a.b-c:80}\n";
const THING: &str = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: thing, annotations: {x: y}}\nspec: {v: 1.50, d: 2001-02-03, n: null, e:, ref: conf, list: [{name: a, v: x}, {name: b}]}\n";
const MORE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n";
const PATCH: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3, template: {spec: {containers: [{name: c, image: x}]}}}\n";

fuzz_target!(|bytes: &[u8]| {
    let mut files: MemoryFiles = FILES.iter().copied().collect();
    files.insert("kustomization.yaml", bytes.to_vec());
    // A build that fails is done again with origins as it is.
    let Ok(built) = kustomize::build(&files, "", &BuildOptions::default()) else { return };
    let traced = kustomize::trace(&files, "", &BuildOptions::default()).map(|traced| traced.resources);
    assert_eq!(text(&built), text(&traced.expect("what is built is built with origins too")));
});

fn text(resources: &[Resource]) -> String {
    goyaml::emit_documents(resources.iter().map(|resource| &resource.value))
}
