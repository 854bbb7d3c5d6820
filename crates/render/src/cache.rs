//! Renders that need not be done again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::tree::{Record, RecordingFiles, hex};
use crate::{Diagnostic, KustomizationRequest, Rendered};

/// Renders kept at once.
const MAX_ENTRIES: usize = 2_000;

/// Keeps the last render of every request; it holds as long as the files that were looked at are the same.
///
/// A tree of Git knows its files' ids, so a render is found again without a file being read. Renders that failed are
/// not kept.
#[derive(Debug, Default)]
pub struct RenderCache {
    entries: Mutex<HashMap<String, Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    record: Record,
    rendered: Arc<Rendered>,
    /// Rises with every use.
    used: u64,
}

impl RenderCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The render of a request: the one kept, if it still holds.
    pub fn kustomization(&self, request: &KustomizationRequest<'_>) -> Result<Arc<Rendered>, Vec<Diagnostic>> {
        let key = request_digest(request);
        let known = self.lock().get(&key).cloned();
        if let Some(entry) = known.filter(|entry| entry.record.holds_for(request.tree)) {
            self.touch(&key);
            return Ok(entry.rendered);
        }
        let (rendered, record) = crate::render_recorded(request)?;
        let rendered = Arc::new(rendered);
        self.keep(key, record, rendered.clone());
        Ok(rendered)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self, key: &str) {
        let mut entries = self.lock();
        let now = entries.values().map(|entry| entry.used).max().unwrap_or(0) + 1;
        if let Some(entry) = entries.get_mut(key) {
            entry.used = now;
        }
    }

    fn keep(&self, key: String, record: Record, rendered: Arc<Rendered>) {
        let mut entries = self.lock();
        let now = entries.values().map(|entry| entry.used).max().unwrap_or(0) + 1;
        if entries.len() >= MAX_ENTRIES && !entries.contains_key(&key) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| entries.remove(&oldest));
        }
        entries.insert(key, Entry { record, rendered, used: now });
    }
}

/// A digest of everything in a request but the files.
pub(crate) fn request_digest(request: &KustomizationRequest<'_>) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{}\0{}\0{}\0", request.path, request.place, request.strict));
    digest.update(goyaml::json::to_go_string(request.spec));
    for (name, value) in &request.variables {
        digest.update(format!("\0{name}\0{value}"));
    }
    hex(&digest.finalize())
}

/// A digest of everything that went into a render.
pub(crate) fn inputs_digest(request: &KustomizationRequest<'_>, files: RecordingFiles<'_>) -> (String, Record) {
    let record = files.into_record();
    let mut digest = Sha256::new();
    digest.update(request_digest(request));
    record.digest(&mut digest);
    (hex(&digest.finalize()), record)
}
