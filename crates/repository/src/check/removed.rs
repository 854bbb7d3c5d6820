//! API versions that Kubernetes has removed.

use object::Gvk;

use crate::{Cluster, Finding, Rule};

/// Group, version, kinds (none: all), the release without it, what took its place.
type Removed = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

/// After the deprecation guide of Kubernetes, <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>
const REMOVED: &[Removed] = &[
    ("extensions", "v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("extensions", "v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions", "v1beta1", &["PodSecurityPolicy"], "1.25", "Pod Security Admission"),
    ("extensions", "v1beta1", &[], "1.16", "apps/v1"),
    ("apps", "v1beta1", &[], "1.16", "apps/v1"),
    ("apps", "v1beta2", &[], "1.16", "apps/v1"),
    ("admissionregistration.k8s.io", "v1beta1", &[], "1.22", "admissionregistration.k8s.io/v1"),
    ("apiextensions.k8s.io", "v1beta1", &[], "1.22", "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io", "v1beta1", &[], "1.22", "apiregistration.k8s.io/v1"),
    ("certificates.k8s.io", "v1beta1", &["CertificateSigningRequest"], "1.22", "certificates.k8s.io/v1"),
    ("coordination.k8s.io", "v1beta1", &["Lease"], "1.22", "coordination.k8s.io/v1"),
    ("networking.k8s.io", "v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io", "v1beta1", &[], "1.22", "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io", "v1alpha1", &[], "1.20", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io", "v1beta1", &["PriorityClass"], "1.22", "scheduling.k8s.io/v1"),
    (
        "storage.k8s.io",
        "v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        "1.22",
        "storage.k8s.io/v1",
    ),
    ("storage.k8s.io", "v1beta1", &["CSIStorageCapacity"], "1.27", "storage.k8s.io/v1"),
    ("batch", "v1beta1", &["CronJob"], "1.25", "batch/v1"),
    ("batch", "v2alpha1", &["CronJob"], "1.21", "batch/v1"),
    ("discovery.k8s.io", "v1beta1", &["EndpointSlice"], "1.25", "discovery.k8s.io/v1"),
    ("events.k8s.io", "v1beta1", &["Event"], "1.25", "events.k8s.io/v1"),
    ("autoscaling", "v2beta1", &[], "1.25", "autoscaling/v2"),
    ("autoscaling", "v2beta2", &[], "1.26", "autoscaling/v2"),
    ("policy", "v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1"),
    ("policy", "v1beta1", &["PodSecurityPolicy"], "1.25", "Pod Security Admission"),
    ("node.k8s.io", "v1beta1", &["RuntimeClass"], "1.25", "node.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io", "v1beta1", &[], "1.26", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io", "v1beta2", &[], "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io", "v1beta3", &[], "1.32", "flowcontrol.apiserver.k8s.io/v1"),
];

/// Finds objects of such versions.
pub(crate) fn check(cluster: &Cluster) -> Vec<Finding> {
    let mut found = Vec::new();
    for unit in &cluster.units {
        for object in &unit.objects {
            let Some((.., since, instead)) = lookup(&object.gvk()) else { continue };
            let version = object.value.get("apiVersion").unwrap_or(&object.value);
            let message = format!("{}: Kubernetes {since} removed {}", object.key(), object.gvk());
            found.push(unit.at(object, version, Rule::RemovedApi, message).hint(format!("Use {instead}.")));
        }
    }
    found
}

/// Whether a kind is of a version that Kubernetes has removed.
pub fn is_removed(gvk: &Gvk) -> bool {
    lookup(gvk).is_some()
}

fn lookup(gvk: &Gvk) -> Option<&'static Removed> {
    REMOVED.iter().find(|(group, version, kinds, ..)| {
        *group == gvk.group && *version == gvk.version && (kinds.is_empty() || kinds.contains(&gvk.kind.as_str()))
    })
}
