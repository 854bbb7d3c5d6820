//! Building: from the innermost kustomization outwards, objects are gathered, generated and changed.
//!
//! The order in one directory is kustomize's: resources, generators, components, then the transformers.

use std::sync::Arc;

use crate::item::Item;
use crate::load::{Entry, Layer};
use crate::read::Text;
use crate::{BuildError, generate, origin, path, set, transform};

/// What a whole build shares.
pub(crate) struct Context {
    /// Objects carry where they come from as an annotation.
    pub(crate) origin_annotations: bool,
}

/// The objects of a kustomization, with names not yet hashed and references not yet followed.
///
/// `above` are the objects a component works on; a kustomization starts with none. `origin` is the path of the directory
/// as the root kustomization would name it.
pub(crate) fn accumulate(
    context: &Context,
    layer: &Layer,
    above: Vec<Item>,
    origin: &str,
) -> Result<Vec<Item>, Vec<BuildError>> {
    let mut items = above;
    let mut errors = Vec::new();
    for entry in &layer.resources {
        set::check_count(&items, &layer.file)?;
        match entry {
            Entry::File { named, file, manifests } => {
                let label = context.origin_annotations.then(|| path::join_relative(origin, &named.text));
                items.extend(manifests.iter().map(|manifest| {
                    let mut item = Item::new(manifest.value.clone(), file.clone(), manifest.line);
                    if let Some(label) = &label {
                        origin::annotate_file(&mut item, label);
                    }
                    item
                }));
            }
            Entry::Layer(named, child) => {
                let below = path::join_relative(origin, &named.text);
                match accumulate(context, child, Vec::new(), &below) {
                    Ok(more) => items.extend(more),
                    Err(more) => errors.extend(more),
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    set::check_ids(&items, &layer.file)?;
    generate::run(context, layer, &mut items, origin)?;
    for (named, component) in &layer.components {
        items = run_component(context, (named, component), items, origin)?;
        set::check_ids(&items, &layer.file)?;
    }
    transform::run(layer, &mut items)?;
    Ok(items)
}

fn run_component(
    context: &Context,
    (named, component): (&Text, &Layer),
    items: Vec<Item>,
    origin: &str,
) -> Result<Vec<Item>, Vec<BuildError>> {
    accumulate(context, component, items, &path::join_relative(origin, &named.text))
}

/// How the chain of an object names a field of a kustomization.
pub(crate) fn step(what: &str, file: &Arc<str>, line: u32) -> Arc<str> {
    if line == 0 { format!("{what} {file}").into() } else { format!("{what} {file}:{line}").into() }
}
