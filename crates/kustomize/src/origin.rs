//! Annotations that say where an object comes from (`buildMetadata: [originAnnotations]`) and what changed it
//! (`transformerAnnotations`).

use goyaml::Value;
use goyaml::origin::Derivation;

use crate::item::Item;
use crate::load::PluginId;
use crate::path;
use crate::raw::RawTexts;
use crate::read::Text;

/// The annotation for the origin.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";

/// The annotation for the changes.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Notes the file an object was read from, which an entry of `resources` names.
pub(crate) fn annotate_file(item: &mut Item, file: &str, (named, raw): (&Text, &RawTexts)) {
    set(item, ORIGIN, format!("path: {file}\n"), (&[named.value()], raw));
}

/// Notes for the origins of fields that objects came through another entry of `resources`.
pub(crate) fn came_through(items: &mut [Item], named: &Text, raw: &RawTexts) {
    for item in items.iter_mut().filter(|_| raw.tracer.is_on()) {
        if let Some(text) = item.value.str_at(&["metadata", "annotations", ORIGIN]).map(str::to_owned) {
            set(item, ORIGIN, text, (&[named.value()], raw));
        }
    }
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
pub(crate) fn annotate_generated(item: &mut Item, origin: &str, inputs: Inputs<'_>) {
    set(item, ORIGIN, origin.to_owned(), inputs);
}

/// Notes what ran over objects: as their origin where they have none, so that it must have made them.
pub(crate) fn annotate_transformed(items: &mut [Item], origin: &str, inputs: Inputs<'_>) {
    let mut entry = String::new();
    for (at, line) in origin.lines().enumerate() {
        entry.extend([if at == 0 { "- " } else { "  " }, line, "\n"]);
    }
    for item in items {
        if item.value.at(&["metadata", "annotations", ORIGIN]).is_none() {
            annotate_generated(item, origin, inputs);
            continue;
        }
        let known = item.value.str_at(&["metadata", "annotations", TRANSFORMATIONS]).unwrap_or_default();
        let text = format!("{known}{entry}");
        set(item, TRANSFORMATIONS, text, inputs);
    }
}

/// What goes into a note beside what kustomize knows itself.
pub(crate) type Inputs<'a> = (&'a [Value], &'a RawTexts);

fn set(item: &mut Item, key: &str, text: String, (inputs, raw): Inputs<'_>) {
    let path = ["metadata", "annotations", key];
    let value = raw.tracer.derive(text.into(), || {
        let before = item.value.at(&path).cloned().unwrap_or_default();
        inputs.iter().fold(Derivation::by("buildMetadata").of(&before), Derivation::with)
    });
    item.annotate(key, value, raw);
}
