//! Random patches for objects that are there.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;
use super::objects::{self, Object};
use super::places;
use super::replacements::replacements;
use super::shape;
use super::words::{IMAGES, KEYS, NAMES, REFERRED, VALUES, WORDS, one_line, pairs};

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
        let (group, version) = of.api.split_once('/').unwrap_or(("", of.api));
        let _ = write!(
            text,
            "patchesJson6902:\n- target: {{group: {group}, version: {version}, kind: {}, name: {}}}\n",
            of.kind, of.name
        );
        let operations = operations(dice, of);
        if dice.one_in(2) {
            let file = dice.pick(&["ops.json", "ops.yaml"]);
            folder.write(file, &operations);
            let _ = writeln!(text, "  path: {file}");
        } else {
            let _ = writeln!(text, "  patch: |-\n{}", indented(&operations, "    "));
        }
    }
    if dice.one_in(4) {
        replacements(dice, folder, known, text);
    }
}

pub(crate) fn pick<'a>(dice: &mut Dice, known: &'a [Object]) -> &'a Object {
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
        let operations = operations(dice, of);
        let kind = if dice.one_in(12) { ".*" } else { of.kind };
        let _ = writeln!(text, "- target: {{kind: \"{kind}\"{}}}", narrowed(dice, of));
        if dice.one_in(3) {
            let file = format!("ops-{at}.{}", dice.pick(&["json", "yaml"]));
            folder.write(&file, &operations);
            let _ = writeln!(text, "  path: {file}");
        } else {
            let _ = writeln!(text, "  patch: |-\n{}", indented(&operations, "    "));
        }
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
    let (group, version) = of.api.split_once('/').unwrap_or(("", of.api));
    match dice.below(16) {
        0 => format!(", name: {}", of.name),
        1 => ", name: w.*".to_owned(),
        2 => ", labelSelector: app=one".to_owned(),
        3 => ", labelSelector: 'tier notin (two),env'".to_owned(),
        4 => ", annotationSelector: a".to_owned(),
        6 => format!(", version: {version}"),
        7 if !group.is_empty() => format!(", group: {group}"),
        8 => format!(", group: \"{group}\", version: \"v.*\", name: \"{}|x\"", of.name),
        9 => ", name: \"e\"".to_owned(),
        10 => ", namespace: \"o.*|default\"".to_owned(),
        11 => ", labelSelector: \"app in (one, two),!tier\"".to_owned(),
        12 => ", annotationSelector: \"app!=one\", labelSelector: \"a\"".to_owned(),
        5 if !of.namespace.is_empty() => format!(", namespace: {}", of.namespace),
        _ => String::new(),
    }
}

/// Operations, as YAML or JSON.
fn operations(dice: &mut Dice, of: &Object) -> String {
    let mut text = format!("- {}", operation(dice, of));
    if dice.one_in(3) {
        let _ = write!(text, "\n- {}", operation(dice, of));
    }
    if dice.one_in(4) {
        return as_json(&text);
    }
    text
}

/// The same operations as JSON, on one line or on several.
fn as_json(yaml: &str) -> String {
    let read = goyaml::parse_first(yaml, &goyaml::ParseOptions::default());
    read.ok().flatten().map_or_else(|| yaml.to_owned(), |document| goyaml::json::to_string(&document.value))
}

/// An operation of a JSON patch, mostly one that has something to work on.
fn operation(dice: &mut Dice, of: &Object) -> String {
    if dice.one_in(10) && dice.dares() {
        return dice.pick(RISKY).to_owned();
    }
    let operation = match of.kind {
        "Deployment" | "StatefulSet" | "DaemonSet" if dice.one_in(2) => dice.pick(OF_WORKLOADS),
        "Thing" if !dice.one_in(4) => dice.pick(OF_THINGS),
        "ConfigMap" if dice.one_in(2) => dice.pick(OF_DATA),
        _ => dice.pick(OF_ANY),
    };
    if shape::fits(operation, of) || dice.dares() {
        return operation.to_owned();
    }
    let others: Vec<&str> = OF_ANY.iter().copied().filter(|operation| shape::fits(operation, of)).collect();
    dice.pick(&others).to_owned()
}

const OF_ANY: &[&str] = &[
    "{op: replace, path: /metadata/name, value: renamed}",
    "{op: add, path: /metadata/labels, value: {a: b, env: \"5\"}}",
    "{op: add, path: /metadata/annotations, value: {a: \"1\", note: x}}",
    "{op: add, path: /spec, value: {extra: [1, null, {a: 1.0}], value: 1e3}}",
    "{op: copy, from: /metadata/name, path: /metadata/generation}",
    "{op: add, path: /metadata/annotations, value: {a: \"long words that go on and on until the line has to be folded somewhere after eighty\"}}",
    "{op: add, path: /metadata/namespace, value: two}",
    "{op: add, path: /metadata/finalizers, value: []}",
    "{op: add, path: /extra, value: \"2001-01-01\"}",
    "{op: test, path: /metadata/labels, value: null}",
];

const OF_WORKLOADS: &[&str] = &[
    "{op: replace, path: /spec/template/spec/containers/0/image, value: \"json:1\"}",
    "{op: add, path: /spec/template/spec/containers/-, value: {name: new, image: nginx}}",
    "{op: add, path: /spec/replicas, value: 7}",
    "{op: remove, path: /spec/template/spec/containers/0}",
    "{op: move, from: /spec/template/spec/containers, path: /spec/template/spec/initContainers}",
    "{op: replace, path: /spec/selector/matchLabels, value: {app: \"true\"}}",
    "{op: add, path: /spec/template/metadata/labels/b, value: \"yes\"}",
    "{op: add, path: /spec/template/spec/nodeSelector, value: {a~1b: \"~0\"}}",
];

const OF_THINGS: &[&str] = &[
    "{op: replace, path: /spec/value, value: 1.50}",
    "{op: remove, path: /spec/list/0}",
    "{op: add, path: /spec/list/1, value: {name: c, v: null}}",
    "{op: copy, from: /spec/value, path: /spec/other}",
    "{op: replace, path: /spec/ref, value: web}",
    "{op: add, path: /spec/list/-, value: {name: d, v: [1.0, 2e2, \"3\"]}}",
    "{op: test, path: /spec/list/0/name, value: a}",
    "{op: replace, path: /spec/list/-1, value: {name: e}}",
    "{op: copy, from: /spec/list, path: /spec/value}",
    "{op: replace, path: /spec/value, value: null}",
    "{op: add, path: \"/spec/a~0b~1c\", value: 0x1F}",
];

const OF_DATA: &[&str] = &["{op: add, path: /data/app, value: json}", "{op: add, path: /data, value: {b: \"2\"}}"];

/// Operations that mostly end in a refusal.
const RISKY: &[&str] = &[
    "{op: test, path: /metadata/name, value: web}",
    "{op: add, path: /metadata/labels/example.org~1part, value: \"1\"}",
    "{op: remove, path: /metadata/annotations/example.org~1part}",
    "{op: replace, path: /metadata/labels/app, value: 5}",
    "{op: add, path: \"/metadata/annotations/a~0b~1c\", value: x}",
    "{op: replace, path: /kind, value: Thing}",
    "{op: test, path: /metadata/labels, value: {app: one}}",
    "{op: move, from: /metadata/labels, path: /metadata/annotations}",
    "{op: add, path: \"\", value: {kind: ConfigMap}}",
    "{op: test, path: /spec/other, value: null}",
    "{op: move, from: /spec/list/1, path: /spec/list/0}",
    "{op: add, path: /spec/deep/a, value: 1}",
    "{op: add, path: /spec/list/9, value: {}}",
    "{op: add, path: /spec/new/, value: 1}",
];

/// A strategic merge patch for any of the objects; rarely for one that is not there.
fn merge(dice: &mut Dice, known: &[Object]) -> String {
    let of = pick(dice, known);
    merge_for(dice, of)
}

fn merge_for(dice: &mut Dice, of: &Object) -> String {
    let name = if dice.one_in(40) && dice.dares() { dice.pick(NAMES) } else { of.name };
    let mut text = Object { name, ..of.clone() }.head();
    for field in ["labels", "annotations"] {
        if dice.one_in(4) {
            let key = dice.pick(KEYS);
            let special = dice.pick(&["null", "5", "true", "plain"]);
            let entries = if dice.one_in(4) { format!("{{{key}: {special}}}") } else { pairs(dice) };
            let _ = writeln!(text, "  {field}: {entries}");
        }
    }
    if dice.one_in(10) {
        text.push_str(dice.pick(&[
            "  finalizers: [b, c]\n",
            "  finalizers: null\n",
            "  ownerReferences: [{uid: u, name: y}, {uid: w}]\n",
            "  creationTimestamp: null\n",
            "  $deleteFromPrimitiveList/finalizers: [a]\n",
            "  finalizers: [{$patch: delete}]\n",
        ]));
    }
    match dice.below(20) {
        0 => text.push_str("$patch: delete\n"),
        1 => {
            text.push_str("$patch: replace\n");
            text.push_str(&objects::body(dice, of.kind));
        }
        2..=5 => text.push_str(&objects::body(dice, of.kind)),
        6..=8 => text.push_str(&places::body(dice, of.kind).map(|(_, body)| body).unwrap_or_default()),
        _ => text.push_str(&part(dice, of.kind)),
    }
    text
}

/// Some fields of a kind.
fn part(dice: &mut Dice, kind: &str) -> String {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicaSet" | "ReplicationController" => {
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
        "PodTemplate" => format!("template:\n{}", pod_part(dice, "  ")),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => dice.pick(&[
            "webhooks: [{name: a.example.org, failurePolicy: Ignore}, {name: b.example.org}]\n",
            "webhooks: [{name: a.example.org, $patch: delete}]\n",
        ]).to_owned(),
        "HorizontalPodAutoscaler" => "spec: {metrics: [{type: Resource, resource: {name: cpu}}], maxReplicas: 3}\n".to_owned(),
        "Node" => "spec: {podCIDRs: [b]}\nstatus: {addresses: [{type: t, address: b}, {type: u}], conditions: [{type: c}]}\n".to_owned(),
        "ClusterRole" | "Role" => "rules: [{apiGroups: [a], resources: [b], verbs: [get]}]\n".to_owned(),
        "NetworkPolicy" => "spec: {policyTypes: [Ingress], ingress: [{ports: [{port: 1}]}]}\n".to_owned(),
        "Endpoints" => "subsets: [{addresses: [{ip: 5.6.7.8}]}]\n".to_owned(),
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
    match dice.below(12) {
        0 => format!("spec:\n  value: {}\n", dice.pick(VALUES)),
        1 => format!("spec: {{other: {}, list: [{{name: a, w: {}}}]}}\n", one_line(dice), one_line(dice)),
        2 => "spec: {list: [{name: b, $patch: delete}]}\n".to_owned(),
        3 => "spec: {ports: [{port: 1, protocol: UDP, x: y}, {port: 2}]}\n".to_owned(),
        4 => "spec: {value: null, other: {c: d}}\n".to_owned(),
        5 => "spec: {$patch: replace, value: 5}\n".to_owned(),
        6 => "spec: {list: [{name: c}, {name: a, v: null}, {$patch: merge}]}\n".to_owned(),
        7 => "spec: {list: [], ports: null, other: []}\n".to_owned(),
        8 => "spec: {value: {}, other: {$patch: delete}}\n".to_owned(),
        9 => "spec: {list: [{v: 1}, 5, null], value: {a: {b: null, c: {}}}}\n".to_owned(),
        _ => format!(
            "spec: {{value: {}, ref: {}, deep: {{a: {{b: {}}}}}}}\n",
            one_line(dice),
            dice.pick(REFERRED),
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
            "hostAliases: [{ip: 1.1.1.1, hostnames: [a]}]",
            "topologySpreadConstraints: [{topologyKey: k, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}, {topologyKey: k, whenUnsatisfiable: ScheduleAnyway}]",
            "ephemeralContainers: [{name: main, env: [{name: A, value: b}]}]",
            "$setElementOrder/containers: [{name: side}, {name: main}]",
            "$retainKeys: [containers]",
            "affinity: {podAntiAffinity: null, nodeAffinity: {$patch: replace, a: b}}",
            "volumes: [{name: v, hostPath: {path: /x}, $patch: replace}]",
            "containers: []",
            "initContainers: [{image: x}]",
        ]);
        let _ = writeln!(text, "{indent}  {other}");
        return text;
    }
    let _ = writeln!(text, "{indent}  containers:");
    for _ in 0..=dice.below(2) {
        let name = dice.pick(&["main", "main", "side", "new"]);
        let _ = writeln!(text, "{indent}  - name: {name}");
        let word = dice.pick(WORDS);
        let more = match dice.below(19) {
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
            15 => "volumeDevices: [{devicePath: /d, name: v}]".to_owned(),
            16 => "command: [\"$(V)\", b]\n    args: null".to_owned(),
            17 => "envFrom: [{configMapRef: {name: gen}}]".to_owned(),
            14 => "volumeMounts: [{name: v, mountPath: /v, readOnly: true}, {name: n, mountPath: /n}]".to_owned(),
            _ => format!("image: {}", dice.pick(IMAGES)),
        };
        let _ = writeln!(text, "{indent}    {}", more.replace("\n    ", &format!("\n{indent}    ")));
    }
    if dice.one_in(25) {
        let _ = writeln!(text, "{indent}  - $patch: replace");
    }
    text
}
