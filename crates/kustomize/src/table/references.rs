//! The fields in which one object names another, so that they can follow when the other is renamed.

use crate::id::Gvk;
use crate::table::fields::FieldSpec;

/// A kind that is named by others, and where.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The kind that is named; an empty part means any.
    pub(crate) target: Gvk,
    /// The fields that name it.
    pub(crate) fields: Vec<FieldSpec>,
}

/// Where a pod stands in the kinds that make pods.
const PODS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// The same for the fields that also the pods of a `ReplicationController` are searched for, but none of a `ReplicaSet`.
const PODS_OF_CONTROLLERS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
];

const CONFIG_MAPS_OF_PODS: &[&str] = &[
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
];

const SECRETS_OF_PODS: &[&str] = &[
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
];

/// A field outside of pods: group, kind and path.
type Place = (&'static str, &'static str, &'static str);

const CONFIG_MAPS: &[Place] = &[
    ("", "Node", "spec/configSource/configMap"),
    ("", "Role", "rules/resourceNames"),
    ("", "ClusterRole", "rules/resourceNames"),
    ("", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
];

const SECRETS: &[Place] = &[
    ("", "Ingress", "spec/tls/secretName"),
    ("", "Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
    ("", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
    ("", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
    ("", "ServiceAccount", "imagePullSecrets/name"),
    ("", "StorageClass", "parameters/secretName"),
    ("", "StorageClass", "parameters/adminSecretName"),
    ("", "StorageClass", "parameters/userSecretName"),
    ("", "StorageClass", "parameters/secretRef"),
    ("", "Role", "rules/resourceNames"),
    ("", "ClusterRole", "rules/resourceNames"),
    ("serving.knative.dev", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
    ("", "PersistentVolume", "spec/azureFile/secretName"),
];

const SERVICES: &[Place] = &[
    ("apps", "StatefulSet", "spec/serviceName"),
    ("", "Ingress", "spec/rules/http/paths/backend/serviceName"),
    ("", "Ingress", "spec/backend/serviceName"),
    ("", "Ingress", "spec/rules/http/paths/backend/service/name"),
    ("", "Ingress", "spec/defaultBackend/service/name"),
    ("apiregistration.k8s.io", "APIService", "spec/service/name"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
];

const SCALE_TARGETS: &[Place] = &[("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")];
const RBAC: &str = "rbac.authorization.k8s.io";

fn pattern(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
}

fn places(places: &[Place]) -> Vec<FieldSpec> {
    places.iter().map(|(group, kind, path)| FieldSpec::built_in(group, "", kind, path, false)).collect()
}

fn in_pods(pods: &[(&'static str, &'static str)], paths: &[&'static str]) -> Vec<FieldSpec> {
    let mut all = Vec::with_capacity(pods.len() * paths.len());
    for (kind, pod) in pods {
        all.extend(paths.iter().map(|path| FieldSpec::in_pod(kind, pod, path)));
    }
    all
}

fn joined(mut left: Vec<FieldSpec>, right: Vec<FieldSpec>) -> Vec<FieldSpec> {
    left.extend(right);
    left
}

/// All references, in the order in which kustomize follows them.
pub(crate) fn all() -> Vec<Reference> {
    let reference = |target, fields| Reference { target, fields };
    let scaled = |kind| reference(pattern("", "", kind), places(SCALE_TARGETS));
    vec![
        reference(
            pattern("storage.k8s.io", "v1", "StorageClass"),
            places(&[
                ("", "PersistentVolume", "spec/storageClassName"),
                ("", "PersistentVolumeClaim", "spec/storageClassName"),
                ("", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
            ]),
        ),
        reference(
            pattern("", "v1", "ServiceAccount"),
            joined(
                places(&[(RBAC, "RoleBinding", "subjects"), (RBAC, "ClusterRoleBinding", "subjects")]),
                in_pods(PODS_OF_CONTROLLERS, &["serviceAccountName"]),
            ),
        ),
        reference(pattern(RBAC, "", "Role"), places(&[(RBAC, "RoleBinding", "roleRef/name")])),
        reference(
            pattern(RBAC, "", "ClusterRole"),
            places(&[(RBAC, "RoleBinding", "roleRef/name"), (RBAC, "ClusterRoleBinding", "roleRef/name")]),
        ),
        reference(pattern("", "v1", "ConfigMap"), joined(in_pods(PODS, CONFIG_MAPS_OF_PODS), places(CONFIG_MAPS))),
        reference(pattern("", "v1", "Secret"), joined(in_pods(PODS, SECRETS_OF_PODS), places(SECRETS))),
        reference(pattern("", "v1", "Service"), places(SERVICES)),
        reference(
            pattern("scheduling.k8s.io", "v1", "PriorityClass"),
            in_pods(PODS_OF_CONTROLLERS, &["priorityClassName"]),
        ),
        reference(
            pattern("", "v1", "PersistentVolume"),
            places(&[("", "PersistentVolumeClaim", "spec/volumeName"), ("", "ClusterRole", "rules/resourceNames")]),
        ),
        reference(
            pattern("", "v1", "PersistentVolumeClaim"),
            in_pods(PODS_OF_CONTROLLERS, &["volumes/persistentVolumeClaim/claimName"]),
        ),
        scaled("Deployment"),
        scaled("StatefulSet"),
        reference(
            pattern("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy"),
            places(&[("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "spec/policyName")]),
        ),
        scaled("ReplicaSet"),
        scaled("ReplicationController"),
    ]
}
