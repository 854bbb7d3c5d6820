//! `replicas`: how many pods a workload has.

use crate::BuildError;
use crate::accumulate::step;
use crate::field_path::{Missing, set_scalar, visit};
use crate::item::Item;
use crate::load::Layer;
use crate::read::Replicas;
use crate::table::fields::REPLICAS;

/// Sets the counts a kustomization asks for.
pub(super) fn run(layer: &Layer, items: &mut [Item]) -> Result<(), Vec<BuildError>> {
    let mut errors = Vec::new();
    for replicas in &layer.kustomization.replicas {
        let by = step("replicas", &layer.file, replicas.line);
        let found =
            set(items, replicas, &by).map_err(|message| vec![BuildError::new(&*layer.file, replicas.line, message)])?;
        if !found {
            let message = format!(
                "resource with name {} does not match a Deployment, StatefulSet, ReplicaSet or ReplicationController",
                replicas.name
            );
            let hint = "'name' is the name in the files, without prefix; for other kinds use a patch.";
            errors.push(BuildError::new(&*layer.file, replicas.line, message).hint(hint));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn set(items: &mut [Item], replicas: &Replicas, by: &std::sync::Arc<str>) -> Result<bool, String> {
    let mut found = false;
    for item in items {
        for spec in REPLICAS {
            if !item.any_id(|id| id.name == replicas.name && spec.pattern().selects(&id.gvk)) {
                continue;
            }
            found = true;
            visit(&mut item.value, spec, Missing::Scalar, &mut |node| set_scalar(node, replicas.count))?;
            item.touched(by);
        }
    }
    Ok(found)
}
