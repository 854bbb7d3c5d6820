//! Git's tree objects into folders, each read once however many snapshots hold it.

use std::{
    collections::BTreeMap,
    hash::Hash,
    sync::{Arc, PoisonError},
};

use gix::{ObjectId, bstr::ByteSlice, objs::tree::EntryKind as Mode};

use super::{Dir, DirCache, Folders, MAX_DEPTH, MAX_FILES, Node, join};
use crate::error::TreeError;

/// Folders in the cache from which on those nobody holds are thrown out before it grows.
const SWEEP_AT: usize = 1024;

fn recall<K: Eq + Hash>(folders: &Folders<K>, key: &K) -> Option<Arc<Dir>> {
    folders.lock().unwrap_or_else(PoisonError::into_inner).get(key)?.upgrade()
}

fn remember<K: Eq + Hash>(folders: &Folders<K>, key: K, dir: &Arc<Dir>) {
    let mut folders = folders.lock().unwrap_or_else(PoisonError::into_inner);
    if folders.len() >= SWEEP_AT && folders.len() == folders.capacity() {
        folders.retain(|_, dir| dir.strong_count() > 0);
    }
    folders.insert(key, Arc::downgrade(dir));
}

impl DirCache {
    /// What is left of the root with this tree id; made by `make` where nobody holds it.
    pub(crate) fn left(
        &self,
        id: ObjectId,
        ignore: Option<&str>,
        make: impl FnOnce() -> Result<Arc<Dir>, TreeError>,
    ) -> Result<Arc<Dir>, TreeError> {
        let key = (id, ignore.map(str::to_owned));
        if let Some(known) = recall(&self.left, &key) {
            return Ok(known);
        }
        let dir = make()?;
        remember(&self.left, key, &dir);
        Ok(dir)
    }
}

/// Loads the tree of one commit.
pub(crate) struct Loader<'a> {
    pub(crate) repository: &'a gix::Repository,
    pub(crate) cache: &'a DirCache,
    /// For messages.
    pub(crate) label: &'a str,
}

impl Loader<'_> {
    /// The folder with tree id `id` and everything below it.
    pub(crate) fn load(&self, id: ObjectId) -> Result<Arc<Dir>, TreeError> {
        let mut seen = 0;
        self.dir(id, "", 0, &mut seen)
    }

    fn dir(&self, id: ObjectId, path: &str, depth: usize, seen: &mut usize) -> Result<Arc<Dir>, TreeError> {
        if depth > MAX_DEPTH {
            return Err(TreeError::TooDeep { tree: self.label.to_owned(), path: path.to_owned(), limit: MAX_DEPTH });
        }
        if let Some(known) = self.cached(id) {
            self.count(known.count, seen)?;
            return Ok(known);
        }
        let unreadable = |cause: String| TreeError::Unreadable {
            path: if path.is_empty() { ".".to_owned() } else { path.to_owned() },
            tree: self.label.to_owned(),
            cause,
        };
        let tree = self.repository.find_tree(id).map_err(|error| unreadable(error.to_string()))?;
        let mut entries = BTreeMap::new();
        let mut count = 0;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| unreadable(error.to_string()))?;
            let name = entry.filename().to_str_lossy();
            self.count(1, seen)?;
            count += 1;
            let id = entry.object_id();
            let node = match entry.mode().kind() {
                Mode::Tree => {
                    let below = self.dir(id, &join(path, &name), depth + 1, seen)?;
                    count += below.count;
                    Node::Dir(below)
                }
                Mode::Blob => Node::File { id, executable: false },
                Mode::BlobExecutable => Node::File { id, executable: true },
                Mode::Link => Node::Link(id),
                Mode::Commit => Node::Submodule(id),
            };
            entries.insert(name.into(), node);
        }
        let dir = Arc::new(Dir { id: id.to_string().into(), entries, count });
        remember(&self.cache.whole, id, &dir);
        Ok(dir)
    }

    fn cached(&self, id: ObjectId) -> Option<Arc<Dir>> {
        recall(&self.cache.whole, &id)
    }

    fn count(&self, more: usize, seen: &mut usize) -> Result<(), TreeError> {
        *seen += more;
        if *seen > MAX_FILES {
            return Err(TreeError::TooManyFiles { tree: self.label.to_owned(), limit: MAX_FILES });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_somebody_holds_is_not_made_again() {
        let (cache, count) = (DirCache::default(), Cell::new(0));
        let id = ObjectId::null(gix::hash::Kind::Sha1);
        let left = |ignore: Option<&str>| {
            let make = || {
                count.set(count.get() + 1);
                Ok(Arc::new(Dir::empty()))
            };
            cache.left(id, ignore, make).expect("an empty folder")
        };
        let held = left(None);
        assert!(Arc::ptr_eq(&held, &left(None)));
        assert_eq!(count.get(), 1);
        assert!(!Arc::ptr_eq(&held, &left(Some("*.md"))), "other rules leave other files");
        drop(held);
        left(None);
        assert_eq!(count.get(), 3, "nobody held it");
    }
}
