//! Rendered objects made ready: labelled, in the form that is sent, each with its stage; and what is wrong with them.

use std::collections::{HashMap, HashSet};

use goyaml::Value;
use object::{Gvk, Object, ObjectKey, Stage, order};

use super::{Action, Change, PlanOptions, Refusal};
use crate::record::Digest;
use crate::{ApplyError, Cause, Cluster, cluster};

/// Objects ready to be compared.
pub(super) struct Wanted {
    pub(super) changes: Vec<Change>,
    pub(super) refused: Vec<Refusal>,
    /// Every key that was rendered, refused or not: none of them is deleted.
    pub(super) keys: Vec<ObjectKey>,
    /// Kinds whose definition is in the set and that the server does not serve yet.
    pub(super) unserved: HashSet<Gvk>,
}

pub(super) async fn prepare(cluster: &Cluster, options: &PlanOptions<'_>) -> Result<Wanted, ApplyError> {
    let coming: HashMap<Gvk, cluster::Resource> = options
        .objects
        .iter()
        .filter(|object| object.kind() == "CustomResourceDefinition")
        .flat_map(|object| cluster::resources_of_crd(&object.value))
        .map(|resource| (resource.gvk.clone(), resource))
        .collect();
    let mut wanted = Wanted { changes: Vec::new(), refused: Vec::new(), keys: Vec::new(), unserved: HashSet::new() };
    let mut first: HashMap<ObjectKey, &Object> = HashMap::new();
    for object in options.objects {
        let scope = match scope(cluster, &coming, &object.gvk(), &mut wanted.unserved).await? {
            Some(namespaced) => Some(namespaced),
            None => object::scope::is_namespaced(&object.gvk()),
        };
        let change = change(options, object, scope);
        wanted.keys.push(change.key.clone());
        if let Some(refusal) = refuse(object, &change, scope, &first) {
            wanted.refused.push(refusal);
            continue;
        }
        first.insert(change.key.clone(), object);
        wanted.changes.push(change);
    }
    Ok(wanted)
}

/// Whether a kind is namespaced; `None` if neither the server nor the set knows it.
async fn scope(
    cluster: &Cluster,
    coming: &HashMap<Gvk, cluster::Resource>,
    gvk: &Gvk,
    unserved: &mut HashSet<Gvk>,
) -> Result<Option<bool>, ApplyError> {
    if let Some(resource) = coming.get(gvk) {
        if !cluster.is_served(gvk) {
            unserved.insert(gvk.clone());
        }
        return Ok(Some(resource.namespaced));
    }
    match cluster.resource(gvk).await {
        Ok(resource) => Ok(Some(resource.namespaced)),
        Err(ApplyError { cause: Cause::UnknownKind(_), .. }) => {
            unserved.insert(gvk.clone());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn change(options: &PlanOptions<'_>, object: &Object, namespaced: Option<bool>) -> Change {
    let ignored = options.ignored.get(&object.key()).map(|pointers| pointers.as_slice().into()).unwrap_or_default();
    let mut object = options.owner.labelled(object);
    object::normalize::for_apply(&mut object.value);
    if namespaced == Some(false) {
        object.value.remove_at(&["metadata", "namespace"]);
    }
    if let (Some(true), Some(namespace), "") = (namespaced, options.default_namespace, object.namespace()) {
        object.value.set_at(&["metadata", "namespace"], namespace);
    }
    Change {
        key: object.key(),
        gvk: object.gvk(),
        action: Action::Create,
        stage: stage(options, &object),
        digest: Digest::of(&object.value),
        handling: options.owner.handling(&object.value),
        live: None,
        payload: None,
        ignored,
        origin: object.origin,
        desired: Some(object.value),
    }
}

fn stage(options: &PlanOptions<'_>, object: &Object) -> Stage {
    match order::stage(object) {
        Stage::Rest => {
            let gvk = object.gvk();
            let name = if gvk.group.is_empty() { gvk.kind } else { format!("{}/{}", gvk.group, gvk.kind) };
            if options.custom_stage.contains(&name) { Stage::Custom } else { Stage::Rest }
        }
        stage => stage,
    }
}

fn refuse(
    object: &Object,
    change: &Change,
    namespaced: Option<bool>,
    first: &HashMap<ObjectKey, &Object>,
) -> Option<Refusal> {
    let refusal = |reason: &str, message: String, remedy: &str| {
        Some(Refusal {
            key: change.key.clone(),
            origin: object.origin.clone(),
            message,
            remedy: remedy.into(),
            reason: reason.into(),
            transient: false,
        })
    };
    if object.kind().is_empty() || object.name().is_empty() || change.gvk.version.is_empty() {
        let message = "apiVersion, kind or metadata.name is missing".into();
        return refusal("Invalid", message, "every object needs all three");
    }
    if let Some(other) = first.get(&change.key) {
        let message = format!("is rendered twice: from {} and from {}", other.origin, object.origin);
        return refusal("AlreadyExists", message, "take one out, or give it another name or namespace");
    }
    if change.desired.as_ref().and_then(|value| value.at(&["metadata", "labels"])).and_then(Value::as_map).is_none() {
        return refusal("Invalid", "metadata.labels is not a map".into(), "write labels as `name: value`");
    }
    match namespaced {
        None => refusal(
            "NoMatch",
            format!("the cluster does not know the kind {}", change.gvk),
            "install its CustomResourceDefinition first (another Kustomization and dependsOn), or put it into this set",
        ),
        Some(true) if change.key.namespace.is_empty() => refusal(
            "Invalid",
            "has no namespace".into(),
            "set metadata.namespace, the kustomization's `namespace` or spec.targetNamespace",
        ),
        _ => None,
    }
}
