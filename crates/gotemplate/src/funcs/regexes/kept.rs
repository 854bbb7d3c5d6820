//! Expressions that are kept beyond one render.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use regex::bytes::Regex;

/// Expressions that are kept; a chart seldom has more.
const MAX_KEPT: usize = 32;

/// Bytes that one of them may take when it is built.
pub(super) const MAX_SIZE: usize = 256 << 10;

/// Expressions by their text, for all threads.
#[derive(Debug, Default)]
pub(crate) struct Patterns(Mutex<HashMap<Vec<u8>, Arc<Regex>, RandomState>>);

impl Patterns {
    pub(super) fn get(&self, pattern: &[u8]) -> Option<Arc<Regex>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(pattern).map(Arc::clone)
    }

    pub(super) fn keep(&self, pattern: &[u8], regex: &Arc<Regex>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KEPT {
            known.clear();
        }
        known.insert(pattern.to_vec(), Arc::clone(regex));
    }
}
