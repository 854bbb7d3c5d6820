//! Random fields of a kustomization, other than patches.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;
use super::objects::{KEYS, NAMES, Object, pairs};

/// Names, labels, images and counts.
pub(crate) fn simple(dice: &mut Dice, known: &[Object], text: &mut String) {
    for (field, values) in [("namePrefix", ["p-", "q-"]), ("nameSuffix", ["-s", "-t"]), ("namespace", ["one", "three"])]
    {
        if dice.one_in(4) {
            let _ = writeln!(text, "{field}: {}", dice.pick(&values));
        }
    }
    for field in ["commonLabels", "commonAnnotations"] {
        if dice.one_in(5) {
            let _ = writeln!(text, "{field}: {}", pairs(dice));
        }
    }
    if dice.one_in(4) {
        labels(dice, text);
    }
    if dice.one_in(4) {
        let change = dice.pick(&[
            "newTag: v9",
            "newName: new/app",
            "digest: sha256:ff",
            "tagSuffix: -x",
            "newName: n, newTag: \"1\"",
            "newTag: t, digest: sha256:aa",
            "newName: \"5\"",
        ]);
        let name = dice.pick(&["nginx", "app", "reg.example.org:5000/team/app", "other", "ngin."]);
        let _ = writeln!(text, "images:\n- {{name: {name}, {change}}}");
    }
    let scaled = known.iter().find(|object| matches!(object.kind, "Deployment" | "StatefulSet"));
    if let Some(scaled) = scaled.filter(|_| dice.one_in(4)) {
        let _ = writeln!(text, "replicas:\n- {{name: {}, count: {}}}", scaled.name, dice.below(9));
    }
    if dice.one_in(8) {
        let options = dice.pick(&[
            "originAnnotations",
            "transformerAnnotations",
            "originAnnotations, transformerAnnotations",
            "managedByLabel",
        ]);
        let _ = writeln!(text, "buildMetadata: [{options}]");
    }
    if dice.one_in(8) {
        let options = dice.pick(&[
            "{order: fifo}",
            "{order: legacy}",
            "{order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [ConfigMap, Thing]}}",
        ]);
        let _ = writeln!(text, "sortOptions: {options}");
    }
}

fn labels(dice: &mut Dice, text: &mut String) {
    text.push_str("labels:\n");
    for _ in 0..=dice.below(2) {
        let switches = dice.pick(&["", "", "\n  includeSelectors: true", "\n  includeTemplates: true"]);
        let fields = dice.pick(&[
            "",
            "",
            "",
            "\n  fields: [{path: spec/more/labels, create: true, kind: Thing}]",
            "\n  fields: [{path: spec/template/spec/nodeSelector, create: true, group: apps}]",
        ]);
        let _ = writeln!(text, "- pairs: {}{switches}{fields}", pairs(dice));
    }
}

/// Variables of the base.
pub(crate) fn variables(dice: &mut Dice, known: &[Object], text: &mut String) {
    let read = known.iter().find(|object| matches!(object.kind, "ConfigMap" | "Service" | "Secret"));
    if let Some(Object { kind, name, .. }) = read.filter(|_| dice.one_in(4)) {
        let field = dice.pick(&["metadata.name", "metadata.name", "data.app", "spec.ports[0].port", "kind"]);
        let _ = writeln!(
            text,
            "vars:\n- name: V\n  objref: {{apiVersion: v1, kind: {kind}, name: {name}}}\n  fieldref: {{fieldPath: '{field}'}}"
        );
    }
}

/// Generators of `ConfigMap`s and `Secret`s.
pub(crate) fn generators(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    for field in ["configMapGenerator", "secretGenerator"] {
        if !dice.one_in(4) {
            continue;
        }
        let kind = if field.starts_with('s') { "Secret" } else { "ConfigMap" };
        let there = known.iter().find(|object| object.kind == kind && object.namespace.is_empty());
        let (name, behavior) = match there {
            Some(there) if dice.one_in(2) => {
                (there.name, dice.pick(&[", behavior: merge", ", behavior: replace", ", behavior: merge"]))
            }
            _ => (dice.pick(&["gen", "gen-2", "conf"]), ""),
        };
        let options = dice.pick(&[
            "",
            "",
            "",
            ", options: {disableNameSuffixHash: true}",
            ", options: {labels: {g: h}, immutable: true}",
            ", options: {labels: {y: \"1\", n: a}, annotations: {\"no\": \"true\"}}",
        ]);
        let namespace = dice.pick(&["", "", "", ", namespace: one"]);
        let namespace = if behavior.is_empty() { namespace } else { "" };
        let source = source(dice, folder);
        let _ = writeln!(text, "{field}:\n- {{name: {name}, {source}{behavior}{options}{namespace}}}");
    }
    if dice.one_in(10) {
        let options = dice.pick(&[
            "{labels: {all: gen}, annotations: {note: o}}",
            "{disableNameSuffixHash: true}",
            "{immutable: true, labels: {y: z}}",
        ]);
        let _ = writeln!(text, "generatorOptions: {options}");
    }
}

fn source(dice: &mut Dice, folder: &mut Folder) -> String {
    let key = dice.pick(&["a", "app", "b", "y", "no"]);
    let value = dice.pick(&["1", "two words", "x=y", "yes", "'quoted'", "", "a: b", "0x1"]);
    match dice.below(5) {
        0 => {
            folder.write(
                "conf.txt",
                dice.pick(&["one\n", "two\nlines \n", "", "tab\there\n", "nul\u{0}", "b\u{e9}\n", "<&>\n"]),
            );
            dice.pick(&["files: [conf.txt]", "files: [name=conf.txt]"]).to_owned()
        }
        1 => {
            folder.write("some.env", dice.pick(&["A=1\n# no\nB= two \n", "A=\"q\"\n\nC=d=e\n", "A=1"]));
            format!("envs: [some.env], literals: ['{key}=v']")
        }
        _ => format!("literals: ['{key}={}']", value.replace('\'', "''")),
    }
}

/// Configurations, plugins, schemas.
pub(crate) fn rules(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    if dice.one_in(8) {
        text.push_str("configurations: [config.yaml]\n");
        folder.write("config.yaml", "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - {path: spec/ref, kind: Thing}\nimages:\n- {path: spec/value, kind: Thing}\nvarReference:\n- {path: spec/value, kind: Thing}\ncommonLabels:\n- {path: spec/more, kind: Thing, create: true}\nnamePrefix:\n- {path: spec/ref, kind: Thing}\n");
    }
    if dice.one_in(8) {
        folder.write("plugin.yaml", &plugin(dice, known));
        text.push_str("transformers: [plugin.yaml]\n");
    }
    if dice.one_in(30) {
        folder.write("validator.yaml", "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: v}\nlabels: {app: one}\nfieldSpecs: [{path: metadata/labels}]\n");
        text.push_str("validators: [validator.yaml]\n");
    }
    if dice.one_in(20) {
        let kind = dice.pick(&["ConfigMapGenerator", "SecretGenerator"]);
        folder.write(
            "generator.yaml",
            &format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: made}}\nname: made\nliterals: [a=b]\n"),
        );
        text.push_str("generators: [generator.yaml]\n");
    }
    if dice.one_in(15) {
        folder.write("schema.yaml", SCHEMA);
        text.push_str("openapi: {path: schema.yaml}\n");
    }
}

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

fn plugin(dice: &mut Dice, known: &[Object]) -> String {
    let of = &known[usize::try_from(dice.below(known.len() as u64)).unwrap_or(0)];
    let body = match dice.below(11) {
        0 => "kind: PrefixTransformer\nmetadata: {name: t}\nprefix: z-\nfieldSpecs: [{path: metadata/name}]\n".to_owned(),
        1 => "kind: SuffixTransformer\nmetadata: {name: t}\nsuffix: -z\nfieldSpecs: [{path: metadata/name}, {path: spec/ref, kind: Thing}]\n".to_owned(),
        2 => format!(
            "kind: NamespaceTransformer\nmetadata: {{name: t, namespace: moved}}\nunsetOnly: {}\nsetRoleBindingSubjects: {}\n",
            dice.one_in(2),
            dice.pick(&["allServiceAccounts", "none", "defaultOnly"])
        ),
        3 => format!(
            "kind: LabelTransformer\nmetadata: {{name: t}}\nlabels: {{{}: \"1\"}}\nfieldSpecs: [{{path: metadata/labels, create: true}}, {{path: spec/selector, create: true, kind: Thing}}]\n",
            dice.pick(KEYS)
        ),
        4 => "kind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: nginx, newTag: t}\n".to_owned(),
        5 => format!(
            "kind: AnnotationsTransformer\nmetadata: {{name: t}}\nannotations: {{{}: \"2\"}}\nfieldSpecs: [{{path: metadata/annotations, create: true}}]\n",
            dice.pick(KEYS)
        ),
        6 => format!(
            "kind: ReplicaCountTransformer\nmetadata: {{name: t}}\nreplica: {{name: {}, count: 4}}\nfieldSpecs: [{{path: spec/replicas, create: true, kind: Deployment}}]\n",
            of.name
        ),
        7 => format!(
            "kind: PatchTransformer\nmetadata: {{name: t}}\ntarget: {{kind: {}}}\npatch: '[{{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {{\"p\": \"t\"}}}}]'\n",
            of.kind
        ),
        8 => format!(
            "kind: ReplacementTransformer\nmetadata: {{name: t}}\nreplacements:\n- source: {{kind: {}, name: {}}}\n  targets: [{{select: {{kind: Thing}}, fieldPaths: [spec.ref]}}]\n",
            of.kind, of.name
        ),
        9 => "kind: ValueAddTransformer\nmetadata: {name: t}\nvalue: added\ntargets: [{fieldPath: spec/ref, selector: {kind: Thing}}]\n".to_owned(),
        _ => "kind: HashTransformer\nmetadata: {name: t}\n".to_owned(),
    };
    format!("apiVersion: builtin\n{body}")
}

/// A name for an object that is in no other folder.
pub(crate) fn other_name(dice: &mut Dice) -> String {
    format!("m{}", dice.pick(NAMES))
}
