//! Random objects.

use std::fmt::Write as _;

use super::dice::Dice;
use super::places;
use super::words::{IMAGES, NAMESPACES, REFERRED, VALUES, WORDS, labels, one_line, pairs};

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
    "ReplicaSet",
    "ReplicationController",
    "PodTemplate",
    "PersistentVolume",
    "PriorityClass",
    "MutatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "Node",
    "Endpoints",
    "LimitRange",
];

const CLUSTER: &[&str] = &[
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingWebhookConfiguration",
    "CustomResourceDefinition",
    "StorageClass",
    "APIService",
    "PersistentVolume",
    "PriorityClass",
    "MutatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "Node",
];

/// An object.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) api: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    /// Its namespace, or nothing.
    pub(crate) namespace: &'static str,
    pub(crate) text: String,
}

impl Object {
    pub(crate) fn new(dice: &mut Dice, names: &[&'static str]) -> Self {
        let (kind, name) = (dice.pick(KINDS), dice.pick(names));
        let api = api_version(dice, kind);
        let namespaced = dice.one_in(if CLUSTER.contains(&kind) { 30 } else { 4 });
        let namespace = if namespaced { dice.pick(NAMESPACES) } else { "" };
        let mut object = Self { api, kind, name, namespace, text: String::new() };
        object.text = object.head();
        let places = if dice.one_in(3) { places::body(dice, kind) } else { None };
        let (annotations, body) = places.unwrap_or_else(|| (None, body(dice, kind)));
        metadata(dice, annotations, &mut object.text);
        object.text.push_str(&body);
        object
    }

    /// Type and identity.
    pub(crate) fn head(&self) -> String {
        let namespace =
            if self.namespace.is_empty() { String::new() } else { format!("  namespace: {}\n", self.namespace) };
        format!("apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n{namespace}", self.api, self.kind, self.name)
    }
}

fn metadata(dice: &mut Dice, annotations: Option<String>, text: &mut String) {
    let has_labels = dice.one_in(3);
    if has_labels {
        let _ = writeln!(text, "  labels: {}", labels(dice));
    }
    let annotations = annotations.or_else(|| dice.one_in(3).then(|| pairs(dice)));
    if let Some(annotations) = annotations {
        let _ = writeln!(text, "  annotations: {annotations}");
    } else if dice.one_in(30) {
        let local = dice.pick(&["\"true\"", "\"false\"", "\"\""]);
        let _ = writeln!(text, "  annotations: {{config.kubernetes.io/local-config: {local}}}");
    }
    if dice.one_in(8) {
        text.push_str(dice.pick(&[
            "  finalizers: [a, b]\n",
            "  ownerReferences: [{uid: u, name: x}]\n",
            "  creationTimestamp: null\n",
            // Not twice: kustomize refuses that only where it is written, and not every object is.
            if has_labels { "  generation: 2\n" } else { "  labels: null\n" },
            "  generateName: g-\n",
        ]));
    }
}

/// A version that the kind has, seldom one that kustomize has no schema of.
fn api_version(dice: &mut Dice, kind: &str) -> &'static str {
    let known: &[&str] = match kind {
        "Deployment" | "DaemonSet" | "ReplicaSet" => &["apps/v1", "apps/v1", "apps/v1", "extensions/v1beta1"],
        "StatefulSet" => &["apps/v1", "apps/v1", "apps/v1", "apps/v1beta1"],
        "CronJob" => &["batch/v1", "batch/v1beta1"],
        "Job" => &["batch/v1"],
        "Thing" => &["example.org/v1"],
        "RoleBinding" | "ClusterRole" | "Role" | "ClusterRoleBinding" => &["rbac.authorization.k8s.io/v1"],
        "Ingress" => &["networking.k8s.io/v1", "networking.k8s.io/v1", "extensions/v1beta1"],
        "NetworkPolicy" => &["networking.k8s.io/v1"],
        "HorizontalPodAutoscaler" => &["autoscaling/v2beta2", "autoscaling/v1", "autoscaling/v2"],
        "PodDisruptionBudget" => &["policy/v1beta1", "policy/v1"],
        "ValidatingWebhookConfiguration"
        | "MutatingWebhookConfiguration"
        | "ValidatingAdmissionPolicy"
        | "ValidatingAdmissionPolicyBinding" => &["admissionregistration.k8s.io/v1"],
        "CustomResourceDefinition" => &["apiextensions.k8s.io/v1"],
        "StorageClass" => &["storage.k8s.io/v1"],
        "PriorityClass" => &["scheduling.k8s.io/v1"],
        "APIService" => &["apiregistration.k8s.io/v1"],
        "Service" => &["v1", "v1", "v1", "v1", "serving.knative.dev/v1"],
        _ => &["v1"],
    };
    dice.pick(known)
}

pub(crate) fn body(dice: &mut Dice, kind: &str) -> String {
    let name = dice.pick(REFERRED);
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicaSet" => workload(dice, kind),
        "CronJob" => format!("spec:\n  jobTemplate:\n    spec:\n      template:\n{}", pod(dice, "        ")),
        "Pod" => pod(dice, ""),
        "PodTemplate" => format!("template:\n{}", pod(dice, "  ")),
        "Service" => format!(
            "spec:\n  selector: {}\n  ports:\n  - {{port: 80, name: {name}}}\n  - {{port: 81, protocol: UDP}}\n",
            pairs(dice),
        ),
        "ConfigMap" => match dice.below(6) {
            0 => format!("data:\n  file: {}\n", dice.pick(VALUES).replace("null", "text")),
            1 => "binaryData: {a: YQ==}\n".to_owned(),
            _ => format!("data: {}\n", pairs(dice)),
        },
        "Secret" => dice
            .pick(&[
                "type: Opaque\ndata: {a: YQ==}\n",
                "stringData: {a: b}\n",
                "data: {a: \"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\"}\n",
            ])
            .to_owned(),
        "Thing" => thing(dice),
        "RoleBinding" | "ClusterRoleBinding" => format!(
            "subjects:\n- {{kind: ServiceAccount, name: {name}, namespace: {}}}\n- {{kind: ServiceAccount, name: default}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {}, name: {}}}\n",
            dice.pick(NAMESPACES),
            dice.pick(&["ClusterRole", "Role"]),
            dice.pick(REFERRED)
        ),
        "ClusterRole" | "Role" => {
            format!("rules:\n- {{apiGroups: [\"\"], resources: [secrets], resourceNames: [{name}]}}\n")
        }
        "Ingress" => format!(
            "spec:\n  tls: [{{secretName: {name}}}]\n  defaultBackend: {{service: {{name: {}}}}}\n",
            dice.pick(REFERRED)
        ),
        "HorizontalPodAutoscaler" => {
            format!("spec:\n  scaleTargetRef: {{kind: {}, name: {name}}}\n", dice.pick(&["Deployment", "StatefulSet"]))
        }
        "PersistentVolumeClaim" => format!("spec: {{storageClassName: {name}, accessModes: [ReadWriteOnce]}}\n"),
        "NetworkPolicy" => format!(
            "spec:\n  podSelector: {{matchLabels: {}}}\n  ingress:\n  - from: [{{podSelector: {{matchLabels: {}}}}}]\n",
            pairs(dice),
            pairs(dice)
        ),
        "PodDisruptionBudget" => format!("spec: {{minAvailable: 1, selector: {{matchLabels: {}}}}}\n", pairs(dice)),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => format!(
            "webhooks:\n- name: a.example.org\n  clientConfig: {{service: {{name: {name}, namespace: {}, path: /x}}}}\n",
            dice.pick(NAMESPACES)
        ),
        "CustomResourceDefinition" => {
            "spec: {group: example.org, names: {kind: Thing, plural: things}, scope: Namespaced}\n".to_owned()
        }
        "Node" => "spec: {podCIDRs: [a]}\nstatus: {addresses: [{type: t, address: a}]}\n".to_owned(),
        "Endpoints" => "subsets: [{addresses: [{ip: 1.2.3.4}], ports: [{port: 1, name: a}]}]\n".to_owned(),
        "LimitRange" => "spec: {limits: [{type: Pod, max: {cpu: 1}}]}\n".to_owned(),
        "PriorityClass" => "value: 1000000\nglobalDefault: false\n".to_owned(),
        "ValidatingAdmissionPolicyBinding" => format!("spec: {{policyName: {name}}}\n"),
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
        dice.pick(REFERRED),
        one_line(dice),
    )
}

fn workload(dice: &mut Dice, kind: &str) -> String {
    let labels = labels(dice);
    let count = dice.below(5);
    let replicas = dice.maybe(2, format!("  replicas: {count}\n"));
    let mut text = format!(
        "spec:\n{replicas}  selector: {{matchLabels: {labels}}}\n  template:\n    metadata: {{labels: {labels}}}\n{}",
        pod(dice, "    ")
    );
    if kind == "StatefulSet" {
        let _ = writeln!(text, "  serviceName: {}", dice.pick(REFERRED));
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
            dice.pick(REFERRED),
            dice.pick(REFERRED)
        );
    }
    if dice.one_in(4) {
        let _ = writeln!(text, "{indent}  serviceAccountName: {}", dice.pick(REFERRED));
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
            dice.pick(REFERRED)
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
        let _ = writeln!(text, "{indent}    envFrom: [{{configMapRef: {{name: {}}}}}]", dice.pick(REFERRED));
    }
    if dice.one_in(6) {
        let _ = writeln!(text, "{indent}    resources: {{limits: {{cpu: 1, memory: 1.50}}, requests: {{cpu: 100m}}}}");
    }
    if dice.one_in(6) {
        let _ = writeln!(text, "{indent}    volumeMounts: [{{name: v, mountPath: /v}}, {{name: v, mountPath: /w}}]");
    }
}
