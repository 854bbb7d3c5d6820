//! Templates that were read, by their content.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gotemplate::{Functions, ParseError, Parsed, parse};

/// Bytes of template text that a cache keeps; beyond it, it starts anew.
pub const MAX_CACHED: usize = 256 << 20;

/// Keeps parsed templates between renders, for all threads.
///
/// A template is found by its path and its whole text, so that a cache can serve many charts and many versions of them,
/// and never answers with another text's template.
#[derive(Debug, Default)]
pub struct TemplateCache {
    known: Mutex<Known>,
}

/// Path and text.
type Key = (Arc<str>, Arc<[u8]>);

#[derive(Debug, Default)]
struct Known {
    parsed: HashMap<Key, Arc<Parsed>>,
    bytes: usize,
}

impl TemplateCache {
    /// A cache with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The template of this path and text.
    pub(crate) fn parsed(&self, path: &Arc<str>, text: &Arc<[u8]>) -> Result<Arc<Parsed>, ParseError> {
        let key = (Arc::clone(path), Arc::clone(text));
        if let Some(parsed) = self.lock().parsed.get(&key) {
            return Ok(Arc::clone(parsed));
        }
        let parsed = Arc::new(parse(path, text, Functions::Helm)?);
        let mut known = self.lock();
        if known.bytes + text.len() > MAX_CACHED {
            *known = Known::default();
        }
        known.bytes += text.len();
        known.parsed.insert(key, Arc::clone(&parsed));
        Ok(parsed)
    }

    /// What was put in is whole, even if a thread died while it held the lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
