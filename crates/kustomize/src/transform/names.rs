//! `namePrefix` and `nameSuffix`.

use std::sync::Arc;

use super::each;
use crate::BuildError;
use crate::field_path::{Missing, set_scalar, visit};
use crate::item::Item;
use crate::scalar;
use crate::table::fields::{FieldSpec, UNPREFIXED};

/// The name of every object.
const NAME: &str = "metadata/name";

/// Puts the prefix before the names.
pub(super) fn prefix(
    prefix: &str,
    specs: &[FieldSpec],
    items: &mut [Item],
    by: &Arc<str>,
) -> Result<(), Vec<BuildError>> {
    rename(specs, items, by, |item, is_name| {
        if is_name {
            note(item, prefix, |item| &mut item.prefixes);
        }
        format!("{prefix}\0")
    })
}

/// Puts the suffix behind the names.
pub(super) fn suffix(
    suffix: &str,
    specs: &[FieldSpec],
    items: &mut [Item],
    by: &Arc<str>,
) -> Result<(), Vec<BuildError>> {
    rename(specs, items, by, |item, is_name| {
        if is_name {
            note(item, suffix, |item| &mut item.suffixes);
        }
        format!("\0{suffix}")
    })
}

fn note(item: &mut Item, text: &str, list: impl Fn(&mut Item) -> &mut Vec<String>) {
    list(item).push(text.to_owned());
    if !text.is_empty() {
        item.remember_id();
    }
}

/// `pattern` gives the new name with a NUL in the place of the old one.
fn rename(
    specs: &[FieldSpec],
    items: &mut [Item],
    by: &Arc<str>,
    pattern: impl Fn(&mut Item, bool) -> String,
) -> Result<(), Vec<BuildError>> {
    each(items, by, |item| {
        let original = item.original_id().gvk;
        if UNPREFIXED.iter().any(|pattern| pattern.selects(&original)) {
            return Ok(());
        }
        for spec in specs.iter().filter(|spec| spec.selects(&original)) {
            let pattern = pattern(item, spec.path == NAME);
            let gvk = item.gvk();
            visit(&mut item.value, &gvk, spec, Missing::Scalar, &mut |node| {
                set_scalar(node, pattern.replacen('\0', &scalar::text(node), 1))
            })?;
        }
        Ok(())
    })
}
