//! The transformers of one kustomization, in kustomize's order.

mod images;
mod labels;
mod names;
mod namespace;
mod patches;
mod replicas;

use std::sync::Arc;

use crate::BuildError;
use crate::item::Item;
use crate::load::Layer;

/// Runs all transformers of a kustomization over its objects.
pub(crate) fn run(layer: &Layer, items: &mut Vec<Item>) -> Result<(), Vec<BuildError>> {
    patches::run(layer, &layer.patches, items)?;
    namespace::run(layer, items)?;
    names::prefix(layer, items);
    names::suffix(layer, items);
    labels::labels(layer, items)?;
    labels::annotations(layer, items)?;
    patches::run(layer, &layer.late_patches, items)?;
    replicas::run(layer, items)?;
    images::run(layer, items)
}

/// Changes each object, collecting what goes wrong with any. `change` tells whether it did something; then `by` is
/// noted on the object.
fn each(
    items: &mut [Item],
    by: &Arc<str>,
    mut change: impl FnMut(&mut Item) -> Result<(), String>,
) -> Result<(), Vec<BuildError>> {
    let mut errors = Vec::new();
    for item in items {
        let before = item.value.clone();
        match change(item) {
            Ok(()) if item.value != before => item.touched(by),
            Ok(()) => {}
            Err(message) => errors.push(BuildError::new(&*item.file, item.line, format!("{by}: {message}"))),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
