//! Random patches and replacements for objects that are there.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;
use super::objects::{self, KEYS, NAMES, Object, VALUES, WORDS, head, one_line, pairs};

/// All fields that patch.
pub(crate) fn fields(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    if dice.one_in(2) {
        text.push_str("patches:\n");
        for at in 0..=dice.below(2) {
            entry(dice, folder, known, at, text);
        }
    }
    if dice.one_in(8) {
        let patch = merge(dice, known);
        if dice.one_in(2) {
            folder.write("old.yaml", &patch);
            text.push_str("patchesStrategicMerge: [old.yaml]\n");
        } else {
            let _ = writeln!(text, "patchesStrategicMerge:\n- |-\n{}", indented(&patch, "  "));
        }
    }
    if dice.one_in(8) {
        let of = pick(dice, known);
        let operation = operation(dice, of);
        let version = objects::api_version(of.kind);
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let _ = writeln!(
            text,
            "patchesJson6902:\n- target: {{group: {group}, version: {version}, kind: {}, name: {}}}\n  patch: |-\n    - {operation}",
            of.kind, of.name
        );
    }
    if dice.one_in(4) {
        replacements(dice, folder, known, text);
    }
}

fn pick<'a>(dice: &mut Dice, known: &'a [Object]) -> &'a Object {
    &known[usize::try_from(dice.below(known.len() as u64)).unwrap_or(0)]
}

fn indented(text: &str, by: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| if line.is_empty() { line.to_owned() } else { format!("{by}{line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

fn entry(dice: &mut Dice, folder: &mut Folder, known: &[Object], at: u64, text: &mut String) {
    if dice.one_in(3) {
        let of = pick(dice, known);
        let (first, second) = (operation(dice, of), operation(dice, of));
        let second = dice.maybe(3, format!("\n    - {second}"));
        let kind = if dice.one_in(12) { ".*" } else { of.kind };
        let _ =
            writeln!(text, "- target: {{kind: \"{kind}\"{}}}\n  patch: |-\n    - {first}{second}", narrowed(dice, of));
        return;
    }
    let of = pick(dice, known);
    let mut patch = merge_for(dice, of);
    let target = dice.one_in(2);
    if !target && dice.one_in(5) {
        let _ = write!(patch, "---\n{}", merge(dice, known));
    }
    if dice.one_in(3) {
        let _ = writeln!(text, "- patch: |-\n{}", indented(&patch, "    "));
    } else {
        let file = format!("patch-{at}.yaml");
        let _ = writeln!(text, "- path: {file}");
        folder.write(&file, &patch);
    }
    if target {
        let _ = writeln!(text, "  target: {{kind: {}{}}}", of.kind, narrowed(dice, of));
    }
    if dice.one_in(4) {
        let (name, kind) = (dice.one_in(2), dice.one_in(2));
        let _ = writeln!(text, "  options: {{allowNameChange: {name}, allowKindChange: {kind}}}");
    }
}

/// More of a target than the kind.
fn narrowed(dice: &mut Dice, of: &Object) -> String {
    match dice.below(8) {
        0 => format!(", name: {}", of.name),
        1 => ", name: w.*".to_owned(),
        2 => ", labelSelector: app=one".to_owned(),
        3 => ", labelSelector: 'tier notin (two),env'".to_owned(),
        4 => ", annotationSelector: a".to_owned(),
        5 if !of.namespace.is_empty() => format!(", namespace: {}", of.namespace),
        _ => String::new(),
    }
}

/// An operation of a JSON patch, mostly one that has something to work on.
fn operation(dice: &mut Dice, of: &Object) -> String {
    let any = [
        "{op: replace, path: /metadata/name, value: renamed}",
        "{op: add, path: /metadata/labels, value: {a: b, env: \"5\"}}",
        "{op: add, path: /metadata/annotations, value: {a: \"1\", note: x}}",
        "{op: add, path: /spec, value: {extra: [1, null, {a: 1.0}], value: 1e3}}",
        "{op: test, path: /metadata/name, value: web}",
        "{op: copy, from: /metadata/name, path: /metadata/generation}",
    ];
    let workload = [
        "{op: replace, path: /spec/template/spec/containers/0/image, value: \"json:1\"}",
        "{op: add, path: /spec/template/spec/containers/-, value: {name: new, image: nginx}}",
        "{op: add, path: /spec/replicas, value: 7}",
        "{op: remove, path: /spec/template/spec/containers/0}",
        "{op: move, from: /spec/template/spec/containers, path: /spec/template/spec/initContainers}",
        "{op: replace, path: /spec/selector/matchLabels, value: {app: \"true\"}}",
        "{op: add, path: /spec/template/metadata/labels/y, value: \"yes\"}",
    ];
    let thing = [
        "{op: replace, path: /spec/value, value: 1.50}",
        "{op: remove, path: /spec/list/0}",
        "{op: add, path: /spec/list/1, value: {name: c, v: null}}",
        "{op: copy, from: /spec/value, path: /spec/other}",
        "{op: replace, path: /spec/ref, value: web}",
    ];
    let data = ["{op: add, path: /data/app, value: json}", "{op: add, path: /data, value: {b: \"2\"}}"];
    match of.kind {
        "Deployment" | "StatefulSet" | "DaemonSet" if dice.one_in(2) => dice.pick(&workload),
        "Thing" if !dice.one_in(4) => dice.pick(&thing),
        "ConfigMap" if dice.one_in(2) => dice.pick(&data),
        _ => dice.pick(&any),
    }
    .to_owned()
}

/// A strategic merge patch for any of the objects; rarely for one that is not there.
fn merge(dice: &mut Dice, known: &[Object]) -> String {
    let of = pick(dice, known);
    merge_for(dice, of)
}

fn merge_for(dice: &mut Dice, of: &Object) -> String {
    let name = if dice.one_in(40) { dice.pick(NAMES) } else { of.name };
    let mut text = head(of.kind, name, of.namespace);
    for field in ["labels", "annotations"] {
        if dice.one_in(4) {
            let key = dice.pick(KEYS);
            let special = dice.pick(&["null", "5", "true", "plain"]);
            let entries = if dice.one_in(4) { format!("{{{key}: {special}}}") } else { pairs(dice) };
            let _ = writeln!(text, "  {field}: {entries}");
        }
    }
    match dice.below(20) {
        0 => text.push_str("$patch: delete\n"),
        1 => {
            text.push_str("$patch: replace\n");
            text.push_str(&objects::body(dice, of.kind));
        }
        2..=7 => text.push_str(&objects::body(dice, of.kind)),
        _ => text.push_str(&part(dice, of.kind)),
    }
    text
}

/// Some fields of a kind.
fn part(dice: &mut Dice, kind: &str) -> String {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => {
            let mut text = "spec:\n".to_owned();
            text.push_str(&dice.pick(&["", "", "  replicas: 3\n", "  replicas: null\n", "  replicas: \"3\"\n", "  strategy: {type: Recreate}\n"]).replace("strategy", if kind == "Deployment" { "strategy" } else { "updateStrategy" }));
            if dice.one_in(5) {
                let _ = writeln!(text, "  selector: {{matchLabels: {}}}", pairs(dice));
            }
            text.push_str("  template:\n");
            if dice.one_in(4) {
                let _ = writeln!(text, "    metadata: {{labels: {}}}", pairs(dice));
            }
            text.push_str(&pod_part(dice, "    "));
            text
        }
        "CronJob" => format!("spec:\n  jobTemplate:\n    spec:\n      template:\n{}", pod_part(dice, "        ")),
        "Pod" => pod_part(dice, ""),
        "Service" => dice.pick(&[
            "spec:\n  ports:\n  - {port: 80, targetPort: 8080}\n",
            "spec:\n  ports:\n  - {port: 81, protocol: UDP, $patch: delete}\n",
            "spec:\n  ports: [{port: 90}, {$patch: replace}]\n",
            "spec:\n  ports: [{port: 80, protocol: TCP, nodePort: 3}]\n",
            "spec: {selector: null}\n",
            "spec: {selector: {$patch: replace, app: x}}\n",
            "spec: {externalIPs: [1.2.3.4], ports: null}\n",
        ]).to_owned(),
        "ConfigMap" => dice.pick(&["data: {app: null}\n", "data: {b: '1', app: two}\n", "data: {$patch: replace, c: d}\n", "data: null\n", "immutable: true\n", "data: {$patch: delete}\n"]).to_owned(),
        "Secret" => "stringData: {a: b}\ndata: {a: null}\n".to_owned(),
        "Thing" => thing_part(dice),
        "RoleBinding" | "ClusterRoleBinding" => "subjects:\n- {kind: User, name: u}\n".to_owned(),
        "ServiceAccount" => dice.pick(&["secrets: [{name: db}, {name: x}]\n", "imagePullSecrets: [{name: web}]\n"]).to_owned(),
        "Ingress" => "spec:\n  rules: [{host: a.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web}}}]}}]\n".to_owned(),
        "Namespace" => "metadata: {finalizers: [a, b]}\n".replace("metadata: ", "spec: "),
        "PersistentVolumeClaim" => "spec: {accessModes: [ReadOnlyMany], resources: {requests: {storage: 1Gi}}}\n".to_owned(),
        _ => "extra: {a: 1}\n".to_owned(),
    }
}

fn thing_part(dice: &mut Dice) -> String {
    match dice.below(7) {
        0 => format!("spec:\n  value: {}\n", dice.pick(VALUES)),
        1 => format!("spec: {{other: {}, list: [{{name: a, w: {}}}]}}\n", one_line(dice), one_line(dice)),
        2 => "spec: {list: [{name: b, $patch: delete}]}\n".to_owned(),
        3 => "spec: {ports: [{port: 1, protocol: UDP, x: y}, {port: 2}]}\n".to_owned(),
        4 => "spec: {value: null, other: {c: d}}\n".to_owned(),
        5 => "spec: {$patch: replace, value: 5}\n".to_owned(),
        _ => format!(
            "spec: {{value: {}, ref: {}, deep: {{a: {{b: {}}}}}}}\n",
            one_line(dice),
            dice.pick(NAMES),
            one_line(dice)
        ),
    }
}

fn pod_part(dice: &mut Dice, indent: &str) -> String {
    let mut text = format!("{indent}spec:\n");
    if dice.one_in(8) {
        let other = dice.pick(&[
            "volumes: null",
            "volumes: [{name: v, emptyDir: {}}, {name: v, configMap: null}]",
            "volumes: [{name: s, $patch: delete}]",
            "volumes: [{$patch: replace}, {name: n, emptyDir: {}}]",
            "tolerations: [{key: c}]",
            "serviceAccountName: null",
            "nodeSelector: {a: \"1\"}",
            "hostNetwork: yes",
            "$patch: delete",
            "initContainers: [{name: main, image: x}]",
            "imagePullSecrets: [{name: db}]",
            "containers: null",
        ]);
        let _ = writeln!(text, "{indent}  {other}");
        return text;
    }
    let _ = writeln!(text, "{indent}  containers:");
    for _ in 0..=dice.below(2) {
        let name = dice.pick(&["main", "main", "side", "new"]);
        let _ = writeln!(text, "{indent}  - name: {name}");
        let word = dice.pick(WORDS);
        let more = match dice.below(16) {
            0 => "$patch: delete".to_owned(),
            1 => "$patch: replace\n    image: r:1".to_owned(),
            2 => format!("env: [{{name: V, value: {word}}}]"),
            3 => "env: [{name: V, $patch: delete}, {name: Z, value: \"1\"}]".to_owned(),
            4 => "env: [{name: W, value: plain, valueFrom: null}]".to_owned(),
            5 => "env: null".to_owned(),
            6 => "env: [{$patch: replace}, {name: A, value: b}]".to_owned(),
            7 => "ports: [{containerPort: 80, protocol: UDP, name: u}]".to_owned(),
            8 => "ports: [{containerPort: 80, name: t}]".to_owned(),
            9 => "ports: [{containerPort: 81, protocol: TCP}, {containerPort: 80, protocol: UDP, $patch: delete}]"
                .to_owned(),
            10 => format!("args: [{word}]"),
            11 => "image: null".to_owned(),
            12 => "image: 5".to_owned(),
            13 => "resources: {limits: {cpu: 2, memory: null}}".to_owned(),
            14 => "volumeMounts: [{name: v, mountPath: /v, readOnly: true}, {name: n, mountPath: /n}]".to_owned(),
            _ => format!("image: {}", dice.pick(objects::IMAGES)),
        };
        let _ = writeln!(text, "{indent}    {}", more.replace("\n    ", &format!("\n{indent}    ")));
    }
    if dice.one_in(25) {
        let _ = writeln!(text, "{indent}  - $patch: replace");
    }
    text
}

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
        ],
        "ConfigMap" => &["data.app", "metadata.name", "data", "data.a"],
        "Service" => &["spec.ports.0.port", "spec.selector", "metadata.name", "spec.ports.[port=81].protocol"],
        "Deployment" | "StatefulSet" => {
            &["spec.replicas", "spec.template.spec.containers.0.image", "spec.selector.matchLabels", "metadata.name"]
        }
        _ => &["metadata.name", "kind", "metadata.namespace"],
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
        ],
        _ => &["metadata.annotations.r", "metadata.labels.[example.org/part]", "spec.extra", "metadata.name"],
    }
}

fn replacements(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    let mut list = String::new();
    for _ in 0..=dice.below(2) {
        let (source, target) = (pick(dice, known), pick(dice, known));
        let path = dice.pick(sources(source));
        let cut = dice.pick(&[
            "",
            "",
            "",
            ", options: {delimiter: ':'}",
            ", options: {delimiter: '.', index: 1}",
            ", options: {delimiter: '-', index: 0}",
        ]);
        let from = if dice.one_in(8) {
            format!("sourceValue: {}", dice.pick(&["text", "\"5\"", "\"1.50\"", "'a: b'", "\"true\"", "\"\""]))
        } else {
            format!("source: {{kind: {}, name: {}, fieldPath: '{path}'{cut}}}", source.kind, source.name)
        };
        let options = dice.pick(&[
            "",
            "\n    options: {create: true}",
            "\n    options: {create: true}",
            "\n    options: {delimiter: ':', index: 1}",
            "\n    options: {delimiter: '.', index: 0, create: true}",
            "\n    options: {delimiter: '-', index: -1}",
        ]);
        let reject =
            dice.pick(&["", "", "", "\n    reject: [{name: web}]", "\n    reject: [{labelSelector: app=one}]"]);
        let by_label = dice.pick(&["", "", "", ", labelSelector: app"]);
        let _ = writeln!(
            list,
            "- {from}\n  targets:\n  - select: {{kind: {}{by_label}}}{reject}\n    fieldPaths: ['{}', '{}']{options}",
            target.kind,
            dice.pick(targets(target)),
            dice.pick(targets(target)),
        );
    }
    if dice.one_in(5) {
        folder.write("replacements.yaml", &list);
        text.push_str("replacements: [{path: replacements.yaml}]\n");
    } else {
        let _ = write!(text, "replacements:\n{list}");
    }
}
