//! `namePrefix` and `nameSuffix`.

use super::each;
use crate::BuildError;
use crate::accumulate::By;
use crate::field_path::{Missing, set_bare, visit};
use crate::item::Item;
use crate::read::Text;
use crate::table::fields::{FieldSpec, UNPREFIXED};

/// The name of every object.
const NAME: &str = "metadata/name";

/// Puts the prefix before the names.
pub(super) fn prefix(
    prefix: &Text,
    specs: &[FieldSpec],
    items: &mut [Item],
    by: &By<'_>,
) -> Result<(), Vec<BuildError>> {
    rename((specs, prefix), items, by, |item, is_name| {
        if is_name {
            note(item, &prefix.text, |item| &mut item.prefixes);
        }
        format!("{}\0", prefix.text)
    })
}

/// Puts the suffix behind the names.
pub(super) fn suffix(
    suffix: &Text,
    specs: &[FieldSpec],
    items: &mut [Item],
    by: &By<'_>,
) -> Result<(), Vec<BuildError>> {
    rename((specs, suffix), items, by, |item, is_name| {
        if is_name {
            item.is_suffixed_first |= item.prefixes.is_empty();
            note(item, &suffix.text, |item| &mut item.suffixes);
        }
        format!("\0{}", suffix.text)
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
    (specs, affix): (&[FieldSpec], &Text),
    items: &mut [Item],
    by: &By<'_>,
    pattern: impl Fn(&mut Item, bool) -> String,
) -> Result<(), Vec<BuildError>> {
    each(items, by, |item| {
        let original = item.original_id().gvk;
        if UNPREFIXED.iter().any(|pattern| pattern.selects(&original)) {
            return Ok(());
        }
        for spec in specs.iter().filter(|spec| spec.selects(&original)) {
            let pattern = pattern(item, spec.path() == NAME);
            let gvk = item.gvk();
            visit(&mut item.value, &gvk, spec, Missing::Scalar, &mut |node| {
                let name = pattern.replacen('\0', &by.raw.text(node), 1);
                set_bare(node, name, by, |derivation, old| derivation.of(old).asked_by(&affix.value()))
            })?;
        }
        Ok(())
    })
}
