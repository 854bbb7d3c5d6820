//! The fields that kustomize's transformers change by default.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::id::{Gvk, GvkPattern};

/// A field of some kinds.
#[derive(Clone, Debug)]
pub(crate) struct FieldSpec {
    /// API group; empty for any.
    pub(crate) group: Cow<'static, str>,
    /// API version; empty for any.
    pub(crate) version: Cow<'static, str>,
    /// Kind; empty for any.
    pub(crate) kind: Cow<'static, str>,
    /// Where a pod stands in the kind, if `path` begins there; empty if it does not.
    pod: &'static str,
    /// Keys joined by `/` (`\/` for a slash in a key); lists on the way are entered.
    path: Cow<'static, str>,
    /// Whether the field is made if it is missing.
    pub(crate) create: bool,
    /// The keys of the path, once they are asked for: most fields that are known are never looked for.
    parts: OnceLock<Arc<[Part]>>,
}

/// One key of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) key: String,
    /// The key was written with `[]`: it is a list, and is never made.
    pub(crate) is_list: bool,
}

impl FieldSpec {
    /// A field of the kinds that group, version and kind select; an empty text selects all.
    pub(crate) fn new(
        [group, version, kind]: [Cow<'static, str>; 3],
        path: impl Into<Cow<'static, str>>,
        create: bool,
    ) -> Self {
        Self { group, version, kind, pod: "", path: path.into(), create, parts: OnceLock::new() }
    }

    /// A field of the pod that stands at `pod` in a kind, which is not made if it is missing.
    pub(crate) fn in_pod(kind: &'static str, pod: &'static str, path: &'static str) -> Self {
        Self { pod, ..Self::built_in("", "", kind, path, false) }
    }

    /// The keys joined by `/`.
    pub(crate) fn path(&self) -> Cow<'_, str> {
        if self.pod.is_empty() { Cow::Borrowed(&self.path) } else { Cow::Owned(format!("{}/{}", self.pod, self.path)) }
    }

    /// The keys of the path.
    pub(crate) fn parts(&self) -> &[Part] {
        self.parts.get_or_init(|| split(&self.path()).into_iter().map(part).collect())
    }

    /// One of kustomize's own.
    pub(crate) fn built_in(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        path: &'static str,
        create: bool,
    ) -> Self {
        Self::new([group.into(), version.into(), kind.into()], path, create)
    }

    /// The kinds that have the field, as one that may have empty parts.
    pub(crate) fn gvk(&self) -> Gvk {
        Gvk { group: self.group.to_string(), version: self.version.to_string(), kind: self.kind.to_string() }
    }

    /// The kinds that have the field.
    pub(crate) fn pattern(&self) -> GvkPattern<'_> {
        GvkPattern { group: &self.group, version: &self.version, kind: &self.kind }
    }

    /// Whether an object of this kind has the field.
    pub(crate) fn selects(&self, gvk: &Gvk) -> bool {
        self.pattern().selects(gvk)
    }

    /// Whether `other` already says what this one says.
    fn is_covered_by(&self, other: &Self) -> bool {
        let part = |wide: &str, narrow: &str| wide.is_empty() || wide == narrow;
        part(&self.group, &other.group)
            && part(&self.version, &other.version)
            && part(&self.kind, &other.kind)
            && self.path() == other.path()
    }
}

/// Adds fields to others, each once. `Err` for one that is known with another `create`.
pub(crate) fn merge(into: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), String> {
    for spec in more {
        match into.iter().find(|known| spec.is_covered_by(known)) {
            Some(known) if known.create != spec.create => {
                return Err(format!(
                    "conflicting fieldspecs: the field {} is given with 'create: {}' and 'create: {}'",
                    spec.path(),
                    known.create,
                    spec.create
                ));
            }
            Some(_) => {}
            None => into.push(spec.clone()),
        }
    }
    Ok(())
}

/// The keys of a path; `\/` is a slash inside a key.
pub(crate) fn split(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let path = path.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
    for part in path.split('/') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

fn part(key: String) -> Part {
    match key.strip_suffix("[]") {
        Some(short) => Part { key: short.to_owned(), is_list: true },
        None => Part { key, is_list: false },
    }
}

type Row = (&'static str, &'static str, &'static str, &'static str, bool);

fn rows(rows: &[Row]) -> Vec<FieldSpec> {
    rows.iter()
        .map(|(group, version, kind, path, create)| FieldSpec::built_in(group, version, kind, path, *create))
        .collect()
}

/// `metadata.labels` of everything.
pub(crate) fn metadata_labels() -> FieldSpec {
    FieldSpec::built_in("", "", "", "metadata/labels", true)
}

const TEMPLATE_LABELS: &[Row] = &[
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "", "metadata/labels", true),
];

const POD_SELECTORS: [&str; 5] = [
    "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
];

const DEPLOYMENT_LABELS: &[Row] = &[
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
];

const OTHER_LABELS: &[Row] = &[
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "", "metadata/labels", true),
];

/// Labels of objects and of the pods and volume claims they make.
pub(crate) fn template_labels() -> Vec<FieldSpec> {
    rows(TEMPLATE_LABELS)
}

/// Labels of objects and pods, and the selectors that find them, in the order in which kustomize sets them: a label that is new
/// in several fields takes over the style of those that had it.
pub(crate) fn common_labels() -> Vec<FieldSpec> {
    let pod = |kind| POD_SELECTORS.map(|path| FieldSpec::built_in("apps", "", kind, path, false));
    let mut all = rows(&[("", "v1", "Service", "spec/selector", true)]);
    all.extend(pod("Deployment"));
    all.extend(rows(DEPLOYMENT_LABELS));
    all.extend(pod("StatefulSet"));
    all.extend(rows(OTHER_LABELS));
    all
}

const ANNOTATIONS: &[Row] = &[
    ("", "", "Deployment", "spec/template/metadata/annotations", true),
    ("", "", "StatefulSet", "spec/template/metadata/annotations", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
    ("batch", "", "Job", "spec/template/metadata/annotations", true),
    ("", "v1", "ReplicationController", "spec/template/metadata/annotations", true),
    ("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    ("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    ("", "", "", "metadata/annotations", true),
];

/// Annotations of objects and of the pods they make.
pub(crate) fn annotations() -> Vec<FieldSpec> {
    rows(ANNOTATIONS)
}

/// Fields beside `metadata.namespace` that hold the name of the namespace.
pub(crate) fn namespaces() -> Vec<FieldSpec> {
    rows(&[
        ("", "", "Namespace", "metadata/name", true),
        ("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true),
        (
            "apiextensions.k8s.io",
            "",
            "CustomResourceDefinition",
            "spec/conversion/webhook/clientConfig/service/namespace",
            false,
        ),
    ])
}

/// `metadata.namespace` of everything that is namespaced.
pub(crate) fn metadata_namespace() -> FieldSpec {
    FieldSpec::built_in("", "", "", "metadata/namespace", true)
}

/// Names that take prefixes and suffixes.
pub(crate) fn names() -> Vec<FieldSpec> {
    rows(&[("", "", "", "metadata/name", false)])
}

/// Images outside of lists called `containers` and `initContainers`, which are found wherever they are.
pub(crate) fn images() -> Vec<FieldSpec> {
    rows(&[
        ("", "", "", "spec/containers[]/image", true),
        ("", "", "", "spec/initContainers[]/image", true),
        ("", "", "", "spec/volumes[]/image/reference", true),
        ("", "", "", "spec/template/spec/containers[]/image", true),
        ("", "", "", "spec/template/spec/initContainers[]/image", true),
        ("", "", "", "spec/template/spec/volumes[]/image/reference", true),
    ])
}

/// Fields that count pods.
pub(crate) fn replicas() -> Vec<FieldSpec> {
    rows(&[
        ("", "", "Deployment", "spec/replicas", true),
        ("", "", "ReplicationController", "spec/replicas", true),
        ("", "", "ReplicaSet", "spec/replicas", true),
        ("", "", "StatefulSet", "spec/replicas", true),
    ])
}

/// Where pods stand in the kinds that make them, for `$(NAME)`.
const POD_PATHS: &[(&str, &str)] = &[
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("Pod", "spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
];

/// Fields of a pod in which `$(NAME)` is replaced.
const VARIABLES_OF_PODS: [&str; 9] = [
    "containers/args",
    "containers/command",
    "containers/env/value",
    "containers/volumeMounts/mountPath",
    "initContainers/args",
    "initContainers/command",
    "initContainers/env/value",
    "initContainers/volumeMounts/mountPath",
    "volumes/nfs/server",
];

/// Fields in which `$(NAME)` is replaced.
pub(crate) fn variables() -> Vec<FieldSpec> {
    let mut all = Vec::with_capacity(POD_PATHS.len() * VARIABLES_OF_PODS.len() + 9);
    for (kind, pod) in POD_PATHS {
        all.extend(VARIABLES_OF_PODS.iter().map(|path| match (*kind, *path) {
            // Two kinds have it at another place, and without effect.
            ("CronJob", "volumes/nfs/server") => FieldSpec::in_pod(kind, "spec/jobTemplate/spec/template", path),
            ("StatefulSet", "volumes/nfs/server") => {
                FieldSpec::built_in("", "", kind, "spec/volumeClaimTemplates/spec/nfs/server", false)
            }
            _ => FieldSpec::in_pod(kind, pod, path),
        }));
    }
    all.extend(rows(&[
        ("", "", "Deployment", "spec/template/metadata/annotations", false),
        ("", "", "Ingress", "spec/rules/host", false),
        ("", "", "Ingress", "spec/tls/hosts", false),
        ("", "", "Ingress", "spec/tls/secretName", false),
        ("", "", "Service", "spec/ports/port", false),
        ("", "", "Service", "spec/ports/targetPort", false),
        ("", "", "PersistentVolume", "spec/nfs/server", false),
        ("", "", "", "metadata/labels", false),
        ("", "", "", "metadata/annotations", false),
    ]));
    all
}

/// Kinds whose names take no prefix or suffix, by the kind they were read with.
pub(crate) const UNPREFIXED: &[GvkPattern<'static>] = &[
    GvkPattern { group: "", version: "", kind: "CustomResourceDefinition" },
    GvkPattern { group: "apiregistration.k8s.io", version: "", kind: "APIService" },
    GvkPattern { group: "", version: "", kind: "Namespace" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_slashes_stay_in_the_key() {
        assert_eq!(split(r"metadata/annotations/a.b\/c"), ["metadata", "annotations", "a.b/c"]);
        assert_eq!(split("/a/b"), ["a", "b"]);
    }

    #[test]
    fn a_field_is_known_once() {
        let mut known = annotations();
        let count = known.len();
        let pod = |create| FieldSpec::built_in("", "", "", "metadata/annotations", create);
        assert_eq!(merge(&mut known, &[pod(true)]), Ok(()));
        assert_eq!(known.len(), count);
        assert!(merge(&mut known, &[pod(false)]).is_err());
    }
}
