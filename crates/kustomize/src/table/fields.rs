//! The fields that kustomize's transformers change by default.

use std::borrow::Cow;

use crate::id::GvkPattern;

/// A field of some kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// API group; empty for any.
    pub(crate) group: Cow<'static, str>,
    /// API version; empty for any.
    pub(crate) version: Cow<'static, str>,
    /// Kind; empty for any.
    pub(crate) kind: Cow<'static, str>,
    /// Keys joined by `/` (`\/` for a slash in a key); lists on the way are entered.
    pub(crate) path: Cow<'static, str>,
    /// Whether the field is made if it is missing.
    pub(crate) create: bool,
}

impl FieldSpec {
    const fn of(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        path: &'static str,
        create: bool,
    ) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            path: Cow::Borrowed(path),
            create,
        }
    }

    /// The kinds that have the field.
    pub(crate) fn pattern(&self) -> GvkPattern<'_> {
        GvkPattern { group: &self.group, version: &self.version, kind: &self.kind }
    }

    /// Whether `other` already covers what this one says.
    pub(crate) fn is_covered_by(&self, other: &Self) -> bool {
        let part = |wide: &str, narrow: &str| wide.is_empty() || wide == narrow;
        self.path == other.path
            && part(&self.group, &other.group)
            && part(&self.version, &other.version)
            && part(&self.kind, &other.kind)
    }
}

/// `metadata.labels` of everything.
pub(crate) const METADATA_LABELS: FieldSpec = FieldSpec::of("", "", "", "metadata/labels", true);

/// Labels of objects and of the pods and volume claims they make.
pub(crate) const TEMPLATE_LABELS: &[FieldSpec] = &[
    METADATA_LABELS,
    FieldSpec::of("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    FieldSpec::of("", "", "Deployment", "spec/template/metadata/labels", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    FieldSpec::of("", "", "DaemonSet", "spec/template/metadata/labels", true),
    FieldSpec::of("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    FieldSpec::of("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    FieldSpec::of("batch", "", "Job", "spec/template/metadata/labels", true),
    FieldSpec::of("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    FieldSpec::of("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

const POD_SELECTORS: [&str; 5] = [
    "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
];

const SELECTORS: &[FieldSpec] = &[
    FieldSpec::of("", "v1", "Service", "spec/selector", true),
    FieldSpec::of("", "v1", "ReplicationController", "spec/selector", true),
    FieldSpec::of("", "", "Deployment", "spec/selector/matchLabels", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    FieldSpec::of("", "", "DaemonSet", "spec/selector/matchLabels", true),
    FieldSpec::of("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    FieldSpec::of("batch", "", "Job", "spec/selector/matchLabels", false),
    FieldSpec::of("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    FieldSpec::of("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    FieldSpec::of("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    FieldSpec::of("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    FieldSpec::of("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// Labels of objects and pods, and the selectors that find them.
pub(crate) fn common_labels() -> Vec<FieldSpec> {
    let pod = |kind| POD_SELECTORS.map(|path| FieldSpec::of("apps", "", kind, path, false));
    let mut all = SELECTORS.to_vec();
    all.extend(pod("Deployment"));
    all.extend(pod("StatefulSet"));
    all.extend_from_slice(TEMPLATE_LABELS);
    all
}

/// Annotations of objects and of the pods they make.
pub(crate) const ANNOTATIONS: &[FieldSpec] = &[
    FieldSpec::of("", "", "", "metadata/annotations", true),
    FieldSpec::of("", "v1", "ReplicationController", "spec/template/metadata/annotations", true),
    FieldSpec::of("", "", "Deployment", "spec/template/metadata/annotations", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    FieldSpec::of("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    FieldSpec::of("", "", "StatefulSet", "spec/template/metadata/annotations", true),
    FieldSpec::of("batch", "", "Job", "spec/template/metadata/annotations", true),
    FieldSpec::of("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    FieldSpec::of("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];

/// Fields beside `metadata.namespace` that hold the name of the namespace.
pub(crate) const NAMESPACES: &[FieldSpec] = &[
    FieldSpec::of("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true),
    FieldSpec::of(
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        false,
    ),
];

/// The name of a `v1` Namespace, which `namespace:` changes too.
pub(crate) const NAMESPACE_NAME: FieldSpec = FieldSpec::of("", "", "Namespace", "metadata/name", true);

/// `metadata.namespace` of everything that is namespaced.
pub(crate) const METADATA_NAMESPACE: FieldSpec = FieldSpec::of("", "", "", "metadata/namespace", true);

/// Images outside of lists called `containers` and `initContainers`, which are found wherever they are.
pub(crate) const IMAGES: &[FieldSpec] = &[
    FieldSpec::of("", "", "", "spec/containers[]/image", false),
    FieldSpec::of("", "", "", "spec/initContainers[]/image", false),
    FieldSpec::of("", "", "", "spec/volumes[]/image/reference", false),
    FieldSpec::of("", "", "", "spec/template/spec/containers[]/image", false),
    FieldSpec::of("", "", "", "spec/template/spec/initContainers[]/image", false),
    FieldSpec::of("", "", "", "spec/template/spec/volumes[]/image/reference", false),
];

/// Fields that count pods.
pub(crate) const REPLICAS: &[FieldSpec] = &[
    FieldSpec::of("", "", "Deployment", "spec/replicas", true),
    FieldSpec::of("", "", "ReplicationController", "spec/replicas", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/replicas", true),
    FieldSpec::of("", "", "StatefulSet", "spec/replicas", true),
];

/// Kinds whose names take no prefix or suffix, by the kind they were read with.
pub(crate) const UNPREFIXED: &[GvkPattern<'static>] = &[
    GvkPattern { group: "", version: "", kind: "CustomResourceDefinition" },
    GvkPattern { group: "apiregistration.k8s.io", version: "", kind: "APIService" },
    GvkPattern { group: "", version: "", kind: "Namespace" },
];
