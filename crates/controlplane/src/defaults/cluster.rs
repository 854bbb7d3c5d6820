//! Defaults that depend on what else is in the cluster, filled in once when an object is made: the admission that every
//! cluster has for pods,
//! claims, volumes, jobs and ingresses.

use goyaml::Value;

use super::missing;
use crate::store::{GroupResource, Store};

const CLASS_MARK: &str = "storageclass.kubernetes.io/is-default-class";
const INGRESS_MARK: &str = "ingressclass.kubernetes.io/is-default-class";
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const OLD_INGRESS: &str = "kubernetes.io/ingress.class";
const LOST: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const LOST_SECONDS: i64 = 300;
/// A claim in use stays until its pods are gone.
pub(crate) const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";
/// A bound volume stays until its claim is gone.
pub(crate) const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";

/// Completes a new object.
pub(crate) fn on_create(store: &Store, (group, resource): (&str, &str), object: &mut Value) {
    match (group, resource) {
        ("", "persistentvolumeclaims") => {
            protect(object, CLAIM_PROTECTION);
            if object.at(&["metadata", "annotations", OLD_CLASS]).is_none()
                && let Some(class) = default_class(store, ("storage.k8s.io", "storageclasses"), CLASS_MARK)
            {
                missing(object, &["spec", "storageClassName"], class);
            }
        }
        ("", "persistentvolumes") => protect(object, VOLUME_PROTECTION),
        ("networking.k8s.io", "ingresses") => {
            if object.at(&["metadata", "annotations", OLD_INGRESS]).is_none()
                && let Some(class) = default_class(store, ("networking.k8s.io", "ingressclasses"), INGRESS_MARK)
            {
                missing(object, &["spec", "ingressClassName"], class);
            }
        }
        ("", "pods") => {
            priority(store, object);
            tolerations(object);
        }
        ("batch", "jobs") => {
            if let Some(labels) = object.at(&["spec", "template", "metadata", "labels"]).cloned() {
                missing(object, &["metadata", "labels"], labels);
            }
        }
        _ => {}
    }
}

/// The number of a pod's priority: of the class it names, or of the default class.
fn priority(store: &Store, pod: &mut Value) {
    let (classes, _) = store.list(&GroupResource::new("scheduling.k8s.io", "priorityclasses"), None);
    let named = pod.str_at(&["spec", "priorityClassName"]).filter(|name| !name.is_empty()).map(str::to_owned);
    let found = classes.iter().map(|class| &class.value).find(|class| match &named {
        Some(name) => class.str_at(&["metadata", "name"]) == Some(name),
        None => class.get("globalDefault").and_then(Value::as_bool) == Some(true),
    });
    if found.is_none() && named.is_some() {
        return;
    }
    let field = |name: &str| found.and_then(|class| class.get(name)).cloned();
    if let Some(name) = found.and_then(|class| class.str_at(&["metadata", "name"])) {
        missing(pod, &["spec", "priorityClassName"], name);
    }
    missing(pod, &["spec", "priority"], field("value").unwrap_or_else(|| 0_i64.into()));
    missing(
        pod,
        &["spec", "preemptionPolicy"],
        field("preemptionPolicy").unwrap_or_else(|| "PreemptLowerPriority".into()),
    );
}

/// Pods stay a while on a node that is lost.
fn tolerations(pod: &mut Value) {
    let mut all = pod.at(&["spec", "tolerations"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    for key in LOST {
        let covers = |one: &Value| {
            let part = |name: &str| one.str_at(&[name]).unwrap_or_default();
            matches!(part("key"), found if found == key || found.is_empty())
                && matches!(part("effect"), "" | "NoExecute")
        };
        if !all.iter().any(covers) {
            let mut one: Value = [("key", key), ("operator", "Exists"), ("effect", "NoExecute")].into_iter().collect();
            one.set_at(&["tolerationSeconds"], LOST_SECONDS);
            all.push(one);
        }
    }
    pod.set_at(&["spec", "tolerations"], all);
}

fn protect(object: &mut Value, finalizer: &str) {
    let mut finalizers = object.at(&["metadata", "finalizers"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    if !finalizers.iter().any(|found| found.as_str() == Some(finalizer)) {
        finalizers.push(finalizer.into());
        object.set_at(&["metadata", "finalizers"], finalizers);
    }
}

/// The newest class that is marked as the default.
fn default_class(store: &Store, (group, resource): (&str, &str), mark: &str) -> Option<String> {
    let (classes, _) = store.list(&GroupResource::new(group, resource), None);
    let marked = classes.iter().filter(|class| class.value.str_at(&["metadata", "annotations", mark]) == Some("true"));
    let newest =
        marked.max_by_key(|class| class.value.str_at(&["metadata", "creationTimestamp"]).map(str::to_owned))?;
    newest.value.str_at(&["metadata", "name"]).map(str::to_owned)
}
