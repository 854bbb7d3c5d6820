//! `labels`, `commonLabels` and `commonAnnotations`.

use std::sync::Arc;

use super::each;
use crate::BuildError;
use crate::config::Config;
use crate::field_path::{Missing, set_entry, visit};
use crate::item::Item;
use crate::read::Labels;
use crate::table::fields::{self, FieldSpec};

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
pub(super) fn set(
    items: &mut [Item],
    by: &Arc<str>,
    pairs: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<(), Vec<BuildError>> {
    each(items, by, |item| {
        let gvk = item.gvk();
        for (key, text) in pairs {
            for spec in specs {
                visit(&mut item.value, &gvk, spec, Missing::Map, &mut |node| set_entry(node, key, text))?;
            }
        }
        Ok(())
    })
}
