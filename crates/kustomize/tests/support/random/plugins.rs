//! Random objects that configure kustomize's built-in generators, transformers and validators.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;
use super::objects::Object;
use super::patches::pick;
use super::words::KEYS;

/// The fields that name such objects, and the files of these.
pub(crate) fn plugins(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    if dice.one_in(6) {
        let mut object = transformer(dice, known);
        if dice.one_in(4) {
            let _ = write!(object, "---\n{}", transformer(dice, known).replacen("name: t", "name: u", 1));
        }
        named(dice, folder, ("transformers", "plugin", object.as_str()), text);
    }
    if dice.one_in(30) {
        let validator = dice.pick(&[
            "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: v}\nreplacements: []\n",
            "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: v, namespace: one}\nunsetOnly: true\n",
        ]);
        named(dice, folder, ("validators", "validator", validator), text);
    }
    if dice.one_in(15) {
        let generator = generator(dice);
        named(dice, folder, ("generators", "generator", generator.as_str()), text);
    }
}

/// A plugin in a file, in the field itself, or in a directory with a kustomization.
fn named(dice: &mut Dice, folder: &mut Folder, (field, name, object): (&str, &str, &str), text: &mut String) {
    match dice.below(4) {
        0 => {
            let lines: Vec<String> = object.lines().map(|line| format!("  {line}")).collect();
            let _ = writeln!(text, "{field}:\n- |-\n{}", lines.join("\n"));
        }
        1 => {
            folder.write(&format!("{name}/kustomization.yaml"), "resources: [it.yaml]\n");
            folder.write(&format!("{name}/it.yaml"), object);
            let _ = writeln!(text, "{field}: [{name}]");
        }
        _ => {
            folder.write(&format!("{name}.yaml"), object);
            let _ = writeln!(text, "{field}: [{name}.yaml]");
        }
    }
}

fn generator(dice: &mut Dice) -> String {
    let kind = dice.pick(&["ConfigMapGenerator", "SecretGenerator"]);
    let more = dice.pick(&[
        "",
        "options: {labels: {a: b}, disableNameSuffixHash: true}\n",
        "type: x/y\n",
        "namespace: two\n",
        "behavior: merge\n",
    ]);
    let more = if more.starts_with("behavior") && !dice.dares() { "" } else { more };
    let more = if kind.starts_with('C') && more.starts_with("type") { "" } else { more };
    let name = dice.pick(&["name: made\n", "", "name: gen\n"]);
    format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: made}}\n{name}literals: [a=b]\n{more}")
}

fn transformer(dice: &mut Dice, known: &[Object]) -> String {
    let of = pick(dice, known);
    let body = match dice.below(14) {
        0 => "kind: PrefixTransformer\nmetadata: {name: t}\nprefix: z-\nfieldSpecs: [{path: metadata/name}]\n".to_owned(),
        1 => "kind: SuffixTransformer\nmetadata: {name: t}\nsuffix: -z\nfieldSpecs: [{path: metadata/name}, {path: spec/ref, kind: Thing}]\n".to_owned(),
        2 => namespace(dice),
        3 => format!(
            "kind: LabelTransformer\nmetadata: {{name: t}}\nlabels: {{{}: \"1\"}}\nfieldSpecs: [{{path: metadata/labels, create: true}}, {{path: spec/selector, create: true, kind: Thing}}]\n",
            dice.pick(KEYS)
        ),
        4 => format!(
            "kind: ImageTagTransformer\nmetadata: {{name: t}}\nimageTag: {{name: nginx, newTag: t}}\n{}",
            dice.pick(&["", "fieldSpecs: [{path: spec/value}]\n", "fieldSpecs: [{path: 'spec/list[]/v', kind: Thing}]\n"])
        ),
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
        9 => format!(
            "kind: ValueAddTransformer\nmetadata: {{name: t}}\n{}targets: [{{fieldPath: {}, selector: {{kind: {}}}{}}}]\n",
            dice.pick(&["value: added\n", "value: '5'\n", ""]),
            dice.pick(&["spec/ref", "metadata/name", "metadata/labels/app"]),
            of.kind,
            dice.pick(&["", ", filePathPosition: 1", ", filePathPosition: 2"])
        ),
        10 => format!(
            "kind: PatchStrategicMergeTransformer\nmetadata: {{name: t}}\npatches: |-\n  {}  labels: {{from: plugin}}\n",
            of.head().replace('\n', "\n  ")
        ),
        11 => format!(
            "kind: PatchJson6902Transformer\nmetadata: {{name: t}}\ntarget: {{kind: {}, name: {}}}\njsonOp: '[{{\"op\": \"add\", \"path\": \"/metadata/annotations\", \"value\": {{\"j\": \"5\"}}}}]'\n",
            of.kind, of.name
        ),
        12 => "kind: PrefixSuffixTransformer\nmetadata: {name: t}\nprefix: a-\nsuffix: -b\nfieldSpecs: [{path: metadata/name, kind: ConfigMap}]\n".to_owned(),
        _ => "kind: HashTransformer\nmetadata: {name: t}\n".to_owned(),
    };
    format!("apiVersion: builtin\n{body}")
}

fn namespace(dice: &mut Dice) -> String {
    format!(
        "kind: NamespaceTransformer\nmetadata: {{name: t, namespace: moved}}\nunsetOnly: {}\nsetRoleBindingSubjects: {}\n{}",
        dice.one_in(2),
        dice.pick(&["allServiceAccounts", "none", "defaultOnly"]),
        dice.pick(&[
            "",
            "fieldSpecs: [{path: metadata/name, kind: Namespace}, {path: spec/ref, kind: Thing, create: true}]\n"
        ])
    )
}
