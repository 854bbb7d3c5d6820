//! Which fields a manager owns, from `managedFields`: read once and shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use goyaml::Value;
use structured_merge::FieldSet;

/// Entries of the interning table from which on dead ones are thrown out when it doubles.
const INTERN_SWEEP: usize = 4096;

/// Shares equal field sets: a thousand Deployments of one shape have one.
#[derive(Default)]
pub(crate) struct Interner {
    sets: Mutex<HashMap<crate::Digest, Weak<FieldSet>>>,
}

impl Interner {
    /// The set of a `fieldsV1`; an empty one if it cannot be read, so that nothing of it counts as known.
    pub(crate) fn get(&self, fields: &Value) -> Arc<FieldSet> {
        let digest = crate::Digest::of(fields);
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sets.get(&digest).and_then(Weak::upgrade) {
            return known;
        }
        if sets.len() >= INTERN_SWEEP && sets.len().is_power_of_two() {
            sets.retain(|_, set| set.strong_count() > 0);
        }
        let parsed = Arc::new(FieldSet::from_fields_v1(fields).unwrap_or_default());
        sets.insert(digest, Arc::downgrade(&parsed));
        parsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        goyaml::json::parse(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn equal_sets_are_shared() {
        let interner = Interner::default();
        let first = interner.get(&json(r#"{"f:a":{}}"#));
        assert!(Arc::ptr_eq(&first, &interner.get(&json(r#"{"f:a":{}}"#))));
        assert!(!Arc::ptr_eq(&first, &interner.get(&json(r#"{"f:b":{}}"#))));
    }

    #[test]
    fn what_cannot_be_read_owns_nothing() {
        assert!(Interner::default().get(&json(r#"{"f:a":3}"#)).is_empty());
    }
}
