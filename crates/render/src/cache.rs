//! Renders that need not be done again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use kustomize::{ManifestCache, Remote};
use sha2::{Digest, Sha256};

use crate::remote::RecordingRemote;
use crate::tree::{Record, RecordingFiles, hex};
use crate::{Diagnostic, KustomizationRequest, Rendered};

/// Bytes of manifests that renders are kept of.
const MAX_RENDERS: usize = 256 << 20;

/// Bytes of files whose parsed objects are kept.
const MAX_MANIFESTS: usize = 64 << 20;

/// What an object counts beside the files that it came from: labels, names and positions of its own.
const OBJECT_BYTES: usize = 2_048;

/// Keeps the last render of every request; it holds as long as the files that were looked at are the same, and what remote
/// bases resolve to.
///
/// A tree of Git knows its files' ids, so a render is found again without a file being read. Files that several renders
/// read, or that are as they were while others changed, are parsed once. Renders that failed are not kept. How much is
/// kept is limited in bytes; what was not used for longest goes first.
#[derive(Debug)]
pub struct RenderCache {
    kept: Mutex<Kept>,
    manifests: Arc<ManifestCache>,
    max_bytes: usize,
}

/// How often a cache helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Renders that were done.
    pub built: u64,
    /// Renders that were found.
    pub found: u64,
    /// Files that were parsed.
    pub parsed: u64,
    /// Bytes that the renders count which are kept.
    pub bytes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    /// The keys by their last use.
    by_use: BTreeMap<u64, String>,
    /// Rises with every use.
    uses: u64,
    bytes: usize,
    built: u64,
    found: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    record: Arc<Record>,
    rendered: Arc<Rendered>,
    bytes: usize,
    used: u64,
}

impl Default for RenderCache {
    fn default() -> Self {
        Self::with_limits(MAX_RENDERS, MAX_MANIFESTS)
    }
}

impl RenderCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty cache that keeps renders of so many bytes of manifests, and the objects of files of so many bytes.
    pub fn with_limits(renders: usize, manifests: usize) -> Self {
        let manifests = Arc::new(ManifestCache::with_limit(manifests));
        Self { kept: Mutex::default(), manifests, max_bytes: renders }
    }

    /// The render of a request: the one kept, if it still holds.
    pub fn kustomization(&self, request: &KustomizationRequest<'_>) -> Result<Arc<Rendered>, Vec<Diagnostic>> {
        let key = request_digest(request);
        let known = self.lock().entries.get(&key).map(|entry| (entry.record.clone(), entry.rendered.clone()));
        if let Some((_, rendered)) =
            known.filter(|(record, _)| record.holds_for(request.tree, request.remote.as_deref()))
        {
            self.lock().touch(&key);
            return Ok(rendered);
        }
        self.lock().built += 1;
        let (rendered, record) = crate::render_recorded(request, Some(&self.manifests))?;
        let rendered = Arc::new(rendered);
        let bytes = record.bytes() + rendered.objects.len() * OBJECT_BYTES;
        self.lock().keep(
            key,
            Entry { record: Arc::new(record), rendered: rendered.clone(), bytes, used: 0 },
            self.max_bytes,
        );
        Ok(rendered)
    }

    /// How often it helped so far.
    pub fn counts(&self) -> CacheCounts {
        let kept = self.lock();
        CacheCounts { built: kept.built, found: kept.found, parsed: self.manifests.parsed(), bytes: kept.bytes }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Notes a use of an entry.
    fn touch(&mut self, key: &str) {
        self.found += 1;
        self.uses += 1;
        if let Some(entry) = self.entries.get_mut(key) {
            self.by_use.remove(&entry.used);
            entry.used = self.uses;
            self.by_use.insert(entry.used, key.to_owned());
        }
    }

    /// Keeps an entry, if it fits at all; older ones make room.
    fn keep(&mut self, key: String, entry: Entry, limit: usize) {
        self.remove(&key);
        if entry.bytes > limit {
            return;
        }
        while self.bytes + entry.bytes > limit {
            let Some(oldest) = self.by_use.first_key_value().map(|(_, key)| key.clone()) else { break };
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += entry.bytes;
        self.by_use.insert(self.uses, key.clone());
        self.entries.insert(key, Entry { used: self.uses, ..entry });
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

/// A digest of everything in a request but the files.
pub(crate) fn request_digest(request: &KustomizationRequest<'_>) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{}\0{}\0{}\0{}\0", request.path, request.place, request.strict, request.remote.is_some()));
    digest.update(goyaml::json::to_go_string(request.spec));
    if let Some(decryption) = &request.decryption {
        digest.update(format!("\0{}\0{}", decryption.id, decryption.requires_mac));
    }
    for (name, value) in &request.variables {
        digest.update(format!("\0{name}\0{value}"));
    }
    hex(&digest.finalize())
}

/// A digest of everything that went into a render.
pub(crate) fn inputs_digest(
    request: &KustomizationRequest<'_>,
    files: RecordingFiles<'_>,
    remote: Option<&RecordingRemote>,
) -> (String, Record) {
    let record = files.into_record(remote.map(RecordingRemote::asked).unwrap_or_default());
    let mut digest = Sha256::new();
    digest.update(request_digest(request));
    record.digest(&mut digest);
    (hex(&digest.finalize()), record)
}

/// A remote that writes down what it was asked, if there is one at all.
pub(crate) fn recording(request: &KustomizationRequest<'_>) -> Option<Arc<RecordingRemote>> {
    request.remote.as_ref().map(|remote: &Arc<dyn Remote>| Arc::new(RecordingRemote::new(remote.clone())))
}
