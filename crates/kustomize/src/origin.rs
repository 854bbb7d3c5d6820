//! Annotations that say where an object comes from (`buildMetadata: [originAnnotations]`) and what changed it
//! (`transformerAnnotations`).

use crate::item::Item;
use crate::load::PluginId;
use crate::path;

/// The annotation for the origin.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";

/// The annotation for the changes.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Notes the file an object was read from.
pub(crate) fn annotate_file(item: &mut Item, file: &str) {
    set(item, ORIGIN, format!("path: {file}\n"));
}

/// Where a field of a kustomization is, for the built-in plugin that reads it.
pub(crate) fn of_field(kustomization: &str, kind: &str) -> String {
    format!("configuredIn: {kustomization}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {kind}\n")
}

/// Where a plugin is configured. `dir` is the directory of the kustomization that names it.
pub(crate) fn of_plugin(dir: &str, id: &PluginId) -> String {
    let mut text = of_field(&path::join_relative(dir, &id.path), &id.kind);
    for (field, value) in [("name", &id.name), ("namespace", &id.namespace)] {
        if !value.is_empty() {
            text.extend(["  ", field, ": ", value, "\n"]);
        }
    }
    text
}

/// Notes what made an object.
pub(crate) fn annotate_generated(item: &mut Item, origin: &str) {
    set(item, ORIGIN, origin.to_owned());
}

/// Notes what ran over objects: as their origin where they have none, so that it must have made them.
pub(crate) fn annotate_transformed(items: &mut [Item], origin: &str) {
    let mut entry = String::new();
    for (at, line) in origin.lines().enumerate() {
        entry.extend([if at == 0 { "- " } else { "  " }, line, "\n"]);
    }
    for item in items {
        if item.value.at(&["metadata", "annotations", ORIGIN]).is_none() {
            annotate_generated(item, origin);
            continue;
        }
        let known = item.value.str_at(&["metadata", "annotations", TRANSFORMATIONS]).unwrap_or_default();
        let text = format!("{known}{entry}");
        set(item, TRANSFORMATIONS, text);
    }
}

fn set(item: &mut Item, key: &str, text: String) {
    item.annotate(key, text);
}
