//! In which order objects are applied and deleted, as Flux does it.

use std::cmp::Ordering;

use crate::{Gvk, Object, ObjectKey};

/// Kinds that go first, in this order.
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that go last: a webhook that is registered before its server runs blocks everything else.
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// What has to be there before the next stage starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Custom resource definitions, namespaces, cluster roles: what the rest is made of.
    Definitions,
    /// Kinds that end in `Class`: what the rest refers to.
    Classes,
    /// Kinds the installation names itself (`--custom-apply-stage-kinds`).
    Custom,
    /// All others.
    Rest,
}

impl Stage {
    /// All stages in the order they run.
    pub const ALL: [Self; 4] = [Self::Definitions, Self::Classes, Self::Custom, Self::Rest];
}

/// The stage of an object.
pub fn stage(object: &Object) -> Stage {
    stage_of_kind(&object.gvk())
}

/// The stage of a kind.
pub fn stage_of_kind(gvk: &Gvk) -> Stage {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apiextensions.k8s.io", "CustomResourceDefinition")
        | ("", "Namespace")
        | ("rbac.authorization.k8s.io", "ClusterRole") => Stage::Definitions,
        (_, kind) if kind.ends_with("Class") => Stage::Classes,
        _ => Stage::Rest,
    }
}

/// Order of apply inside a stage.
pub fn compare(left: &Object, right: &Object) -> Ordering {
    compare_keys(&left.key(), &right.key())
}

/// Order of apply inside a stage; the order of deletion is the reverse.
pub fn compare_keys(left: &ObjectKey, right: &ObjectKey) -> Ordering {
    rank(&left.kind)
        .cmp(&rank(&right.kind))
        .then_with(|| left.group.cmp(&right.group))
        .then_with(|| left.kind.cmp(&right.kind))
        .then_with(|| left.namespace.cmp(&right.namespace))
        .then_with(|| left.name.cmp(&right.name))
}

/// Order of deletion over a whole inventory: stages and order of apply, backwards.
pub fn compare_for_delete(left: &ObjectKey, right: &ObjectKey) -> Ordering {
    compare_keys(right, left)
}

fn rank(kind: &str) -> usize {
    if let Some(place) = FIRST.iter().position(|first| *first == kind) {
        return place;
    }
    LAST.iter().position(|last| *last == kind).map_or(FIRST.len(), |place| FIRST.len() + 1 + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> ObjectKey {
        crate::inventory::decode(text).expect("an id")
    }

    #[test]
    fn apply_order() {
        let sorted = [
            "_things.a.io_apiextensions.k8s.io_CustomResourceDefinition",
            "_web__Namespace",
            "_view_rbac.authorization.k8s.io_ClusterRole",
            "_fast_storage.k8s.io_StorageClass",
            "_b_rbac.authorization.k8s.io_ClusterRoleBinding",
            "web_sa__ServiceAccount",
            "a_z__ConfigMap",
            "web_a__ConfigMap",
            "web_b__ConfigMap",
            "web_a__Secret",
            "web_a__Service",
            "web_a_apps_Deployment",
            "web_p_policy_PodDisruptionBudget",
            "web_p__Pod",
            "web_t_a.io_Thing",
            "web_d_apps_DaemonSet",
            "_w_admissionregistration.k8s.io_MutatingWebhookConfiguration",
            "_w_admissionregistration.k8s.io_ValidatingWebhookConfiguration",
        ];
        let mut keys: Vec<_> = sorted.iter().rev().map(|id| key(id)).collect();
        keys.sort_by(compare_keys);
        assert_eq!(keys, sorted.iter().map(|id| key(id)).collect::<Vec<_>>());
        keys.sort_by(compare_for_delete);
        assert_eq!(keys, sorted.iter().rev().map(|id| key(id)).collect::<Vec<_>>());
    }

    fn check_stage(api_version: &str, kind: &str, expect: Stage) {
        assert_eq!(stage_of_kind(&Gvk::from_api_version(api_version, kind)), expect, "{kind}");
    }

    #[test]
    fn stages() {
        check_stage("v1", "Namespace", Stage::Definitions);
        check_stage("rbac.authorization.k8s.io/v1", "ClusterRole", Stage::Definitions);
        check_stage("apiextensions.k8s.io/v1", "CustomResourceDefinition", Stage::Definitions);
        check_stage("my.io/v1", "Namespace", Stage::Rest);
        check_stage("storage.k8s.io/v1", "StorageClass", Stage::Classes);
        check_stage("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", Stage::Rest);
        check_stage("apps/v1", "Deployment", Stage::Rest);
    }
}
