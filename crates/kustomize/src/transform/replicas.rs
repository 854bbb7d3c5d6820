//! `replicas`: how many pods a workload has.

use std::sync::Arc;

use crate::BuildError;
use crate::accumulate::step;
use crate::field_path::{Missing, set_scalar, visit};
use crate::item::Item;
use crate::read::Replicas;
use crate::table::fields::FieldSpec;

/// Sets the count of one name.
pub(super) fn run(
    items: &mut [Item],
    replicas: &Replicas,
    specs: &[FieldSpec],
    file: &Arc<str>,
) -> Result<(), Vec<BuildError>> {
    let fail = |message| BuildError::new(&**file, replicas.line, message);
    let by = step("replicas", file, replicas.line);
    let found = set(items, replicas, specs, &by).map_err(|message| vec![fail(message)])?;
    if found {
        return Ok(());
    }
    let kinds: Vec<&str> = specs.iter().map(|spec| &*spec.kind).collect();
    let message = format!("resource with name {} does not match any of the kinds {}", replicas.name, kinds.join(", "));
    Err(vec![fail(message).hint("'name' is the name in the files, without prefix; for other kinds use a patch.")])
}

fn set(items: &mut [Item], replicas: &Replicas, specs: &[FieldSpec], by: &Arc<str>) -> Result<bool, String> {
    let mut found = false;
    for item in items {
        for spec in specs {
            if !item.any_id(|id| id.name == replicas.name && spec.selects(&id.gvk)) {
                continue;
            }
            found = true;
            let gvk = item.gvk();
            visit(&mut item.value, &gvk, spec, Missing::Scalar, &mut |node| set_scalar(node, replicas.count))?;
            item.touched(by);
        }
    }
    Ok(found)
}
