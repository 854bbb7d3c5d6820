//! Random trees: a base and an overlay over it that use most fields of a kustomization.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A tree and the directory in it that is built.
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) path: &'static str,
}

/// Numbers that are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound.max(1)
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of[at]
    }
}

const NAMES: &[&str] = &["web", "db", "api", "web-2", "x"];
const KEYS: &[&str] = &["app", "tier", "example.org/part", "a", "env"];
const WORDS: &[&str] =
    &["one", "two", "\"3\"", "\"true\"", "long-value", "a.b/c", "\"\"", "'x: y'", "\"$(V)\"", "\"a $(V) b\""];
const IMAGES: &[&str] = &["nginx", "nginx:1.2", "reg.example.org:5000/team/app:v1", "app@sha256:abcd", "other:2"];
const VALUES: &[&str] =
    &["1", "1.50", "true", "null", "text", "\"5\"", "0644", "[1, 2]", "{a: b}", "~", "1e3", "2001-02-03", "\"\""];
const NAMESPACES: &[&str] = &["", "one", "two", "default"];

impl Tree {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut files = BTreeMap::new();
        let mut known = Vec::new();
        let mut text = String::new();
        for _ in 0..=dice.below(5) {
            let made = Object::new(&mut dice, None);
            // Two of one kind and name would only ever end in a refusal.
            if known.iter().any(|other: &Object| other.kind == made.kind && other.name == made.name) {
                continue;
            }
            let _ = write!(text, "---\n{}", made.text);
            known.push(made);
        }
        files.insert("base/objects.yaml".to_owned(), text);
        let base = kustomization(&mut dice, ("base", &known), &mut files, &["objects.yaml"]);
        files.insert("base/kustomization.yaml".to_owned(), base);
        let mut resources = vec!["../base"];
        if dice.one_in(3) {
            files.insert(
                "overlay/more.yaml".to_owned(),
                Object::new(&mut dice, None).text.replace("  name: ", "  name: m"),
            );
            resources.push("more.yaml");
        }
        let overlay = kustomization(&mut dice, ("overlay", &known), &mut files, &resources);
        files.insert("overlay/kustomization.yaml".to_owned(), overlay);
        Self { files, path: "overlay" }
    }
}

/// An object of the base, or a patch for it.
struct Object {
    kind: &'static str,
    name: &'static str,
    /// Its lines of `metadata.namespace`, or nothing.
    namespace: String,
    text: String,
}

impl Object {
    /// A new object, or one that has the identity of another.
    fn new(dice: &mut Dice, like: Option<&Self>) -> Self {
        let kind = like.map_or_else(|| dice.pick(KINDS), |like| like.kind);
        let name = like.map_or_else(|| dice.pick(NAMES), |like| like.name);
        let namespace = match like {
            Some(like) => like.namespace.clone(),
            None if !matches!(kind, "Namespace" | "ClusterRole") && dice.one_in(4) => {
                format!("  namespace: {}\n", dice.pick(&NAMESPACES[1..]))
            }
            None => String::new(),
        };
        let mut text =
            format!("apiVersion: {}\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}", api_version(kind));
        for field in ["labels", "annotations"] {
            if dice.one_in(3) {
                let _ = writeln!(text, "  {field}: {}", pairs(dice));
            }
        }
        text.push_str(&body(dice, kind));
        Self { kind, name, namespace, text }
    }
}

const KINDS: &[&str] = &[
    "Deployment",
    "Deployment",
    "StatefulSet",
    "Service",
    "ConfigMap",
    "Secret",
    "CronJob",
    "Thing",
    "RoleBinding",
    "Namespace",
    "Ingress",
    "ServiceAccount",
    "ClusterRole",
    "HorizontalPodAutoscaler",
];

fn api_version(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "StatefulSet" => "apps/v1",
        "CronJob" => "batch/v1",
        "Thing" => "example.org/v1",
        "RoleBinding" | "ClusterRole" => "rbac.authorization.k8s.io/v1",
        "Ingress" => "networking.k8s.io/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2beta2",
        _ => "v1",
    }
}

fn pairs(dice: &mut Dice) -> String {
    let mut entries: BTreeMap<&str, &str> = BTreeMap::new();
    for _ in 0..=dice.below(2) {
        entries.insert(dice.pick(KEYS), dice.pick(WORDS));
    }
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn body(dice: &mut Dice, kind: &str) -> String {
    match kind {
        "Deployment" | "StatefulSet" => {
            let labels = pairs(dice);
            let replicas = if dice.one_in(2) { format!("  replicas: {}\n", dice.below(5)) } else { String::new() };
            format!(
                "spec:\n{replicas}  selector: {{matchLabels: {labels}}}\n  template:\n    metadata: {{labels: {labels}}}\n{}",
                pod(dice, "    ")
            )
        }
        "CronJob" => format!("spec:\n  jobTemplate:\n    spec:\n      template:\n{}", pod(dice, "        ")),
        "Service" => format!(
            "spec:\n  selector: {}\n  ports:\n  - {{port: 80, name: {}}}\n  - {{port: 81, protocol: UDP}}\n",
            pairs(dice),
            dice.pick(NAMES)
        ),
        "ConfigMap" => format!("data: {}\n", pairs(dice)),
        "Secret" => "type: Opaque\ndata: {a: YQ==}\n".to_owned(),
        "Thing" => format!(
            "spec:\n  value: {}\n  other: {}\n  list: [{{name: a, v: {}}}, {{name: b}}]\n  ref: {}\n",
            dice.pick(VALUES),
            dice.pick(VALUES),
            dice.pick(VALUES),
            dice.pick(NAMES)
        ),
        "RoleBinding" => format!(
            "subjects:\n- {{kind: ServiceAccount, name: {}, namespace: {}}}\n- {{kind: ServiceAccount, name: default}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {}}}\n",
            dice.pick(NAMES),
            dice.pick(&NAMESPACES[1..]),
            dice.pick(NAMES)
        ),
        "ClusterRole" => {
            format!("rules:\n- {{apiGroups: [\"\"], resources: [secrets], resourceNames: [{}]}}\n", dice.pick(NAMES))
        }
        "Ingress" => format!(
            "spec:\n  tls: [{{secretName: {}}}]\n  defaultBackend: {{service: {{name: {}}}}}\n",
            dice.pick(NAMES),
            dice.pick(NAMES)
        ),
        "HorizontalPodAutoscaler" => {
            format!("spec:\n  scaleTargetRef: {{kind: Deployment, name: {}}}\n", dice.pick(NAMES))
        }
        _ => String::new(),
    }
}

fn pod(dice: &mut Dice, indent: &str) -> String {
    let mut text = format!("{indent}spec:\n{indent}  containers:\n");
    for name in ["main", "side"].iter().take(1 + usize::from(dice.one_in(2))) {
        let _ = writeln!(text, "{indent}  - name: {name}\n{indent}    image: {}", dice.pick(IMAGES));
        if dice.one_in(2) {
            let _ = writeln!(
                text,
                "{indent}    env:\n{indent}    - {{name: V, value: {}}}\n{indent}    - {{name: W, valueFrom: {{configMapKeyRef: {{name: {}, key: a}}}}}}",
                dice.pick(WORDS),
                dice.pick(NAMES)
            );
        }
        if dice.one_in(3) {
            let _ = writeln!(
                text,
                "{indent}    ports: [{{containerPort: 80}}, {{containerPort: 80, protocol: UDP}}, {{containerPort: {}}}]",
                80 + dice.below(3)
            );
        }
        if dice.one_in(4) {
            let _ = writeln!(text, "{indent}    args: [--x, {}]", dice.pick(WORDS));
        }
    }
    if dice.one_in(3) {
        let _ = writeln!(
            text,
            "{indent}  volumes: [{{name: v, configMap: {{name: {}}}}}, {{name: s, secret: {{secretName: {}}}}}]",
            dice.pick(NAMES),
            dice.pick(NAMES)
        );
    }
    if dice.one_in(4) {
        let _ = writeln!(text, "{indent}  serviceAccountName: {}", dice.pick(NAMES));
    }
    text
}

fn kustomization(
    dice: &mut Dice,
    (dir, known): (&str, &[Object]),
    files: &mut BTreeMap<String, String>,
    resources: &[&str],
) -> String {
    let mut text = format!("resources: [{}]\n", resources.join(", "));
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
        let _ = writeln!(
            text,
            "labels:\n- pairs: {}\n  includeSelectors: {}\n  includeTemplates: {}",
            pairs(dice),
            dice.one_in(2),
            dice.one_in(2)
        );
    }
    if dice.one_in(4) {
        let change = dice.pick(&[
            "newTag: v9",
            "newName: new/app",
            "digest: sha256:ff",
            "tagSuffix: -x",
            "newName: n, newTag: \"1\"",
        ]);
        let _ = writeln!(
            text,
            "images:\n- {{name: {}, {change}}}",
            dice.pick(&["nginx", "app", "reg.example.org:5000/team/app", "other"])
        );
    }
    let scaled = known.iter().any(|object| object.kind == "Deployment");
    if scaled && dice.one_in(4) {
        let name = known.iter().find(|object| object.kind == "Deployment").map_or("web", |object| object.name);
        let _ = writeln!(text, "replicas:\n- {{name: {name}, count: {}}}", dice.below(9));
    }
    generators(dice, known, &mut text);
    if dice.one_in(2) {
        patches(dice, (dir, known), files, &mut text);
    }
    if dice.one_in(4) && known.len() > 1 {
        replacements(dice, known, &mut text);
    }
    let read = known.iter().find(|object| matches!(object.kind, "ConfigMap" | "Service" | "Secret"));
    if let Some(Object { kind, name, .. }) = read.filter(|_| dir == "base" && dice.one_in(3)) {
        let field = dice.pick(&["metadata.name", "metadata.name", "data.app", "spec.ports[0].port", "kind"]);
        let _ = writeln!(
            text,
            "vars:\n- name: V\n  objref: {{apiVersion: v1, kind: {kind}, name: {name}}}\n  fieldref: {{fieldPath: '{field}'}}"
        );
    }
    if dice.one_in(6) {
        let options = dice.pick(&[
            "originAnnotations",
            "managedByLabel",
            "transformerAnnotations",
            "originAnnotations, transformerAnnotations",
        ]);
        let _ = writeln!(text, "buildMetadata: [{options}]");
    }
    rules(dice, dir, files, &mut text);
    if dice.one_in(8) {
        let _ = writeln!(text, "sortOptions: {{order: {}}}", dice.pick(&["fifo", "legacy"]));
    }
    text
}

fn rules(dice: &mut Dice, dir: &str, files: &mut BTreeMap<String, String>, text: &mut String) {
    if dice.one_in(8) {
        text.push_str("configurations: [config.yaml]\n");
        let config = "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - {path: spec/ref, kind: Thing}\nimages:\n- {path: spec/value, kind: Thing}\nvarReference:\n- {path: spec/value, kind: Thing}\n";
        files.insert(format!("{dir}/config.yaml"), config.to_owned());
    }
    if dice.one_in(8) {
        let plugin = dice.pick(&[
            "kind: PrefixTransformer\nmetadata: {name: t}\nprefix: z-\nfieldSpecs: [{path: metadata/name}]\n",
            "kind: NamespaceTransformer\nmetadata: {name: t, namespace: moved}\nunsetOnly: true\nsetRoleBindingSubjects: allServiceAccounts\n",
            "kind: LabelTransformer\nmetadata: {name: t}\nlabels: {t: \"1\"}\nfieldSpecs: [{path: metadata/labels, create: true}]\n",
            "kind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: nginx, newTag: t}\n",
        ]);
        files.insert(format!("{dir}/plugin.yaml"), format!("apiVersion: builtin\n{plugin}"));
        text.push_str("transformers: [plugin.yaml]\n");
    }
}

fn generators(dice: &mut Dice, known: &[Object], text: &mut String) {
    for field in ["configMapGenerator", "secretGenerator"] {
        if dice.one_in(4) {
            let kind = if field.starts_with('s') { "Secret" } else { "ConfigMap" };
            let there = known.iter().find(|object| object.kind == kind && object.namespace.is_empty());
            let (name, behavior) = match there {
                Some(there) if dice.one_in(2) => (there.name, dice.pick(&[", behavior: merge", ", behavior: replace"])),
                _ => (dice.pick(&["gen", "gen-2", "conf"]), ""),
            };
            let options = dice.pick(&[
                "",
                "",
                ", options: {disableNameSuffixHash: true}",
                ", options: {labels: {g: h}, immutable: true}",
            ]);
            let _ = writeln!(
                text,
                "{field}:\n- {{name: {name}, literals: [{}={}]{behavior}{options}}}",
                dice.pick(&["a", "app", "b"]),
                dice.pick(&["1", "two words", "x=y"])
            );
        }
    }
    if dice.one_in(10) {
        text.push_str("generatorOptions: {labels: {all: gen}, annotations: {note: o}}\n");
    }
}

fn patches(dice: &mut Dice, (dir, known): (&str, &[Object]), files: &mut BTreeMap<String, String>, text: &mut String) {
    text.push_str("patches:\n");
    for at in 0..=dice.below(2) {
        if dice.one_in(3) {
            let operation = dice.pick(&[
                "{op: replace, path: /metadata/name, value: renamed}",
                "{op: add, path: /metadata/labels, value: {a: b}}",
                "{op: add, path: /spec/extra, value: [1, null, {a: 1.0}]}",
                "{op: remove, path: /spec/replicas}",
                "{op: replace, path: /spec/template/spec/containers/0/image, value: json:1}",
                "{op: test, path: /kind, value: Deployment}",
                "{op: add, path: /metadata/annotations/note, value: \"5\"}",
            ]);
            let kind = dice.pick(&["Deployment", "Thing", "ConfigMap|Secret", "StatefulSet", ".*"]);
            let _ = writeln!(text, "- target: {{kind: \"{kind}\"}}\n  patch: |-\n    - {operation}");
            continue;
        }
        let at_known = usize::try_from(dice.below(known.len() as u64)).unwrap_or(0);
        let like = known.get(at_known).filter(|_| !dice.one_in(12));
        let made = Object::new(dice, like);
        let kind = made.kind;
        let object = format!("{}{}", made.text, dice.pick(&["", "", "", "$patch: delete\n"]));
        let file = format!("patch-{at}.yaml");
        if dice.one_in(2) {
            let _ = writeln!(text, "- path: {file}\n  target: {{kind: {kind}}}");
        } else {
            let _ = writeln!(text, "- path: {file}");
        }
        if dice.one_in(4) {
            let _ = writeln!(
                text,
                "  options: {{allowNameChange: {}, allowKindChange: {}}}",
                dice.one_in(2),
                dice.one_in(2)
            );
        }
        files.insert(format!("{dir}/{file}"), object);
    }
}

fn replacements(dice: &mut Dice, known: &[Object], text: &mut String) {
    let one = &known[usize::try_from(dice.below(known.len() as u64)).unwrap_or(0)];
    let source =
        dice.pick(&["metadata.name", "kind", "spec.value", "data.app", "spec.list.0.v", "spec.replicas", "spec.other"]);
    let target = dice.pick(&[
        "metadata.annotations.r",
        "spec.value",
        "spec.other",
        "spec.template.spec.containers.*.image",
        "spec.template.spec.containers.[name=main].image",
        "spec.list.[name=b].v",
        "spec.list.0.v",
        "data.app",
        "spec.replicas",
    ]);
    let target_kind = dice.pick(&["Thing", "ConfigMap", "Deployment", "StatefulSet"]);
    let options = dice.pick(&[
        "",
        "",
        "\n    options: {create: true}",
        "\n    options: {delimiter: ':', index: 1}",
        "\n    options: {delimiter: '.', index: 0, create: true}",
    ]);
    let _ = writeln!(
        text,
        "replacements:\n- source: {{kind: {}, name: {}, fieldPath: {source}}}\n  targets:\n  - select: {{kind: {target_kind}}}\n    fieldPaths: ['{target}']{options}",
        one.kind, one.name
    );
}
