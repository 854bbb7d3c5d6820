//! Git's tree objects into folders, each read once however many snapshots hold it.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use gix::{ObjectId, bstr::ByteSlice, objs::tree::EntryKind as Mode};

use super::{Dir, DirCache, MAX_DEPTH, MAX_FILES, Node, join};
use crate::error::TreeError;

/// Folders in the cache from which on those nobody holds are thrown out before it grows.
const SWEEP_AT: usize = 1024;

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
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= SWEEP_AT && cache.len() == cache.capacity() {
            cache.retain(|_, dir| dir.strong_count() > 0);
        }
        cache.insert(id, Arc::downgrade(&dir));
        Ok(dir)
    }

    fn cached(&self, id: ObjectId) -> Option<Arc<Dir>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(&id)?.upgrade()
    }

    fn count(&self, more: usize, seen: &mut usize) -> Result<(), TreeError> {
        *seen += more;
        if *seen > MAX_FILES {
            return Err(TreeError::TooManyFiles { tree: self.label.to_owned(), limit: MAX_FILES });
        }
        Ok(())
    }
}
