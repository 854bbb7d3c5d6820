//! The pods that objects make.

use goyaml::Value;
use object::Object;

use crate::fields::items;

/// The spec of the pods that an object is or makes.
pub(crate) fn spec(object: &Object) -> Option<&Value> {
    let gvk = object.gvk();
    let path: &[&str] = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => &["spec"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job") => &["spec", "template", "spec"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    object.value.at(path)
}

/// All containers of a pod.
pub(crate) fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|field| items(spec, &[field]))
}
