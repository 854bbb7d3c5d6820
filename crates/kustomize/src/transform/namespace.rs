//! `namespace`: everything namespaced moves into it.

use std::collections::HashMap;

use goyaml::Value;

use super::each;
use crate::BuildError;
use crate::accumulate::step;
use crate::field_path::{Missing, set_scalar, visit};
use crate::id::{Gvk, IdKey};
use crate::item::Item;
use crate::load::Layer;
use crate::scalar;
use crate::table::fields::{METADATA_NAMESPACE, NAMESPACE_NAME, NAMESPACES};

/// Sets the namespace of a kustomization's objects.
pub(super) fn run(layer: &Layer, items: &mut [Item]) -> Result<(), Vec<BuildError>> {
    let Some(namespace) = &layer.kustomization.namespace else { return Ok(()) };
    let by = step("namespace", &layer.file, 0);
    each(items, &by, |item| {
        item.remember_id();
        set(&mut item.value, &namespace.text)
    })?;
    let mut seen: HashMap<IdKey, &Item> = HashMap::new();
    let mut errors = Vec::new();
    for item in items.iter() {
        if let Some(first) = seen.insert(item.id().key(), item) {
            let message = format!(
                "namespace transformation produces ID conflict: {} is also in {}:{}",
                item.id(),
                first.file,
                first.line
            );
            errors.push(BuildError::new(&*item.file, item.line, message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn set(object: &mut Value, namespace: &str) -> Result<(), String> {
    let gvk = Gvk::of(object);
    let mut fill = |node: &mut Value| set_scalar(node, namespace);
    if !gvk.is_cluster_scoped() {
        visit(object, &METADATA_NAMESPACE, Missing::Scalar, &mut fill)?;
    }
    if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
        set_subjects(object, namespace);
    }
    if gvk.api_version() == "v1" {
        visit(object, &NAMESPACE_NAME, Missing::Scalar, &mut fill)?;
    }
    NAMESPACES.iter().try_for_each(|spec| visit(object, spec, Missing::Scalar, &mut fill))
}

/// Of the subjects of a binding only those called `default` are known to mean this namespace's.
fn set_subjects(object: &mut Value, namespace: &str) {
    let subjects = object.as_map_mut().and_then(|map| map.get_mut("subjects")).and_then(Value::as_list_mut);
    for subject in subjects.into_iter().flatten() {
        if subject.get("name").map(scalar::text).as_deref() == Some("default") {
            subject.set_at(&["namespace"], namespace);
        }
    }
}
