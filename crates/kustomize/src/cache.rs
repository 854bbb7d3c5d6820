//! Files that need not be parsed again by the next build.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;

use crate::documents::Manifest;
use crate::raw::Notes;
use crate::read::Kustomization;

/// Bytes of files whose objects are kept, unless another limit is set.
const MAX_BYTES: usize = 256 << 20;

/// Keeps the objects of files by the files' content, for builds one after another or beside each other.
///
/// A build that tells origins neither reads from it nor writes to it, since places in files are not part of their content.
#[derive(Debug)]
pub struct ManifestCache {
    generation: Mutex<Arc<Generation>>,
    max_bytes: usize,
    parsed: Arc<AtomicU64>,
}

/// What is thrown away together when it has become too much.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    pub(crate) notes: Arc<Notes>,
    files: Mutex<Files>,
    max_bytes: usize,
    /// Files that were parsed, in all generations.
    parsed: Arc<AtomicU64>,
}

/// What is the same only for files of the same content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// The id that the tree of files has for it.
    Id(String),
    /// The content itself, where the tree has none: to compare it costs less than to make an id of it.
    Bytes(Arc<[u8]>),
}

/// What was read, by what it was read from.
type Kept<K, V> = HashMap<K, Arc<V>, RandomState>;

#[derive(Debug, Default)]
struct Files {
    manifests: Kept<Content, Vec<Manifest>>,
    manifest_bytes: Budget,
    /// Patches by their text, and the line before it in its file.
    patches: Kept<(Arc<[u8]>, u32), Vec<Manifest>>,
    /// Kustomizations by their file and its text.
    kustomizations: Kept<(Arc<str>, Arc<[u8]>), Kustomization>,
    /// Of patches and kustomizations.
    other_bytes: Budget,
}

/// Bytes of texts from which something is kept.
#[derive(Debug, Default)]
struct Budget {
    used: usize,
    /// A text did not fit any more.
    is_full: bool,
}

impl Default for ManifestCache {
    fn default() -> Self {
        Self::with_limit(MAX_BYTES)
    }
}

impl ManifestCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty cache that keeps the objects of files of so many bytes, and what is in patches and kustomizations of as many.
    pub fn with_limit(max_bytes: usize) -> Self {
        let parsed = Arc::<AtomicU64>::default();
        Self { generation: Mutex::new(Arc::new(Generation::new(max_bytes, &parsed))), max_bytes, parsed }
    }

    /// How many files were parsed because they were not kept.
    pub fn parsed(&self) -> u64 {
        self.parsed.load(Ordering::Relaxed)
    }

    /// What a build that begins now is to use.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if generation.is_full() {
            *generation = Arc::new(Generation::new(self.max_bytes, &self.parsed));
        }
        generation.clone()
    }
}

impl Generation {
    fn new(max_bytes: usize, parsed: &Arc<AtomicU64>) -> Self {
        Self { max_bytes, parsed: parsed.clone(), ..Self::default() }
    }

    fn is_full(&self) -> bool {
        let files = self.lock();
        self.notes.are_many() || files.manifest_bytes.is_full || files.other_bytes.is_full
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, content: &Content) -> Option<Arc<Vec<Manifest>>> {
        self.lock().manifests.get(content).cloned()
    }

    pub(crate) fn keep(&self, content: Content, bytes: usize, manifests: &Arc<Vec<Manifest>>) {
        self.parsed.fetch_add(1, Ordering::Relaxed);
        let Files { manifests: kept, manifest_bytes, .. } = &mut *self.lock();
        manifest_bytes.keep(kept, (content, manifests), (bytes, self.max_bytes));
    }

    pub(crate) fn patch(&self, text: &Arc<[u8]>, offset: u32) -> Option<Arc<Vec<Manifest>>> {
        self.lock().patches.get(&(text.clone(), offset)).cloned()
    }

    pub(crate) fn keep_patch(&self, text: &Arc<[u8]>, offset: u32, patch: &Arc<Vec<Manifest>>) {
        let Files { patches, other_bytes, .. } = &mut *self.lock();
        other_bytes.keep(patches, ((text.clone(), offset), patch), (text.len(), self.max_bytes));
    }

    pub(crate) fn kustomization(&self, file: &Arc<str>, text: &Arc<[u8]>) -> Option<Arc<Kustomization>> {
        self.lock().kustomizations.get(&(file.clone(), text.clone())).cloned()
    }

    pub(crate) fn keep_kustomization(&self, file: &Arc<str>, text: &Arc<[u8]>, read: &Arc<Kustomization>) {
        let Files { kustomizations, other_bytes, .. } = &mut *self.lock();
        other_bytes.keep(kustomizations, ((file.clone(), text.clone()), read), (text.len(), self.max_bytes));
    }
}

impl Budget {
    /// Keeps what was read from a text of so many bytes, unless it is there or the text does not fit.
    fn keep<K: Eq + Hash, V>(
        &mut self,
        kept: &mut Kept<K, V>,
        (key, value): (K, &Arc<V>),
        (bytes, max): (usize, usize),
    ) {
        let Entry::Vacant(place) = kept.entry(key) else { return };
        if self.used + bytes <= max {
            self.used += bytes;
            place.insert(value.clone());
        } else {
            // A text that is larger than everything would empty the cache each time.
            self.is_full |= bytes <= max;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BuildOptions, MemoryFiles, build};

    fn printed(files: &MemoryFiles, cache: Option<&Arc<ManifestCache>>) -> String {
        let options = BuildOptions { cache: cache.cloned(), ..BuildOptions::default() };
        let built = build(files, "", &options).expect("it builds");
        goyaml::emit_documents(built.iter().map(|resource| &resource.value))
    }

    #[test]
    fn a_kept_file_builds_as_a_read_one() {
        let object = "apiVersion: v1\nkind: Thing\nmetadata: {name: a, annotations: {x: 1.50}}\nspec: {n: null, e:, d: 2001-02-03, q: '5'}\n";
        let patch = "patches: [{target: {kind: Thing}, patch: '{apiVersion: v1, kind: Thing, metadata: {name: a}, spec: {q: 7}}'}]\n";
        let kustomization = format!("resources: [a.yaml]\nnamePrefix: p-\n{patch}");
        let mut files: MemoryFiles =
            [("kustomization.yaml", kustomization.as_str()), ("a.yaml", object)].into_iter().collect();
        let cache = Arc::new(ManifestCache::new());
        let plain = printed(&files, None);
        assert_eq!([printed(&files, Some(&cache)), printed(&files, Some(&cache))], [plain.clone(), plain]);
        let kept = cache.generation().lock().manifests.len();
        assert_eq!(kept, 1, "the second build found the file of the first");
        files.insert("a.yaml", object.replace("name: a", "name: b"));
        assert_eq!(printed(&files, Some(&cache)), printed(&files, None));
        assert_eq!(cache.generation().lock().manifests.len(), 2);
        assert_eq!(cache.parsed(), 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let object = |name: &str| format!("apiVersion: v1\nkind: Thing\nmetadata:\n  name: {name}\n");
        let tree = |name: &str| -> MemoryFiles {
            [("kustomization.yaml", "resources: [a.yaml]\n".to_owned()), ("a.yaml", object(name))].into_iter().collect()
        };
        let cache = Arc::new(ManifestCache::with_limit(object("a").len() * 2));
        for name in ["a", "b", "c", "c"] {
            assert_eq!(printed(&tree(name), Some(&cache)), printed(&tree(name), None));
        }
        assert_eq!(cache.parsed(), 4, "the third did not fit, and the next build began anew");
        printed(&tree("c"), Some(&cache));
        assert_eq!(cache.parsed(), 4);
    }
}
