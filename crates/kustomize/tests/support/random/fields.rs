//! Random fields of a kustomization that need no other files.

use std::fmt::Write as _;

use super::dice::Dice;
use super::objects::Object;
use super::patches::pick;
use super::shape;
use super::words::pairs;

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
    for (field, bound) in [("images", 4), ("imageTags", 25)] {
        if dice.one_in(bound) {
            images(dice, field, text);
        }
    }
    replicas(dice, known, text);
    if dice.one_in(8) {
        let options = dice.pick(&[
            "originAnnotations",
            "transformerAnnotations",
            "originAnnotations, transformerAnnotations",
            "managedByLabel",
            "originAnnotations, managedByLabel",
        ]);
        let _ = writeln!(text, "buildMetadata: [{options}]");
    }
    if dice.one_in(8) {
        let options = dice.pick(&[
            "{order: fifo}",
            "{order: legacy}",
            "{order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [ConfigMap, Thing]}}",
            "{order: legacy, legacySortOptions: {orderLast: [Namespace]}}",
            "{order: legacy, legacySortOptions: {orderFirst: [Thing, ConfigMap]}}",
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

fn images(dice: &mut Dice, field: &str, text: &mut String) {
    let _ = writeln!(text, "{field}:");
    for _ in 0..=dice.below(2) {
        let change = dice.pick(&[
            "newTag: v9",
            "newName: new/app",
            "digest: sha256:ff",
            "tagSuffix: -x",
            "newName: m, newTag: \"1\"",
            "newTag: t, digest: sha256:aa",
            "newName: \"5\"",
            "newTag: \"1.0\", tagSuffix: -y",
            "newName: reg.example.org:5000/other",
        ]);
        let name = dice.pick(&[
            "nginx",
            "app",
            "reg.example.org:5000/team/app",
            "other",
            "ngin.",
            "new/app",
            "docker.io/library/nginx",
            "nginx:1.2",
        ]);
        let _ = writeln!(text, "- {{name: {name}, {change}}}");
    }
}

fn replicas(dice: &mut Dice, known: &[Object], text: &mut String) {
    let scalable = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];
    let scaled: Vec<&Object> = known.iter().filter(|object| scalable.contains(&object.kind)).collect();
    if scaled.is_empty() || !dice.one_in(4) {
        return;
    }
    text.push_str("replicas:\n");
    for object in scaled.iter().take(1 + usize::from(dice.one_in(3))) {
        let name = if dice.one_in(30) && dice.dares() { "nothing" } else { object.name };
        let _ = writeln!(text, "- {{name: {name}, count: {}}}", dice.below(9));
    }
}

/// Variables, of the base or of what stands on it.
pub(crate) fn variables(dice: &mut Dice, known: &[Object], names: &[&str], text: &mut String) {
    if !dice.one_in(4) {
        return;
    }
    text.push_str("vars:\n");
    for name in names.iter().take(1 + usize::from(dice.one_in(3))) {
        let of = pick(dice, known);
        let (group, version) = of.api.split_once('/').unwrap_or(("", of.api));
        let api = if dice.one_in(3) {
            format!("group: \"{group}\", version: {version}")
        } else {
            format!("apiVersion: {}", of.api)
        };
        let namespace = if of.namespace.is_empty() { String::new() } else { format!(", namespace: {}", of.namespace) };
        let field = dice.pick(match of.kind {
            "ConfigMap" => &["metadata.name", "data.app", "data.example\\.org/part", "data"],
            "Service" => &["metadata.name", "spec.ports[0].port", "spec.selector.app", "spec.ports[1].protocol"],
            "Deployment" | "StatefulSet" => {
                &["metadata.name", "spec.replicas", "spec.template.spec.containers[0].image", "kind"]
            }
            "Thing" => &["metadata.name", "spec.value", "spec.other", "spec.list[0].v"],
            _ => &["metadata.name", "kind", "apiVersion", ""],
        });
        let is_found = shape::at(of, field).is_some() || dice.dares();
        let field = if is_found { field } else { "" };
        let field = if field.is_empty() { String::new() } else { format!("\n  fieldref: {{fieldPath: '{field}'}}") };
        let _ = writeln!(
            text,
            "- name: {name}\n  objref: {{{api}, kind: {}, name: {}{namespace}}}{field}",
            of.kind, of.name
        );
    }
}
