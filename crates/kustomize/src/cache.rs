//! Files that need not be parsed again by the next build.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::documents::Manifest;
use crate::raw::Notes;

/// Bytes of files whose objects are kept.
const MAX_BYTES: usize = 256 << 20;

/// Keeps the objects of files by the files' content, for builds one after another or beside each other.
///
/// A build that tells origins neither reads from it nor writes to it, since places in files are not part of their content.
#[derive(Debug, Default)]
pub struct ManifestCache {
    generation: Mutex<Arc<Generation>>,
}

/// What is thrown away together when it has become too much.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    pub(crate) notes: Arc<Notes>,
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    manifests: HashMap<String, Arc<Vec<Manifest>>>,
    bytes: usize,
}

impl ManifestCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a build that begins now is to use.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if generation.is_full() {
            *generation = Arc::default();
        }
        generation.clone()
    }
}

impl Generation {
    fn is_full(&self) -> bool {
        self.notes.are_many() || self.lock().bytes > MAX_BYTES
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of a content.
    pub(crate) fn key(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| char::from(*byte)).collect()
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Vec<Manifest>>> {
        self.lock().manifests.get(key).cloned()
    }

    pub(crate) fn keep(&self, key: String, bytes: usize, manifests: &Arc<Vec<Manifest>>) {
        let mut files = self.lock();
        files.bytes += bytes;
        files.manifests.insert(key, manifests.clone());
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
    }
}
