//! `replicas`: how many pods a workload has.

use std::sync::Arc;

use goyaml::Value;

use crate::accumulate::{By, step};
use crate::field_path::{Missing, set_scalar, visit};
use crate::item::Item;
use crate::raw::RawTexts;
use crate::read::Replicas;
use crate::table::fields::FieldSpec;
use crate::{BuildError, set};

/// Sets the count of one name.
pub(super) fn run(
    items: &mut [Item],
    replicas: &Replicas,
    specs: &[FieldSpec],
    (file, raw): (&Arc<str>, &RawTexts),
) -> Result<(), Vec<BuildError>> {
    let fail = |message| BuildError::new(&**file, replicas.line, message);
    let by = By::new("replicas", step("replicas", file, replicas.line), raw);
    let found = set(items, replicas, specs, &by).map_err(|message| vec![fail(message)])?;
    if found {
        return Ok(());
    }
    let kinds: Vec<&str> = specs.iter().map(|spec| &*spec.kind).collect();
    let message = format!("resource with name {} does not match any of the kinds {}", replicas.name, kinds.join(", "));
    let near = specs.iter().map(|spec| set::near(items, [&spec.kind, &replicas.name], &raw.tracer));
    let near = near.filter(|near| !near.is_empty()).max_by_key(String::len);
    let near = near.map_or_else(String::new, |near| format!(" There is {near}."));
    let hint = "'name' is the name in the files, without prefix; for other kinds use a patch.";
    Err(vec![fail(message).hint(format!("{hint}{near}"))])
}

fn set(items: &mut [Item], replicas: &Replicas, specs: &[FieldSpec], by: &By<'_>) -> Result<bool, String> {
    let mut found = false;
    for item in items {
        for spec in specs {
            if !item.any_id(|id| id.name == replicas.name && spec.selects(&id.gvk)) {
                continue;
            }
            found = true;
            let gvk = item.gvk();
            let count = Value::from(replicas.count).with_pos(replicas.count_at);
            visit(&mut item.value, &gvk, spec, Missing::Scalar, &mut |node| {
                // Kustomize keeps the quotes, and with them it is text when it is written.
                let new = Value::from(replicas.count);
                let new = if node.is_quoted() { by.raw.in_quotes(&new) } else { new };
                set_scalar(node, new, by, |derivation, old| derivation.over(Some(old)).asked_by(&count))
            })?;
            item.touched(&by.note);
        }
    }
    Ok(found)
}
