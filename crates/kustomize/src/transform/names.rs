//! `namePrefix` and `nameSuffix`.

use std::sync::Arc;

use crate::accumulate::step;
use crate::item::Item;
use crate::load::Layer;
use crate::table::fields::UNPREFIXED;

/// Puts the prefix before the names.
pub(super) fn prefix(layer: &Layer, items: &mut [Item]) {
    let Some(prefix) = &layer.kustomization.name_prefix else { return };
    rename(items, &step("namePrefix", &layer.file, 0), |item| {
        item.prefixes.push(prefix.text.clone());
        format!("{}{}", prefix.text, item.name())
    });
}

/// Puts the suffix behind the names.
pub(super) fn suffix(layer: &Layer, items: &mut [Item]) {
    let Some(suffix) = &layer.kustomization.name_suffix else { return };
    rename(items, &step("nameSuffix", &layer.file, 0), |item| {
        item.suffixes.push(suffix.text.clone());
        format!("{}{}", item.name(), suffix.text)
    });
}

fn rename(items: &mut [Item], by: &Arc<str>, mut name: impl FnMut(&mut Item) -> String) {
    for item in items {
        let original = item.original_id();
        if UNPREFIXED.iter().any(|pattern| pattern.selects(&original.gvk)) {
            continue;
        }
        item.remember_id();
        let name = name(item);
        item.set_name(name);
        item.touched(by);
    }
}
