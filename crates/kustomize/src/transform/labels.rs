//! `labels`, `commonLabels` and `commonAnnotations`.

use goyaml::Value;

use super::each;
use crate::BuildError;
use crate::accumulate::By;
use crate::config::Config;
use crate::field_path::{Missing, visit};
use crate::item::Item;
use crate::read::{Labels, Pair};
use crate::table::fields::{self, FieldSpec};
use crate::{field_path, scalar, shared};

/// The fields an entry of `labels` is for: its own, and those its switches add.
pub(super) fn specs(entry: &Labels, config: &Config) -> Result<Vec<FieldSpec>, String> {
    let mut specs = entry.fields.clone();
    fields::merge(&mut specs, &config.labels)?;
    if entry.include_selectors {
        fields::merge(&mut specs, &config.common_labels)?;
        return Ok(specs);
    }
    if entry.include_templates {
        fields::merge(&mut specs, &config.template_labels)?;
    }
    fields::merge(&mut specs, &[fields::metadata_labels()])?;
    Ok(specs)
}

/// Sets labels or annotations in these fields.
pub(super) fn set(items: &mut [Item], by: &By<'_>, pairs: &[Pair], specs: &[FieldSpec]) -> Result<(), Vec<BuildError>> {
    each(items, by, |item| {
        let gvk = item.gvk();
        if by.raw.hides() {
            for spec in specs {
                field_path::reveal(&mut item.value, &gvk, spec, by.raw);
            }
        }
        for (key, text) in pairs {
            let mut new = shared::New::text(item, text);
            for spec in specs {
                let mut entry = |node: &mut Value| set_entry(node, key, &mut new, by);
                visit(&mut item.value, &gvk, spec, Missing::Map, &mut entry)?;
            }
            new.spread(item);
        }
        Ok(())
    })
}

fn set_entry(node: &mut Value, key: &str, new: &mut shared::New<'_>, by: &By<'_>) -> Result<(), String> {
    let kind = scalar::node_kind(node);
    // What kustomize puts into a null is not printed.
    if node.is_null() {
        return Ok(());
    }
    let map = node.as_map_mut().ok_or_else(|| format!("wrong node kind: expected MappingNode but was {kind}"))?;
    new.set_entry(map, key, by);
    Ok(())
}
