//! Objects with the fields that kustomize's built-in tables name: references, selectors, images, variables.

use super::dice::Dice;
use super::nested::Nested;
use super::words::{IMAGES, REFERRED, WORDS, labels, pairs};

/// Kinds with pods, and where these stand.
const PODS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    // A kind of somebody else's that has them too.
    ("Thing", "spec/template/spec"),
];

const OF_PODS: &[&str] = &[
    "volumes[]/configMap/name",
    "volumes[]/secret/secretName",
    "volumes[]/projected/sources[]/configMap/name",
    "volumes[]/projected/sources[]/secret/name",
    "volumes[]/persistentVolumeClaim/claimName",
    "volumes[]/nfs/server",
    "volumes[]/image/reference",
    "volumes[]/csi/nodePublishSecretRef/name",
    "containers[]/env[]/valueFrom/configMapKeyRef/name",
    "containers[]/env[]/valueFrom/secretKeyRef/name",
    "containers[]/env[]/value",
    "containers[]/envFrom[]/configMapRef/name",
    "containers[]/envFrom[]/secretRef/name",
    "containers[]/command[]",
    "containers[]/args[]",
    "containers[]/volumeMounts[]/mountPath",
    "containers[]/image",
    "initContainers[]/env[]/valueFrom/configMapKeyRef/name",
    "initContainers[]/env[]/valueFrom/secretKeyRef/name",
    "initContainers[]/env[]/value",
    "initContainers[]/envFrom[]/configMapRef/name",
    "initContainers[]/envFrom[]/secretRef/name",
    "initContainers[]/command[]",
    "initContainers[]/args[]",
    "initContainers[]/volumeMounts[]/mountPath",
    "initContainers[]/image",
    "ephemeralContainers[]/image",
    "imagePullSecrets[]/name",
    "serviceAccountName",
    "priorityClassName",
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution[]/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution[]/labelSelector/matchLabels",
    "topologySpreadConstraints[]/labelSelector/matchLabels",
];

/// Fields of kinds, of which some are not where they would be if one thing followed from another.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "Deployment",
        &["spec/template/metadata/annotations", "spec/template/metadata/labels", "spec/selector/matchLabels"],
    ),
    ("ReplicaSet", &["spec/template/metadata/annotations", "spec/selector/matchLabels", "spec/replicas"]),
    ("ReplicationController", &["spec/selector", "spec/template/metadata/labels", "spec/replicas"]),
    ("DaemonSet", &["spec/template/metadata/labels", "spec/selector/matchLabels"]),
    (
        "StatefulSet",
        &[
            "spec/serviceName",
            "spec/volumeClaimTemplates[]/metadata/labels",
            "spec/volumeClaimTemplates[]/spec/storageClassName",
            "spec/volumeClaimTemplates[]/spec/nfs/server",
            "spec/selector/matchLabels",
        ],
    ),
    ("Job", &["spec/selector/matchLabels", "spec/template/metadata/labels"]),
    (
        "CronJob",
        &[
            "spec/jobTemplate/metadata/labels",
            "spec/jobTemplate/metadata/annotations",
            "spec/jobTemplate/spec/selector/matchLabels",
            "spec/jobTemplate/spec/template/volumes[]/nfs/server",
        ],
    ),
    (
        "PersistentVolume",
        &["spec/storageClassName", "spec/azureFile/secretName", "spec/nfs/server", "spec/claimRef/name"],
    ),
    ("PersistentVolumeClaim", &["spec/storageClassName", "spec/volumeName"]),
    ("Node", &["spec/configSource/configMap/name", "spec/configSource/configMap"]),
    ("Role", &["rules[]/resourceNames[]"]),
    ("ClusterRole", &["rules[]/resourceNames[]"]),
    ("RoleBinding", &["roleRef/name", "subjects[]/name"]),
    ("ClusterRoleBinding", &["roleRef/name"]),
    (
        "Ingress",
        &[
            "annotations/nginx.ingress.kubernetes.io~1fastcgi-params-configmap",
            "annotations/ingress.kubernetes.io~1auth-secret",
            "annotations/nginx.ingress.kubernetes.io~1auth-secret",
            "annotations/nginx.ingress.kubernetes.io~1auth-tls-secret",
            "spec/tls[]/secretName",
            "spec/tls[]/hosts[]",
            "spec/rules[]/host",
            "spec/rules[]/http/paths[]/backend/serviceName",
            "spec/backend/serviceName",
            "spec/rules[]/http/paths[]/backend/service/name",
            "spec/defaultBackend/service/name",
        ],
    ),
    ("ServiceAccount", &["imagePullSecrets[]/name", "secrets[]/name"]),
    (
        "StorageClass",
        &["parameters/secretName", "parameters/adminSecretName", "parameters/userSecretName", "parameters/secretRef"],
    ),
    ("Service", &["spec/selector", "spec/ports[]/port", "spec/ports[]/targetPort", "spec/externalName"]),
    ("HorizontalPodAutoscaler", &["spec/scaleTargetRef/name"]),
    ("APIService", &["spec/service/name", "spec/service/namespace"]),
    ("ValidatingWebhookConfiguration", &["webhooks[]/clientConfig/service/name"]),
    ("MutatingWebhookConfiguration", &["webhooks[]/clientConfig/service/name"]),
    ("CustomResourceDefinition", &["spec/conversion/webhook/clientConfig/service/namespace"]),
    ("ValidatingAdmissionPolicyBinding", &["spec/policyName"]),
    ("PodDisruptionBudget", &["spec/selector/matchLabels"]),
    (
        "NetworkPolicy",
        &[
            "spec/podSelector/matchLabels",
            "spec/ingress[]/from[]/podSelector/matchLabels",
            "spec/egress[]/to[]/podSelector/matchLabels",
        ],
    ),
    ("Thing", &["spec/ref", "spec/containers[]/image", "spec/deep/initContainers[]/image", "spec/more/labels"]),
];

/// Annotations and a body of a kind, if the tables have fields of it.
pub(crate) fn body(dice: &mut Dice, kind: &str) -> Option<(Option<String>, String)> {
    let others = OTHERS.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, fields)| fields);
    let pods = PODS.iter().find(|(of, _)| *of == kind).map(|(_, path)| *path);
    if others.is_empty() && pods.is_none() {
        return None;
    }
    let mut value = Nested::new();
    for _ in 0..=dice.below(4) {
        let path = match pods {
            Some(pods) if others.is_empty() || !dice.one_in(4) => format!("{pods}/{}", dice.pick(OF_PODS)),
            _ => dice.pick(others).to_owned(),
        };
        let text = leaf(dice, &path);
        value.put(&path, &text);
        beside(dice, &path, &mut value);
    }
    Some((value.cut("annotations"), value.lines()))
}

/// What has to stand beside a field for it to be one.
fn beside(dice: &mut Dice, path: &str, value: &mut Nested) {
    let Some((above, last)) = path.rsplit_once('/') else { return };
    let kinds: &[&str] = match last {
        "name" if above == "roleRef" => &["ClusterRole", "Role"],
        "name" if above == "subjects[]" => &["ServiceAccount", "User"],
        "name" if above.ends_with("scaleTargetRef") => &["Deployment", "StatefulSet", "ReplicaSet"],
        "name" if above.ends_with("clientConfig/service") || above.ends_with("configSource/configMap") => {
            let namespace = dice.pick(super::words::NAMESPACES);
            value.put(&format!("{above}/namespace"), namespace);
            return;
        }
        _ => return,
    };
    let kind = dice.pick(kinds);
    value.put(&format!("{above}/kind"), kind);
}

fn leaf(dice: &mut Dice, path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    match last {
        "matchLabels" | "selector" | "labels" => labels(dice),
        "annotations" => pairs(dice),
        "image" | "reference" => dice.pick(IMAGES).to_owned(),
        "mountPath" | "server" | "host" | "hosts[]" | "value" | "command[]" | "args[]" => dice.pick(WORDS).to_owned(),
        "port" | "targetPort" => dice.pick(&["80", "\"$(V)\"", "http", "\"8080\""]).to_owned(),
        "replicas" => dice.below(4).to_string(),
        "namespace" => dice.pick(super::words::NAMESPACES).to_owned(),
        _ => dice.pick(REFERRED).to_owned(),
    }
}
