//! Random replacements: what is taken from where, and put where.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;
use super::objects::Object;
use super::patches::pick;
use super::shape;

fn sources(of: &Object) -> &'static [&'static str] {
    match of.kind {
        "Thing" => &[
            "spec.value",
            "spec.other",
            "spec.list.0.v",
            "spec.ref",
            "spec.list.[name=a].v",
            "spec.ports",
            "metadata.name",
            "spec.list",
            "spec.list.1",
            "spec.list.*.name",
            "spec.value.a",
            "",
        ],
        "ConfigMap" => {
            &["data.app", "metadata.name", "data", "data.a", "data.example\\.org/part", "data.[example.org/part]"]
        }
        "Secret" => &["data.a", "metadata.name", "type"],
        "Service" => &["spec.ports.0.port", "spec.selector", "metadata.name", "spec.ports.[port=81].protocol"],
        "Deployment" | "StatefulSet" => {
            &["spec.replicas", "spec.template.spec.containers.0.image", "spec.selector.matchLabels", "metadata.name"]
        }
        _ => &["metadata.name", "kind", "metadata.name", "apiVersion"],
    }
}

fn targets(of: &Object) -> &'static [&'static str] {
    match of.kind {
        "Thing" => &[
            "spec.value",
            "spec.other",
            "spec.list.[name=b].v",
            "spec.list.0.v",
            "spec.list.*.v",
            "spec.new.deep",
            "spec.ports.[protocol=UDP].v",
            "spec.list.2.v",
            "spec.list.[name=n].v",
            "spec.list.[name=n]",
            "spec.list.-",
            "spec.list.*",
            "spec.list",
            "spec",
            "spec.value.a.b",
            "spec.template.spec.containers.[name=main].image",
        ],
        "Service" => &["spec.ports.*.port", "spec.ports.[port=80].name", "spec.selector.app", "spec.ports.5.port"],
        "CronJob" => &["spec.jobTemplate.spec.template.spec.containers.*.image", "spec.schedule"],
        "Ingress" => &[
            "spec.tls.0.secretName",
            "spec.rules.*.host",
            "metadata.annotations.nginx\\.ingress\\.kubernetes\\.io/auth-secret",
        ],
        "ConfigMap" => &["data.app", "data.new", "metadata.labels.app", "data"],
        "Deployment" | "StatefulSet" | "DaemonSet" => &[
            "spec.template.spec.containers.*.image",
            "spec.template.spec.containers.[name=main].image",
            "spec.replicas",
            "spec.template.spec.containers.[name=main].env.[name=V].value",
            "metadata.annotations.r",
            "spec.template.metadata.labels.app",
            "spec.template.spec.containers.[name=^m.*].args.0",
            "spec.template.spec.containers.*.env.*.value",
            "spec.template.spec.volumes.[name=v].configMap.name",
            "metadata.namespace",
        ],
        _ => &["metadata.annotations.r", "metadata.labels.[example.org/part]", "spec.extra", "metadata.name"],
    }
}

pub(crate) fn replacements(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    let mut list = String::new();
    for _ in 0..=dice.below(2) {
        one(dice, known, &mut list);
    }
    if dice.one_in(5) {
        folder.write("replacements.yaml", &list);
        text.push_str("replacements: [{path: replacements.yaml}]\n");
    } else {
        let _ = write!(text, "replacements:\n{list}");
    }
}

fn one(dice: &mut Dice, known: &[Object], list: &mut String) {
    let source = pick(dice, known);
    let (from, is_scalar) = from(dice, source);
    let _ = writeln!(list, "- {from}\n  targets:");
    for _ in 0..=u64::from(dice.one_in(5)) {
        let target = pick(dice, known);
        let reject = dice.pick(&[
            "",
            "",
            "",
            "\n    reject: [{name: web}]",
            "\n    reject: [{labelSelector: app=one}]",
            "\n    reject: [{kind: ConfigMap}, {annotationSelector: a}]",
            "\n    reject: [{namespace: one, version: v1}]",
        ]);
        let (select, paths, options) = put(dice, target, is_scalar);
        let _ = match dice.below(12) {
            0 => writeln!(list, "  - select: {select}{reject}{options}"),
            1..=6 => writeln!(list, "  - select: {select}{reject}\n    fieldPaths: ['{}']{options}", paths[0]),
            _ => writeln!(
                list,
                "  - select: {select}{reject}\n    fieldPaths: ['{}', '{}']{options}",
                paths[0], paths[1]
            ),
        };
    }
}

/// Which objects, which fields of them, and how.
fn put(dice: &mut Dice, target: &Object, is_scalar: bool) -> (String, [&'static str; 2], &'static str) {
    let options = dice.pick(&[
        "",
        "\n    options: {create: true}",
        "\n    options: {create: true}",
        "\n    options: {create: true}",
        "\n    options: {create: true}",
        "\n    options: {create: true}",
        "\n    options: {delimiter: ':', index: 1}",
        "\n    options: {delimiter: '.', index: 0, create: true}",
        "\n    options: {delimiter: '-', index: -1}",
        "\n    options: {delimiter: '/', index: 7}",
        "\n    options: {encoding: base64}",
    ]);
    let select = selected(dice, target);
    let paths = [dice.pick(targets(target)), dice.pick(targets(target))];
    let creates = options.contains("create");
    // Kustomize never ends where an item that is made does not match the expression that it was made for.
    let paths = paths.map(|path| if creates && path.contains("^m.*") { "metadata.annotations.r" } else { path });
    if dice.dares() {
        return (select, paths, options);
    }
    let found = paths.map(|path| shape::at(target, path));
    let is_found = found.iter().all(|found| found.as_ref().is_some_and(|found| shape::is_scalar(found) == is_scalar));
    let parts = options.contains("delimiter");
    let select = format!("{{kind: {}, name: {}}}", target.kind, target.name);
    match (is_found, parts) {
        (true, true) if is_scalar => (select, paths, options),
        (true, false) => (select, paths, options),
        _ => {
            let made = |path: &&'static str| shape::at(target, path).is_some() || *path == "spec.new.deep";
            let paths = paths.map(|path| Some(path).filter(made).unwrap_or("metadata.annotations.r"));
            let paths = if is_scalar { paths } else { ["spec.extra", "data.new"] };
            (select, paths, "\n    options: {create: true}")
        }
    }
}

/// Where a value comes from, and whether it is likely to be a scalar.
fn from(dice: &mut Dice, source: &Object) -> (String, bool) {
    if dice.one_in(8) {
        let value =
            dice.pick(&["text", "\"5\"", "\"1.50\"", "'a: b'", "\"true\"", "\"\"", "\"two\\nlines\"", "\"null\""]);
        return (format!("sourceValue: {value}"), true);
    }
    let path = dice.pick(sources(source));
    let (dares, there) = (dice.dares(), shape::at(source, path));
    let path = if there.is_some() || dares { path } else { "metadata.name" };
    let is_scalar = there.as_ref().is_none_or(shape::is_scalar);
    let cut = dice.pick(&[
        "",
        "",
        "",
        ", options: {delimiter: ':'}",
        ", options: {delimiter: '.', index: 1}",
        ", options: {delimiter: '-', index: 0}",
        ", options: {delimiter: '/', index: -1}",
    ]);
    let text = there.map(|there| goyaml::json::to_string(&there)).unwrap_or_default();
    let can_be_cut = match cut {
        ", options: {delimiter: '.', index: 1}" => text.contains('.'),
        ", options: {delimiter: '/', index: -1}" => false,
        _ => is_scalar,
    };
    let cut = if can_be_cut || dares { cut } else { "" };
    let (group, version) = source.api.split_once('/').unwrap_or(("", source.api));
    let more = match dice.below(6) {
        0 => format!(", version: {version}"),
        1 if !group.is_empty() => format!(", group: {group}"),
        2 if !source.namespace.is_empty() => format!(", namespace: {}", source.namespace),
        _ => String::new(),
    };
    let from = format!("source: {{kind: {}, name: {}{more}, fieldPath: '{path}'{cut}}}", source.kind, source.name);
    (from, is_scalar)
}

fn selected(dice: &mut Dice, target: &Object) -> String {
    let (group, version) = target.api.split_once('/').unwrap_or(("", target.api));
    let Object { kind, name, namespace, .. } = target;
    match dice.below(12) {
        0 => format!("{{kind: {kind}, labelSelector: app}}"),
        1 => format!("{{kind: {kind}, name: {name}}}"),
        2 => format!("{{name: {name}}}"),
        3 => format!("{{group: \"{group}\", version: {version}}}"),
        4 if !namespace.is_empty() => format!("{{kind: {kind}, namespace: {namespace}}}"),
        5 => format!("{{kind: \"{kind}|Service\"}}"),
        6 => format!("{{kind: {kind}, annotationSelector: \"a,!y\"}}"),
        7 => "{name: \".*\"}".to_owned(),
        _ => format!("{{kind: {kind}}}"),
    }
}
