//! `patchesStrategicMerge`, `patches` and `patchesJson6902`.

use std::collections::HashSet;
use std::sync::Arc;

use goyaml::Value;
use goyaml::origin::Tracer;

use crate::accumulate::{Context, Schema, step};
use crate::documents::Manifest;
use crate::id::Id;
use crate::item::{self, Item};
use crate::json_patch::{self, Operation};
use crate::load::{Layer, PatchInput, PatchKind};
use crate::merge::{self, Outcome};
use crate::raw::{self, RawTexts};
use crate::selector::Selector;
use crate::{BuildError, documents, layout, scalar, set, shared};

/// A patch, and the schema its lists are merged by if it is not the built-in one.
type Merge<'a> = (&'a PatchInput, (Option<&'a Schema>, &'a RawTexts));

/// Applies patches in order; faults of all of them are told.
pub(super) fn run(
    context: &Context,
    layer: &Layer,
    patches: &[PatchInput],
    items: &mut Vec<Item>,
) -> Result<(), Vec<BuildError>> {
    run_in(context, &layer.file, patches, items)
}

/// The same for patches of another file.
pub(super) fn run_in(
    context: &Context,
    file: &Arc<str>,
    patches: &[PatchInput],
    items: &mut Vec<Item>,
) -> Result<(), Vec<BuildError>> {
    let schema = context.schema();
    let (mut errors, mut has_looked) = (Vec::new(), false);
    for patch in patches {
        set::check_former_names(items)?;
        let is_wanted = || patch.target.as_ref().is_none_or(|target| items.iter().any(|item| target.selects(item)));
        if !has_looked && matches!(patch.kind, PatchKind::Merge(_)) && is_wanted() {
            context.look_up_kinds()?;
            has_looked = true;
        }
        let outcome = match (&patch.kind, &patch.target) {
            (PatchKind::Merge(manifests), Some(target)) => {
                merge_selected((patch, (schema, &context.raw)), manifests, target, items)
            }
            (PatchKind::Merge(manifests), None) => merge_by_id((patch, (schema, &context.raw)), manifests, items),
            (PatchKind::Json(operations), Some(target)) => operate((patch, &context.raw), operations, target, items),
            (PatchKind::Json(_), None) => Ok(()),
        };
        items.retain(|item| !item.is_deleted());
        // Only patches that are copied take the objects apart and together again.
        let is_checked = patch.is_copied() && matches!(patch.kind, PatchKind::Merge(_));
        let check = || if is_checked { set::check_ids(items, file) } else { Ok(()) };
        if let Err(more) = outcome.and_then(|()| check()) {
            errors.extend(more);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Applies each patch to the one object whose id it has.
fn merge_by_id((patch, schema): Merge<'_>, manifests: &[Manifest], items: &mut [Item]) -> Result<(), Vec<BuildError>> {
    let mut errors = Vec::new();
    for manifest in manifests {
        let id = Id::as_written(&manifest.value, schema.1.notes());
        let fail = |message: String| BuildError::new(&*patch.file, manifest.line, message);
        match set::with_any_id(items, &id).as_slice() {
            [at] => {
                let by = step("patch", &patch.file, manifest.line);
                let item = &mut items[*at];
                errors.extend(merge_one((patch, schema), &adapted(patch, manifest, item, schema.1), item, &by).err());
            }
            [] => errors.push(fail(format!("no resource matches strategic merge patch {id}")).hint(no_match_hint(
                &id,
                items,
                &schema.1.tracer,
            ))),
            several => {
                let message = format!("{} resources match the strategic merge patch {id}", several.len());
                errors.push(fail(message).hint("Give the patch a target that names one of them."));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What is there with the same name or of the same kind.
fn no_match_hint(id: &Id, items: &[Item], tracer: &Tracer) -> String {
    let near = set::near(items, [&id.gvk.kind, &id.name], tracer);
    let same_name =
        items.iter().find(|item| item.any_id(|known| known.name == id.name && known.gvk.kind == id.gvk.kind));
    if let Some(item) = same_name {
        let (found, wanted) = (item.original_id(), id);
        if found.gvk != wanted.gvk {
            return format!("It is there with apiVersion {}: {near}.", found.gvk.api_version());
        }
        return format!("It is there in the namespace '{}': {near}.", found.effective_namespace());
    }
    if near.is_empty() {
        return format!("There is no {} among the resources.", id.gvk.kind);
    }
    format!("There is {near}.")
}

/// Applies one patch to all objects a selector accepts, and to those that are called the same by now.
fn merge_selected(
    (patch, schema): Merge<'_>,
    manifests: &[Manifest],
    target: &Selector,
    items: &mut [Item],
) -> Result<(), Vec<BuildError>> {
    let Some(manifest) = manifests.first() else { return Ok(()) };
    let by = step("patch", &patch.file, manifest.line);
    let mut errors = Vec::new();
    let selected: HashSet<_> =
        items.iter().filter(|item| target.selects(item)).map(|item| item.id().literal_key()).collect();
    for item in items.iter_mut().filter(|item| selected.contains(&item.id().literal_key())) {
        errors.extend(merge_one((patch, schema), &adapted(patch, manifest, item, schema.1), item, &by).err());
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The patch for one object. Kustomize writes labels and annotations of copies anew, and annotations where it notes its
/// options: what was to be taken away becomes text.
fn adapted(patch: &PatchInput, manifest: &Manifest, item: &Item, raw: &RawTexts) -> Manifest {
    let mut adapted = manifest.clone();
    if patch.is_copied() {
        // What is patched has been decided, so the patch's own version must not change it.
        adapted.value.set_at(&["apiVersion"], item.gvk().api_version());
        item::normalise_metadata(&mut adapted.value, "labels", raw);
        for path in [&["kind"][..], &["metadata", "name"], &["metadata", "namespace"]] {
            if let Some(known) = adapted.value.at(path).cloned() {
                item::set_untyped(&mut adapted.value, path, &known, raw);
            }
        }
    }
    if patch.is_copied() || patch.allow_name_change || patch.allow_kind_change {
        item::normalise_metadata(&mut adapted.value, "annotations", raw);
    }
    adapted
}

fn merge_one(
    (patch, schema): Merge<'_>,
    manifest: &Manifest,
    item: &mut Item,
    by: &Arc<str>,
) -> Result<(), BuildError> {
    let tracer = &schema.1.tracer;
    let id = item.id();
    let kept = ["name", "namespace"].map(|field| item.metadata_text(field, schema.1));
    let types = ["kind", "apiVersion"].map(|field| item.value.get(field).cloned());
    if patch.allow_name_change || patch.allow_kind_change {
        item.remember_id();
    }
    let has_noted_alone = item.has_noted_alone();
    let merged = merge::strategic(&item.value, &manifest.value, schema.0, schema.1).map_err(|message| {
        BuildError::new(&*patch.file, manifest.line, format!("the patch does not fit {id}: {message}"))
    })?;
    item.touched(by);
    let is_kept = matches!(merged, Outcome::Kept);
    match merged {
        Outcome::Deleted => {
            item.value = Value::NULL;
            return Ok(());
        }
        Outcome::Kept => {}
        Outcome::Merged(value) => {
            let before = std::mem::replace(&mut item.value, value);
            shared::spread_changes(item, &before, &|value| merge::passed_by(value, Some(schema.1)));
            documents::settle(&mut item.value, schema.1);
            if merge::takes_annotations(&manifest.value) {
                item.forget();
            } else if has_noted_alone {
                item.unbrace_annotations();
            }
        }
    }
    if item.is_deleted() {
        return Ok(());
    }
    let ([name, namespace], [kind, api_version]) = (kept, types);
    if !patch.allow_kind_change {
        let text = Value::from(id.gvk.kind);
        let kind = kind.map_or_else(|| text.clone(), |kind| tracer.same(text.clone(), &kind));
        item::set_untyped(&mut item.value, &["kind"], &kind, schema.1);
    }
    if !patch.allow_name_change {
        item.set_name(&name, schema.1);
    }
    item.set_namespace(&namespace, schema.1);
    if let (true, Some(map)) = (patch.is_copied() && !is_kept, item.value.as_map_mut()) {
        // An object without gets an empty one, which stays.
        let new = map.get("apiVersion").filter(|new| api_version.is_some() || !scalar::text(new).is_empty()).cloned();
        let new = new.unwrap_or_else(|| schema.1.noted(Value::NULL, ""));
        map.insert("apiVersion", api_version.map_or_else(|| new.clone(), |old| tracer.same(new.clone(), &old)));
    }
    Ok(())
}

/// Applies operations to all objects a selector accepts.
fn operate(
    (patch, raw): (&PatchInput, &RawTexts),
    operations: &[Operation],
    target: &Selector,
    items: &mut [Item],
) -> Result<(), Vec<BuildError>> {
    let by = step("patch", &patch.file, if patch.offset == 0 { 1 } else { patch.named_at.line });
    let mut errors = Vec::new();
    for item in items.iter_mut().filter(|item| target.selects(item)) {
        if !patch.is_late {
            item.remember_id();
        }
        item.show_noted_annotations();
        if let Some((by, fault)) = raw.broken(&item.value) {
            let message = format!("{} of {}:{}: {fault}", item.id(), item.file, item.line);
            errors.push(BuildError::new(&*by.file, by.line, message));
            continue;
        }
        if let Some(key) = raw::unreadable_key(&item.value) {
            errors.push(BuildError::new(&*item.file, item.line, format!("{}: {}", item.id(), raw::unreadable(&key))));
            continue;
        }
        item.shared = 0;
        raw.as_written(&mut item.value);
        if item.needs_hash {
            item.reread = layout::reread(item, operations, raw).map(Arc::new);
        }
        match json_patch::apply(&mut item.value, operations, &raw.tracer) {
            Ok(()) => {
                raw.rewrite(&mut item.value);
                item.normalise_annotations_if_any(raw);
                item.touched(&by);
            }
            Err((line, message)) => {
                let message = format!("{} of {}:{}: {message}", item.id(), item.file, item.line);
                errors.push(BuildError::new(&*patch.file, line + patch.offset, message));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
