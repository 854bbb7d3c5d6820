//! The kinds that simulators read and write.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::store::GroupResource;

/// One kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Node,
    Pod,
    Service,
    Slice,
    Claim,
    Volume,
    Secret,
    ConfigMap,
    Account,
    Event,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Revision,
    Job,
    Ingress,
    Budget,
    StorageClass,
    PriorityClass,
}

/// Kind, group version, kind and plural name as the API says them.
const NAMES: [(Kind, &str, &str, &str); 20] = [
    (Kind::Node, "v1", "Node", "nodes"),
    (Kind::Pod, "v1", "Pod", "pods"),
    (Kind::Service, "v1", "Service", "services"),
    (Kind::Slice, "discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    (Kind::Claim, "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    (Kind::Volume, "v1", "PersistentVolume", "persistentvolumes"),
    (Kind::Secret, "v1", "Secret", "secrets"),
    (Kind::ConfigMap, "v1", "ConfigMap", "configmaps"),
    (Kind::Account, "v1", "ServiceAccount", "serviceaccounts"),
    (Kind::Event, "v1", "Event", "events"),
    (Kind::Deployment, "apps/v1", "Deployment", "deployments"),
    (Kind::ReplicaSet, "apps/v1", "ReplicaSet", "replicasets"),
    (Kind::StatefulSet, "apps/v1", "StatefulSet", "statefulsets"),
    (Kind::DaemonSet, "apps/v1", "DaemonSet", "daemonsets"),
    (Kind::Revision, "apps/v1", "ControllerRevision", "controllerrevisions"),
    (Kind::Job, "batch/v1", "Job", "jobs"),
    (Kind::Ingress, "networking.k8s.io/v1", "Ingress", "ingresses"),
    (Kind::Budget, "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    (Kind::StorageClass, "storage.k8s.io/v1", "StorageClass", "storageclasses"),
    (Kind::PriorityClass, "scheduling.k8s.io/v1", "PriorityClass", "priorityclasses"),
];

static RESOURCES: LazyLock<HashMap<Kind, GroupResource>> = LazyLock::new(|| {
    let resource = |(kind, version, _, plural): &(Kind, &str, &str, &str)| {
        let group = version.split_once('/').map_or("", |(group, _)| group);
        (*kind, GroupResource::new(group, plural))
    };
    NAMES.iter().map(resource).collect()
});

impl Kind {
    /// Those that are watched: all but what only simulators write.
    pub(super) fn watched() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(kind, ..)| *kind).filter(|kind| !matches!(kind, Self::Event | Self::Slice | Self::Revision))
    }

    fn names(self) -> (&'static str, &'static str, &'static str) {
        let found = NAMES.iter().find(|(kind, ..)| *kind == self);
        found.map_or(("", "", ""), |(_, version, kind, plural)| (version, kind, plural))
    }

    /// Such as `apps/v1`.
    pub(super) fn api_version(self) -> &'static str {
        self.names().0
    }

    /// Such as `Deployment`.
    pub(super) fn name(self) -> &'static str {
        self.names().1
    }

    /// Such as `deployments`.
    pub(super) fn plural(self) -> &'static str {
        self.names().2
    }

    /// Where its objects are stored.
    pub(super) fn resource(self) -> Option<&'static GroupResource> {
        RESOURCES.get(&self)
    }

    /// The kind that an owner reference names.
    pub(super) fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, _, kind, _)| *kind == name).map(|(kind, ..)| *kind)
    }
}
