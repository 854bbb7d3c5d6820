//! Annotations that say where an object comes from (`buildMetadata: [originAnnotations]`).

use crate::item::Item;

/// The annotation kustomize writes.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";

/// Notes the file an object was read from.
pub(crate) fn annotate_file(item: &mut Item, file: &str) {
    set(item, format!("path: {file}\n"));
}

/// Notes the generator that made an object.
pub(crate) fn annotate_generated(item: &mut Item, kustomization: &str, generator: &str) {
    set(item, format!("configuredIn: {kustomization}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {generator}\n"));
}

fn set(item: &mut Item, text: String) {
    item.value.set_at(&["metadata", "annotations", ORIGIN], text);
}
