//! A whole build: read everything, gather and change it, then what is done once at the end.

use std::collections::HashSet;

use goyaml::Value;
use goyaml::origin::Tracer;

use crate::accumulate::{self, By, Context, step};
use crate::id::IdKey;
use crate::item::Item;
use crate::load::{self, Loaded};
use crate::raw::{self, RawTexts};
use crate::read::Text;
use crate::table::fields;
use crate::{
    BuildError, BuildOptions, Edition, Files, Traced, field_path, name_reference, origin, path, set, sort, transform,
    variables,
};

/// Annotations that keep an object out of the output, unless their value is `false`.
const LOCAL: &str = "config.kubernetes.io/local-config";

/// The label of `managedByLabel`.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Annotations of kustomize and its functions that never leave a build.
const INTERNAL: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

pub(crate) fn build(
    files: &dyn Files,
    dir: &str,
    options: &BuildOptions,
    tracer: Tracer,
) -> Result<Traced, Vec<BuildError>> {
    let outside = || vec![BuildError::new(dir, 0, "the path leads out of the source")];
    let dir = path::join("", dir.trim_start_matches('/')).ok_or_else(outside)?;
    let Loaded { root, raw } = load::load(files, &dir, options, tracer)?;
    let option = |name: &str| root.kustomization.build_metadata.iter().find(|option| option.text == name);
    let context = Context::new(!root.kustomization.build_metadata.is_empty(), raw);
    let built = accumulate::all(&context, &root, "")?;
    let config = built.config();
    let mut items = built.items;
    transform::add_hashes(&mut items, &By::new("hash", step("hash", &root.file, 0), &context.raw));
    name_reference::fix(&mut items, &config, &root.file, &context.raw)?;
    variables::resolve(&built.vars, &config, &context.raw, &mut items)?;
    check_names(&items)?;
    drop_local(&mut items)?;
    sort::sort(&mut items, root.kustomization.sort.as_ref(), options.legacy_order);
    set::check_ids(&items, &root.file)?;
    check_texts(&context, &items)?;
    for item in &mut items {
        context.raw.renew_annotations(&mut item.value);
        context.raw.as_written(&mut item.value);
    }
    let by = By::new("buildMetadata", step("buildMetadata", &root.file, 0), &context.raw);
    if let Some(option) = option("managedByLabel") {
        let label = format!("kustomize-{}", version(options.edition));
        for item in &mut items {
            set_label(item, MANAGED_BY, label.as_str().into(), (option, &by));
        }
    }
    let kept = [(origin::ORIGIN, "originAnnotations"), (origin::TRANSFORMATIONS, "transformerAnnotations")];
    let kept: Vec<_> = kept.into_iter().filter_map(|(key, name)| Some((key, option(name)?))).collect();
    for item in &mut items {
        clean(item, &kept, (&by, &context.raw));
    }
    let resources = items.into_iter().map(Item::into_resource).collect();
    Ok(Traced { resources, tracer: context.raw.tracer })
}

/// Nothing that is printed may be a text where a value of another type was, or have a key that is no text.
fn check_texts(context: &Context, items: &[Item]) -> Result<(), Vec<BuildError>> {
    let fault = |item: &Item| {
        let (by, fault) = context.raw.broken(&item.value)?;
        Some(BuildError::new(&*by.file, by.line, format!("{} of {}:{}: {fault}", item.id(), item.file, item.line)))
    };
    let key = |item: &Item| {
        let key = raw::unreadable_key(&item.value)?;
        Some(BuildError::new(&*item.file, item.line, format!("{}: {}", item.id(), raw::unreadable(&key))))
    };
    let found = |item: &Item| fault(item).or_else(|| key(item));
    let faults: Vec<BuildError> = items.iter().filter_map(found).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Also objects that are not printed must have names by now.
fn check_names(items: &[Item]) -> Result<(), Vec<BuildError>> {
    let faults: Vec<BuildError> = items.iter().filter(|item| item.name().is_empty()).map(set::nameless).collect();
    if faults.is_empty() { set::check_former_names(items) } else { Err(faults) }
}

fn version(edition: Edition) -> &'static str {
    match edition {
        Edition::V5_7_1 => "v5.7.1",
        Edition::V5_8_1 => "v5.8.1",
    }
}

/// Takes out what is not to be printed. Kustomize goes by the ids: it keeps what has that of another object, and cannot take
/// out two of one id.
fn drop_local(items: &mut Vec<Item>) -> Result<(), Vec<BuildError>> {
    if !items.iter().any(is_local) {
        return Ok(());
    }
    let kept: HashSet<IdKey> =
        items.iter().filter(|item| !is_local(item)).map(|item| item.id().literal_key()).collect();
    let (mut dropped, mut faults) = (HashSet::new(), Vec::new());
    items.retain(|item| {
        let id = item.id();
        if !is_local(item) || kept.contains(&id.literal_key()) {
            return true;
        }
        if !dropped.insert(id.literal_key()) {
            let message = format!("{id}: two objects of this id are marked as {LOCAL}");
            let hint = "Give one of them another name, or take the annotation off.";
            faults.push(BuildError::new(&*item.file, item.line, message).hint(hint));
        }
        false
    });
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn is_local(item: &Item) -> bool {
    let value = item.value.at(&["metadata", "annotations", LOCAL]).map(crate::scalar::text);
    value.is_some_and(|value| value != "false")
}

/// Sets a label that an option of `buildMetadata` asks for.
fn set_label(item: &mut Item, key: &str, value: Value, (option, by): (&Text, &By<'_>)) {
    let (gvk, path) = (item.gvk(), ["metadata", "labels", key]);
    field_path::reveal(&mut item.value, &gvk, &fields::metadata_labels(), by.raw);
    let value = by.derive(value, |derivation| derivation.asked_by(&option.value()));
    item.value.set_at(&path, value);
}

/// Takes away what only the build needs, and makes annotations text as kustomize does on its way out.
fn clean(item: &mut Item, kept: &[(&str, &Text)], (by, raw): (&By<'_>, &RawTexts)) {
    let tracked = [origin::ORIGIN, origin::TRANSFORMATIONS];
    let internal =
        |key: &str| INTERNAL.contains(&key) || (tracked.contains(&key) && !kept.iter().any(|(known, _)| *known == key));
    let has_internal = item.value.at(&["metadata", "annotations"]).and_then(Value::as_map);
    if has_internal.is_some_and(|map| map.keys().any(|key| internal(key.as_str()))) {
        let map = item.value.as_map_mut().and_then(|map| map.get_mut("metadata"));
        let map =
            map.and_then(Value::as_map_mut).and_then(|map| map.get_mut("annotations")).and_then(Value::as_map_mut);
        if let Some(map) = map {
            map.retain(|key, _| !internal(key));
        }
    }
    let annotations = item.value.at(&["metadata", "annotations"]).and_then(Value::as_map);
    if !annotations.is_some_and(|map| !map.is_empty() && map.values().all(|value| raw.is_text(value))) {
        item.normalise_metadata("annotations", raw);
    }
    for (key, option) in kept.iter().filter(|_| raw.tracer.is_on()) {
        if let Some(text) = item.value.at(&["metadata", "annotations", key]).cloned() {
            let value = by.derive(text.clone(), |derivation| derivation.of(&text).asked_by(&option.value()));
            item.value.set_at(&["metadata", "annotations", key], value);
        }
    }
}
