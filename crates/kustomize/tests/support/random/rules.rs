//! Random rules about fields: `configurations`, `crds`, `openapi`.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;

/// The fields that name rules, and the files of these.
pub(crate) fn rules(dice: &mut Dice, folder: &mut Folder, text: &mut String) {
    if dice.one_in(8) {
        text.push_str("configurations: [config.yaml]\n");
        folder.write("config.yaml", &configuration(dice));
    }
    if dice.one_in(25) {
        text.push_str("crds: [crd.json]\n");
        folder.write("crd.json", CRD);
    }
    // Kustomize reads its whole schema again for each tree that has one.
    if dice.one_in(300) {
        if dice.one_in(4) {
            text.push_str("openapi: {version: v1.21.2}\n");
        } else {
            folder.write("schema.yaml", SCHEMA);
            text.push_str("openapi: {path: schema.yaml}\n");
        }
    }
}

const RULES: &[(&str, &[&str])] = &[
    (
        "images",
        &[
            "path: spec/value, kind: Thing",
            "path: 'spec/list[]/v', kind: Thing",
            "path: spec/pictures, create: true, kind: Thing",
        ],
    ),
    (
        "varReference",
        &[
            "path: spec/value, kind: Thing",
            "path: spec/other, kind: Thing",
            "path: data, kind: ConfigMap",
            "path: spec/list/v",
        ],
    ),
    (
        "commonLabels",
        &[
            "path: spec/more, kind: Thing, create: true",
            "path: spec/selector/matchLabels, create: false, kind: Job",
            "path: spec/other, kind: Thing",
        ],
    ),
    (
        "labels",
        &[
            "path: spec/more/labels, kind: Thing, create: true",
            "path: spec/template/metadata/labels, create: true, kind: Thing",
        ],
    ),
    ("templateLabels", &["path: spec/more/labels, kind: Thing, create: true"]),
    ("commonAnnotations", &["path: spec/notes, kind: Thing, create: true", "path: spec/value, kind: Thing"]),
    (
        "namePrefix",
        &["path: spec/ref, kind: Thing", "path: metadata/name, kind: Thing", "path: 'spec/list[]/name', kind: Thing"],
    ),
    ("nameSuffix", &["path: spec/ref, kind: Thing", "path: data/app, kind: ConfigMap"]),
    (
        "namespace",
        &[
            "path: spec/ref, kind: Thing, create: true",
            "path: spec/scope, kind: Thing, create: true",
            "path: metadata/namespace, kind: ConfigMap",
        ],
    ),
    (
        "replicas",
        &[
            "path: spec/value, kind: Thing",
            "path: spec/count, kind: Thing, create: true",
            "path: spec/replicas, kind: DaemonSet, create: true",
        ],
    ),
];

const REFERENCES: &[&str] = &[
    "- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - {path: spec/ref, kind: Thing}\n",
    "- kind: Secret\n  fieldSpecs:\n  - {path: spec/ref, kind: Thing}\n  - {path: 'spec/list/name', kind: Thing}\n",
    "- kind: Thing\n  group: example.org\n  fieldSpecs:\n  - {path: data/app, kind: ConfigMap}\n  - {path: metadata/annotations/a}\n",
    "- kind: Service\n  version: v1\n  fieldSpecs:\n  - {path: spec/deep, kind: Thing}\n",
];

fn configuration(dice: &mut Dice) -> String {
    let mut text = String::new();
    for (field, specs) in RULES {
        if dice.one_in(3) {
            let _ = writeln!(text, "{field}:\n- {{{}}}", dice.pick(specs));
        }
    }
    if text.is_empty() || dice.one_in(2) {
        let _ = write!(text, "nameReference:\n{}", dice.pick(REFERENCES));
        if dice.one_in(3) {
            text.push_str("- kind: Pod\n  fieldSpecs:\n  - {path: spec/ref, kind: Thing}\n");
        }
    }
    text
}

/// Definitions of a `Thing` whose properties tell what they are.
const CRD: &str = r#"{
  "github.com/example/v1.Thing": {"Schema": {"properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
    "spec": {"$ref": "github.com/example/v1.Spec"}}}},
  "github.com/example/v1.Spec": {"Schema": {"properties": {
    "ref": {"type": "string", "x-kubernetes-identity": ""},
    "more": {"type": "object", "x-kubernetes-annotation": ""},
    "selector": {"type": "object", "x-kubernetes-label-selector": ""},
    "deep": {"$ref": "github.com/example/v1.Deep",
      "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap",
      "x-kubernetes-object-ref-name-key": "app"}}}},
  "github.com/example/v1.Deep": {"Schema": {"properties": {"app": {"type": "string"}}}}
}
"#;

/// A schema by which lists of a `Thing` are merged.
const SCHEMA: &str = r"definitions:
  org.example.v1.Thing:
    properties:
      spec:
        properties:
          list:
            type: array
            items: {properties: {name: {type: string}}, type: object}
            x-kubernetes-patch-merge-key: name
            x-kubernetes-patch-strategy: merge
          ports:
            type: array
            items: {type: object}
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [port, protocol]
            x-kubernetes-patch-merge-key: port
            x-kubernetes-patch-strategy: merge
        type: object
    type: object
    x-kubernetes-group-version-kind: [{group: example.org, kind: Thing, version: v1}]
";
