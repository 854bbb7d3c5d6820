//! Random objects.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::dice::Dice;

pub(crate) const NAMES: &[&str] = &["web", "db", "api", "web-2", "x"];
pub(crate) const KEYS: &[&str] = &["app", "tier", "example.org/part", "a", "env", "y"];
pub(crate) const WORDS: &[&str] = &[
    "one",
    "two",
    "\"3\"",
    "\"true\"",
    "long-value",
    "a.b/c",
    "\"\"",
    "'x: y'",
    "\"$(V)\"",
    "\"a $(V) b\"",
    "\"$$(V)\"",
    "\"yes\"",
    "off",
];
pub(crate) const IMAGES: &[&str] = &[
    "nginx",
    "nginx:1.2",
    "reg.example.org:5000/team/app:v1",
    "app@sha256:abcd",
    "other:2",
    "nginx:1.2@sha256:00ff",
    "\"nginx\"",
];
pub(crate) const VALUES: &[&str] = &[
    "1",
    "1.50",
    "true",
    "null",
    "text",
    "\"5\"",
    "0644",
    "[1, 2]",
    "{a: b}",
    "~",
    "1e3",
    "2001-02-03",
    "\"\"",
    "yes",
    "|-\n    two\n    lines",
    "'single'",
    "0x1F",
    "12345678901234567890",
    "-0.0",
    "\"~\"",
];
pub(crate) const NAMESPACES: &[&str] = &["one", "two", "default"];

const KINDS: &[&str] = &[
    "Deployment",
    "Deployment",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Service",
    "Service",
    "ConfigMap",
    "ConfigMap",
    "Secret",
    "CronJob",
    "Job",
    "Pod",
    "Thing",
    "Thing",
    "RoleBinding",
    "ClusterRoleBinding",
    "Namespace",
    "Ingress",
    "ServiceAccount",
    "ClusterRole",
    "Role",
    "HorizontalPodAutoscaler",
    "PersistentVolumeClaim",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "ValidatingWebhookConfiguration",
    "CustomResourceDefinition",
    "StorageClass",
    "APIService",
];

const CLUSTER: &[&str] = &[
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingWebhookConfiguration",
    "CustomResourceDefinition",
    "StorageClass",
    "APIService",
];

/// An object.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    /// Its namespace, or nothing.
    pub(crate) namespace: &'static str,
    pub(crate) text: String,
}

impl Object {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let (kind, name) = (dice.pick(KINDS), dice.pick(NAMES));
        let namespaced = !CLUSTER.contains(&kind) && dice.one_in(4);
        let namespace = if namespaced { dice.pick(NAMESPACES) } else { "" };
        let mut text = head(kind, name, namespace);
        for field in ["labels", "annotations"] {
            if dice.one_in(3) {
                let _ = writeln!(text, "  {field}: {}", pairs(dice));
            }
        }
        text.push_str(&body(dice, kind));
        Self { kind, name, namespace, text }
    }
}

/// Type and identity.
pub(crate) fn head(kind: &str, name: &str, namespace: &str) -> String {
    let namespace = if namespace.is_empty() { String::new() } else { format!("  namespace: {namespace}\n") };
    format!("apiVersion: {}\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}", api_version(kind))
}

pub(crate) fn api_version(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" => "apps/v1",
        "CronJob" | "Job" => "batch/v1",
        "Thing" => "example.org/v1",
        "RoleBinding" | "ClusterRole" | "Role" | "ClusterRoleBinding" => "rbac.authorization.k8s.io/v1",
        "Ingress" | "NetworkPolicy" => "networking.k8s.io/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2beta2",
        "PodDisruptionBudget" => "policy/v1beta1",
        "ValidatingWebhookConfiguration" => "admissionregistration.k8s.io/v1",
        "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
        "StorageClass" => "storage.k8s.io/v1",
        "APIService" => "apiregistration.k8s.io/v1",
        _ => "v1",
    }
}

pub(crate) fn pairs(dice: &mut Dice) -> String {
    let mut entries: BTreeMap<&str, &str> = BTreeMap::new();
    for _ in 0..=dice.below(2) {
        entries.insert(dice.pick(KEYS), dice.pick(WORDS));
    }
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

pub(crate) fn body(dice: &mut Dice, kind: &str) -> String {
    let name = dice.pick(NAMES);
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => workload(dice, kind),
        "CronJob" => format!("spec:\n  jobTemplate:\n    spec:\n      template:\n{}", pod(dice, "        ")),
        "Pod" => pod(dice, ""),
        "Service" => format!(
            "spec:\n  selector: {}\n  ports:\n  - {{port: 80, name: {name}}}\n  - {{port: 81, protocol: UDP}}\n",
            pairs(dice),
        ),
        "ConfigMap" => format!("data: {}\n", pairs(dice)),
        "Secret" => "type: Opaque\ndata: {a: YQ==}\n".to_owned(),
        "Thing" => thing(dice),
        "RoleBinding" | "ClusterRoleBinding" => format!(
            "subjects:\n- {{kind: ServiceAccount, name: {name}, namespace: {}}}\n- {{kind: ServiceAccount, name: default}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {}, name: {}}}\n",
            dice.pick(NAMESPACES),
            dice.pick(&["ClusterRole", "Role"]),
            dice.pick(NAMES)
        ),
        "ClusterRole" | "Role" => {
            format!("rules:\n- {{apiGroups: [\"\"], resources: [secrets], resourceNames: [{name}]}}\n")
        }
        "Ingress" => format!(
            "spec:\n  tls: [{{secretName: {name}}}]\n  defaultBackend: {{service: {{name: {}}}}}\n",
            dice.pick(NAMES)
        ),
        "HorizontalPodAutoscaler" => format!("spec:\n  scaleTargetRef: {{kind: Deployment, name: {name}}}\n"),
        "PersistentVolumeClaim" => format!("spec: {{storageClassName: {name}, accessModes: [ReadWriteOnce]}}\n"),
        "NetworkPolicy" => format!(
            "spec:\n  podSelector: {{matchLabels: {}}}\n  ingress:\n  - from: [{{podSelector: {{matchLabels: {}}}}}]\n",
            pairs(dice),
            pairs(dice)
        ),
        "PodDisruptionBudget" => format!("spec: {{minAvailable: 1, selector: {{matchLabels: {}}}}}\n", pairs(dice)),
        "ValidatingWebhookConfiguration" => format!(
            "webhooks:\n- name: a.example.org\n  clientConfig: {{service: {{name: {name}, namespace: {}, path: /x}}}}\n",
            dice.pick(NAMESPACES)
        ),
        "CustomResourceDefinition" => {
            "spec: {group: example.org, names: {kind: Thing, plural: things}, scope: Namespaced}\n".to_owned()
        }
        "APIService" => format!("spec: {{service: {{name: {name}, namespace: {}}}}}\n", dice.pick(NAMESPACES)),
        _ => String::new(),
    }
}

fn thing(dice: &mut Dice) -> String {
    format!(
        "spec:\n  value: {}\n  other: {}\n  list: [{{name: a, v: {}}}, {{name: b}}]\n  ref: {}\n  ports: [{{port: 1, protocol: TCP}}, {{port: 1, protocol: UDP, v: {}}}]\n",
        dice.pick(VALUES),
        dice.pick(VALUES),
        one_line(dice),
        dice.pick(NAMES),
        one_line(dice),
    )
}

/// A value that fits between braces.
pub(crate) fn one_line(dice: &mut Dice) -> &'static str {
    let value = dice.pick(VALUES);
    if value.contains('\n') { "x" } else { value }
}

fn workload(dice: &mut Dice, kind: &str) -> String {
    let labels = pairs(dice);
    let count = dice.below(5);
    let replicas = dice.maybe(2, format!("  replicas: {count}\n"));
    let mut text = format!(
        "spec:\n{replicas}  selector: {{matchLabels: {labels}}}\n  template:\n    metadata: {{labels: {labels}}}\n{}",
        pod(dice, "    ")
    );
    if kind == "StatefulSet" {
        let _ = writeln!(text, "  serviceName: {}", dice.pick(NAMES));
        if dice.one_in(2) {
            let _ = writeln!(text, "  volumeClaimTemplates: [{{metadata: {{name: v, labels: {}}}}}]", pairs(dice));
        }
    }
    text
}

fn pod(dice: &mut Dice, indent: &str) -> String {
    let mut text = format!("{indent}spec:\n");
    for list in ["containers", "initContainers"] {
        if list == "containers" || dice.one_in(5) {
            let _ = writeln!(text, "{indent}  {list}:");
            for name in ["main", "side"].iter().take(1 + usize::from(dice.one_in(2))) {
                container(dice, indent, name, &mut text);
            }
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
    if dice.one_in(5) {
        let _ = writeln!(text, "{indent}  tolerations: [{{key: a, effect: NoSchedule}}, {{key: b}}]");
    }
    if dice.one_in(6) {
        let _ = writeln!(
            text,
            "{indent}  affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{labelSelector: {{matchLabels: {}}}, topologyKey: z}}]}}}}",
            pairs(dice)
        );
    }
    text
}

fn container(dice: &mut Dice, indent: &str, name: &str, text: &mut String) {
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
    if dice.one_in(5) {
        let _ = writeln!(text, "{indent}    envFrom: [{{configMapRef: {{name: {}}}}}]", dice.pick(NAMES));
    }
    if dice.one_in(6) {
        let _ = writeln!(text, "{indent}    resources: {{limits: {{cpu: 1, memory: 1.50}}, requests: {{cpu: 100m}}}}");
    }
    if dice.one_in(6) {
        let _ = writeln!(text, "{indent}    volumeMounts: [{{name: v, mountPath: /v}}, {{name: v, mountPath: /w}}]");
    }
}
