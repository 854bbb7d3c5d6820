//! The objects of a build, in order, each id once.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use goyaml::origin::Tracer;

use crate::BuildError;
use crate::id::{Id, IdKey};
use crate::item::Item;
use crate::limit::MAX_RESOURCES;

/// Checks that there are not too many objects.
pub(crate) fn check_count(items: &[Item], file: &Arc<str>) -> Result<(), Vec<BuildError>> {
    if items.len() > MAX_RESOURCES {
        return Err(vec![BuildError::new(&**file, 0, format!("more than {MAX_RESOURCES} objects in one build"))]);
    }
    Ok(())
}

/// So few objects are sooner compared with each other than looked up.
const FEW: usize = 16;

/// Checks that no two objects have the same id, and that there are not too many.
pub(crate) fn check_ids(items: &[Item], file: &Arc<str>) -> Result<(), Vec<BuildError>> {
    check_count(items, file)?;
    if items.len() <= FEW {
        let ids: Vec<Id> = items.iter().map(Item::id).collect();
        if ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)) {
            return Ok(());
        }
    }
    let mut seen: HashMap<IdKey, &Item, RandomState> = HashMap::default();
    seen.reserve(items.len());
    let mut errors = Vec::new();
    for item in items {
        let id = item.id();
        if let Some(first) = seen.insert(id.key(), item) {
            errors.push(twice(&id, first, item));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn twice(id: &Id, first: &Item, second: &Item) -> BuildError {
    let message =
        format!("may not add resource with an already registered id: {id} (first in {}:{})", first.file, first.line);
    BuildError::new(&*second.file, second.line, message)
        .hint("Two objects of one kind cannot share name and namespace: remove one, or make it a patch.")
}

/// What to say of an object without a name.
pub(crate) fn nameless(item: &Item) -> BuildError {
    let message = format!("missing metadata.name in an object of kind {}", item.gvk().kind);
    BuildError::new(&*item.file, item.line, message).hint("Let no replacement empty it.")
}

/// Checks that kustomize finds its way back to all former names, which it does whenever it looks for an object.
pub(crate) fn check_former_names(items: &[Item]) -> Result<(), Vec<BuildError>> {
    let lost = |item: &Item| (item.was_nameless && !item.previous.is_empty()).then(|| nameless(item));
    let torn = |item: &Item| {
        let name = item.previous.iter().find(|previous| previous.is_torn()).map(|previous| &previous.name)?;
        let message = format!("the {} was called '{name}', and kustomize tells names by their commas", item.gvk().kind);
        Some(BuildError::new(&*item.file, item.line, message).hint("Let no replacement put a comma into a name."))
    };
    let faults: Vec<BuildError> = items.iter().filter_map(|item| lost(item).or_else(|| torn(item))).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Objects that are named where another one is missed.
const MAX_NEAR: usize = 5;

/// Objects of a kind or of a name, each with the places that say what it is called instead; empty if there are none.
/// Without a name all of them are near.
pub(crate) fn near(items: &[Item], [kind, name]: [&str; 2], tracer: &Tracer) -> String {
    let is_named = |item: &Item| item.name() == name || item.original_id().name == name;
    let other = |item: &Item| match (item.gvk().kind == kind, is_named(item) || name.is_empty()) {
        (true, true) => Some([&["apiVersion"][..], &["metadata", "namespace"]]),
        (true, false) => Some([&["metadata", "name"][..], &[]]),
        (false, true) => Some([&["kind"][..], &[]]),
        (false, false) => None,
    };
    let shown = |(item, fields): (&Item, [&[&str]; 2])| {
        let nodes = fields.into_iter().filter(|path| !path.is_empty()).filter_map(|path| item.value.at(path));
        let places: Vec<String> = nodes.flat_map(|node| tracer.places(node)).map(|place| place.to_string()).collect();
        let places = if places.is_empty() { format!("{}:{}", item.file, item.line) } else { places.join(", ") };
        format!("{} '{}' ({places})", item.gvk().kind, item.name())
    };
    let found = items.iter().filter_map(|item| Some((item, other(item)?)));
    found.take(MAX_NEAR).map(shown).collect::<Vec<_>>().join(", ")
}

/// What there is instead of an object that is missed, to be put behind a message.
pub(crate) fn instead(items: &[Item], named: [&str; 2], tracer: &Tracer) -> String {
    let near = near(items, named, tracer);
    if near.is_empty() { near } else { format!("; there is {near}") }
}

/// Positions of the objects that have, or had, an id.
pub(crate) fn with_any_id(items: &[Item], id: &Id) -> Vec<usize> {
    let has = |(at, item): (usize, &Item)| item.any_id(|known| known == id).then_some(at);
    items.iter().enumerate().filter_map(has).collect()
}
