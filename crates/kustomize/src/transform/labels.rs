//! `labels`, `commonLabels` and `commonAnnotations`.

use std::sync::Arc;

use super::each;
use crate::BuildError;
use crate::accumulate::step;
use crate::field_path::{Missing, set_entry, visit};
use crate::item::Item;
use crate::load::Layer;
use crate::read::Labels;
use crate::table::fields::{self, ANNOTATIONS, FieldSpec, METADATA_LABELS, TEMPLATE_LABELS};

/// Sets the labels of a kustomization's objects, pods and selectors.
pub(super) fn labels(layer: &Layer, items: &mut [Item]) -> Result<(), Vec<BuildError>> {
    for entry in &layer.kustomization.labels {
        let fail = |message| vec![BuildError::new(&*layer.file, entry.line, message)];
        let specs = specs(entry).map_err(fail)?;
        set(items, &step("labels", &layer.file, entry.line), &entry.pairs, &specs)?;
    }
    let common = &layer.kustomization.common_labels;
    if common.is_empty() {
        return Ok(());
    }
    set(items, &step("commonLabels", &layer.file, 0), common, &fields::common_labels())
}

/// Sets the annotations of a kustomization's objects and pods.
pub(super) fn annotations(layer: &Layer, items: &mut [Item]) -> Result<(), Vec<BuildError>> {
    let common = &layer.kustomization.common_annotations;
    if common.is_empty() {
        return Ok(());
    }
    set(items, &step("commonAnnotations", &layer.file, 0), common, ANNOTATIONS)
}

/// The fields an entry of `labels` is for: its own, and those its switches add.
fn specs(entry: &Labels) -> Result<Vec<FieldSpec>, String> {
    let mut specs = entry.fields.clone();
    let more = if entry.include_selectors {
        fields::common_labels()
    } else if entry.include_templates {
        TEMPLATE_LABELS.to_vec()
    } else {
        vec![METADATA_LABELS]
    };
    for spec in more {
        match specs.iter().find(|known| spec.is_covered_by(known)) {
            Some(known) if known.create != spec.create => {
                return Err(format!(
                    "conflicting fieldspecs: 'create' of the field {} is {} by default",
                    spec.path, spec.create
                ));
            }
            Some(_) => {}
            None => specs.push(spec),
        }
    }
    Ok(specs)
}

fn set(
    items: &mut [Item],
    by: &Arc<str>,
    pairs: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<(), Vec<BuildError>> {
    each(items, by, |item| {
        for (key, text) in pairs {
            for spec in specs {
                visit(&mut item.value, spec, Missing::Map, &mut |node| set_entry(node, key, text))?;
            }
        }
        Ok(())
    })
}
