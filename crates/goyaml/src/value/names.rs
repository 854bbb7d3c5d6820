//! Names of fields that are kept once, however many objects have them.
//!
//! A cluster's objects repeat a few hundred names; a copy of each in each object would be a third of their memory.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Names that one thread keeps.
const MAX_NAMES: usize = 2_048;
/// Bytes of a name that is kept.
const MAX_BYTES: usize = 64;

thread_local! {
    static NAMES: RefCell<HashSet<Arc<str>, RandomState>> = RefCell::default();
}

/// A name, shared with all others of the same text that this thread has read.
pub(super) fn shared(name: &str) -> Arc<str> {
    if name.len() > MAX_BYTES {
        return name.into();
    }
    NAMES.with_borrow_mut(|names| {
        if let Some(known) = names.get(name) {
            return known.clone();
        }
        let new: Arc<str> = name.into();
        if names.len() < MAX_NAMES {
            names.insert(new.clone());
        }
        new
    })
}
