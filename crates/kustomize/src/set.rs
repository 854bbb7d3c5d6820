//! The objects of a build, in order, each id once.

use std::collections::HashMap;
use std::sync::Arc;

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

/// Checks that no two objects have the same id, and that there are not too many.
pub(crate) fn check_ids(items: &[Item], file: &Arc<str>) -> Result<(), Vec<BuildError>> {
    check_count(items, file)?;
    let mut seen: HashMap<IdKey, &Item> = HashMap::with_capacity(items.len());
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

/// Positions of the objects that have, or had, an id.
pub(crate) fn with_any_id(items: &[Item], id: &Id) -> Vec<usize> {
    let has = |(at, item): (usize, &Item)| item.any_id(|known| known == id).then_some(at);
    items.iter().enumerate().filter_map(has).collect()
}
