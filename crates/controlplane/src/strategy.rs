//! What is particular about a built-in resource, as data.

use crate::store::GroupResource;

/// A path of keys.
pub(crate) type Path = &'static [&'static str];

/// How a resource is treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strategy {
    /// Whether `metadata.generation` counts changes outside of metadata and status.
    pub(crate) generation: bool,
    /// Whether `PUT` and apply may make an object; upstream allows it per kind for PUT.
    pub(crate) create_on_update: bool,
    /// Field selectors besides `metadata.name` and `metadata.namespace`: label and path.
    pub(crate) selectable: &'static [(&'static str, Path)],
}

const PLAIN: Strategy = Strategy { generation: false, create_on_update: false, selectable: &[] };
const COUNTED: Strategy = Strategy { generation: true, ..PLAIN };
const UPSERT: Strategy = Strategy { create_on_update: true, ..PLAIN };

/// Custom resources.
pub(crate) const CUSTOM: Strategy = COUNTED;

const PODS: &[(&str, Path)] = &[
    ("spec.nodeName", &["spec", "nodeName"]),
    ("spec.restartPolicy", &["spec", "restartPolicy"]),
    ("spec.schedulerName", &["spec", "schedulerName"]),
    ("spec.serviceAccountName", &["spec", "serviceAccountName"]),
    ("spec.hostNetwork", &["spec", "hostNetwork"]),
    ("status.phase", &["status", "phase"]),
    ("status.podIP", &["status", "podIP"]),
    ("status.nominatedNodeName", &["status", "nominatedNodeName"]),
];

const EVENTS: &[(&str, Path)] = &[
    ("involvedObject.kind", &["involvedObject", "kind"]),
    ("involvedObject.namespace", &["involvedObject", "namespace"]),
    ("involvedObject.name", &["involvedObject", "name"]),
    ("involvedObject.uid", &["involvedObject", "uid"]),
    ("involvedObject.apiVersion", &["involvedObject", "apiVersion"]),
    ("involvedObject.resourceVersion", &["involvedObject", "resourceVersion"]),
    ("involvedObject.fieldPath", &["involvedObject", "fieldPath"]),
    ("regarding.kind", &["involvedObject", "kind"]),
    ("regarding.namespace", &["involvedObject", "namespace"]),
    ("regarding.name", &["involvedObject", "name"]),
    ("regarding.uid", &["involvedObject", "uid"]),
    ("reason", &["reason"]),
    ("reportingComponent", &["reportingComponent"]),
    ("source", &["source", "component"]),
    ("type", &["type"]),
];

/// The treatment of a built-in resource.
pub(crate) fn of(resource: &GroupResource) -> Strategy {
    let selected_by = |selectable, strategy: Strategy| Strategy { selectable, ..strategy };
    match (&*resource.group, &*resource.resource) {
        ("", "pods") => selected_by(PODS, COUNTED),
        ("" | "events.k8s.io", "events") => selected_by(EVENTS, UPSERT),
        ("", "nodes") => selected_by(&[("spec.unschedulable", &["spec", "unschedulable"])], PLAIN),
        ("", "namespaces") => selected_by(&[("status.phase", &["status", "phase"])], PLAIN),
        ("", "secrets") => selected_by(&[("type", &["type"])], PLAIN),
        ("", "services") => {
            let fields: &[(&str, Path)] =
                &[("spec.clusterIP", &["spec", "clusterIP"]), ("spec.type", &["spec", "type"])];
            selected_by(fields, UPSERT)
        }
        ("", "replicationcontrollers") | ("apps", "replicasets") => {
            selected_by(&[("status.replicas", &["status", "replicas"])], COUNTED)
        }
        ("batch", "jobs") => selected_by(&[("status.successful", &["status", "succeeded"])], COUNTED),
        ("certificates.k8s.io", "certificatesigningrequests") => {
            selected_by(&[("spec.signerName", &["spec", "signerName"])], PLAIN)
        }
        ("discovery.k8s.io", "endpointslices") => Strategy { create_on_update: true, ..COUNTED },
        ("", "endpoints" | "limitranges") | ("coordination.k8s.io", _) => UPSERT,
        ("apps", "controllerrevisions") => PLAIN,
        (
            "apps"
            | "batch"
            | "policy"
            | "networking.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "resource.k8s.io"
            | "admissionregistration.k8s.io"
            | "apiextensions.k8s.io",
            _,
        )
        | ("scheduling.k8s.io", "priorityclasses") => COUNTED,
        _ => PLAIN,
    }
}

/// Where the objects of a resource are kept: two groups may show the same ones.
pub(crate) fn storage(resource: &GroupResource) -> (GroupResource, Option<&'static str>) {
    match (&*resource.group, &*resource.resource) {
        ("events.k8s.io", "events") => (GroupResource::new("", "events"), Some("v1")),
        ("autoscaling", "horizontalpodautoscalers") => (resource.clone(), Some("autoscaling/v2")),
        _ => (resource.clone(), None),
    }
}
