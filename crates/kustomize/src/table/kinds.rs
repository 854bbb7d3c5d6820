//! The kinds of the API that kustomize has built in (Kubernetes 1.21.2), with their scope and the type their merge
//! keys are listed under in [`super::merge_keys`].
//!
//! Every other kind is namespaced and has no merge keys: lists in its patches replace lists.

use Scope::{Cluster, Namespaced};

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Cluster,
    Namespaced,
}

/// One group and version with its kinds: name, scope, type in [`super::merge_keys`].
struct GroupVersion {
    group: &'static str,
    versions: &'static [&'static str],
    kinds: &'static [(&'static str, Scope, &'static str)],
}

/// A kind of which only the metadata can be merged by key.
const PLAIN: &str = "Plain";

const TABLE: &[GroupVersion] = &[
    GroupVersion {
        group: "",
        versions: &["v1"],
        kinds: &[
            ("Binding", Namespaced, PLAIN),
            ("ComponentStatus", Cluster, "Conditions"),
            ("ConfigMap", Namespaced, PLAIN),
            ("Endpoints", Namespaced, PLAIN),
            ("Event", Namespaced, PLAIN),
            ("LimitRange", Namespaced, PLAIN),
            ("Namespace", Cluster, "WithConditions"),
            ("Node", Cluster, "Node"),
            ("PersistentVolume", Cluster, PLAIN),
            ("PersistentVolumeClaim", Namespaced, "WithConditions"),
            ("Pod", Namespaced, "Pod"),
            ("PodTemplate", Namespaced, "PodTemplate"),
            ("ReplicationController", Namespaced, "Workload"),
            ("ResourceQuota", Namespaced, PLAIN),
            ("Secret", Namespaced, PLAIN),
            ("Service", Namespaced, "Service"),
            ("ServiceAccount", Namespaced, "ServiceAccount"),
        ],
    },
    GroupVersion {
        group: "admissionregistration.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[
            ("MutatingWebhookConfiguration", Cluster, "WebhookConfiguration"),
            ("ValidatingWebhookConfiguration", Cluster, "WebhookConfiguration"),
        ],
    },
    GroupVersion {
        group: "apiextensions.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("CustomResourceDefinition", Cluster, PLAIN)],
    },
    GroupVersion {
        group: "apiregistration.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("APIService", Cluster, "WithConditions")],
    },
    GroupVersion {
        group: "apps",
        versions: &["v1"],
        kinds: &[
            ("ControllerRevision", Namespaced, PLAIN),
            ("DaemonSet", Namespaced, "Workload"),
            ("Deployment", Namespaced, "Workload"),
            ("ReplicaSet", Namespaced, "Workload"),
            ("StatefulSet", Namespaced, "Workload"),
        ],
    },
    GroupVersion { group: "authentication.k8s.io", versions: &["v1"], kinds: &[("TokenRequest", Namespaced, PLAIN)] },
    GroupVersion {
        group: "authentication.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("TokenReview", Namespaced, PLAIN)],
    },
    GroupVersion {
        group: "authorization.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[
            ("LocalSubjectAccessReview", Namespaced, PLAIN),
            ("SelfSubjectAccessReview", Namespaced, PLAIN),
            ("SelfSubjectRulesReview", Namespaced, PLAIN),
            ("SubjectAccessReview", Namespaced, PLAIN),
        ],
    },
    GroupVersion {
        group: "autoscaling",
        versions: &["v1", "v2beta1", "v2beta2"],
        kinds: &[("HorizontalPodAutoscaler", Namespaced, PLAIN)],
    },
    GroupVersion { group: "batch", versions: &["v1"], kinds: &[("Job", Namespaced, "Workload")] },
    GroupVersion { group: "batch", versions: &["v1", "v1beta1"], kinds: &[("CronJob", Namespaced, "CronJob")] },
    GroupVersion {
        group: "certificates.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("CertificateSigningRequest", Cluster, PLAIN)],
    },
    GroupVersion { group: "coordination.k8s.io", versions: &["v1", "v1beta1"], kinds: &[("Lease", Namespaced, PLAIN)] },
    GroupVersion {
        group: "discovery.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("EndpointSlice", Namespaced, PLAIN)],
    },
    GroupVersion { group: "events.k8s.io", versions: &["v1", "v1beta1"], kinds: &[("Event", Namespaced, PLAIN)] },
    GroupVersion { group: "extensions", versions: &["v1beta1"], kinds: &[("Ingress", Namespaced, PLAIN)] },
    GroupVersion {
        group: "flowcontrol.apiserver.k8s.io",
        versions: &["v1beta1"],
        kinds: &[("FlowSchema", Cluster, PLAIN), ("PriorityLevelConfiguration", Cluster, PLAIN)],
    },
    GroupVersion { group: "networking.k8s.io", versions: &["v1"], kinds: &[("NetworkPolicy", Namespaced, PLAIN)] },
    GroupVersion {
        group: "networking.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("Ingress", Namespaced, PLAIN), ("IngressClass", Cluster, PLAIN)],
    },
    GroupVersion { group: "node.k8s.io", versions: &["v1", "v1beta1"], kinds: &[("RuntimeClass", Cluster, PLAIN)] },
    GroupVersion {
        group: "policy",
        versions: &["v1", "v1beta1"],
        kinds: &[("PodDisruptionBudget", Namespaced, "WithConditions")],
    },
    GroupVersion {
        group: "policy",
        versions: &["v1beta1"],
        kinds: &[("Eviction", Namespaced, PLAIN), ("PodSecurityPolicy", Cluster, PLAIN)],
    },
    GroupVersion {
        group: "rbac.authorization.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[
            ("ClusterRole", Cluster, PLAIN),
            ("ClusterRoleBinding", Cluster, PLAIN),
            ("Role", Namespaced, PLAIN),
            ("RoleBinding", Namespaced, PLAIN),
        ],
    },
    GroupVersion {
        group: "scheduling.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[("PriorityClass", Cluster, PLAIN)],
    },
    GroupVersion {
        group: "storage.k8s.io",
        versions: &["v1", "v1beta1"],
        kinds: &[
            ("CSIDriver", Cluster, PLAIN),
            ("CSINode", Cluster, "CsiNode"),
            ("StorageClass", Cluster, PLAIN),
            ("VolumeAttachment", Cluster, PLAIN),
        ],
    },
    GroupVersion {
        group: "storage.k8s.io",
        versions: &["v1beta1"],
        kinds: &[("CSIStorageCapacity", Namespaced, PLAIN)],
    },
];

fn find(group: &str, version: &str, kind: &str) -> Option<(Scope, &'static str)> {
    TABLE
        .iter()
        .filter(|entry| entry.group == group && entry.versions.contains(&version))
        .flat_map(|entry| entry.kinds)
        .find(|(name, ..)| *name == kind)
        .map(|(_, scope, merge_type)| (*scope, *merge_type))
}

/// Whether a kind is known to live outside namespaces.
pub(crate) fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    matches!(find(group, version, kind), Some((Cluster, _)))
}

/// The type in [`super::merge_keys`] of a known kind.
pub(crate) fn merge_type(group: &str, version: &str, kind: &str) -> Option<&'static str> {
    find(group, version, kind).map(|(_, merge_type)| merge_type)
}
