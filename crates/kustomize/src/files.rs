//! The tree of files a build reads: a trait, and one implementation in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing, or a directory, stands at the path.
    #[error("no such file: {0}")]
    NotFound(String),
    /// The path leads out of the tree.
    #[error("path leads out of the source: {0}")]
    Outside(String),
    /// The file is there, but its content could not be had.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The path asked for.
        path: String,
        /// What went wrong.
        reason: String,
    },
}

/// A read-only tree of files.
///
/// Paths are `/`-separated, relative to the root of the tree, normalised (no `.`, `..`, empty part) and never leave it;
/// the root itself is the empty path. Symbolic links inside the tree are resolved by the implementor.
pub trait Files {
    /// The content of a file.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError>;
    /// What stands at a path; `None` for nothing.
    fn kind(&self, path: &str) -> Option<EntryKind>;
    /// Names in a directory, sorted; empty if there is none.
    fn list(&self, dir: &str) -> Vec<String>;
    /// An id that is the same only for the same content, where the tree has one without reading the file.
    fn content_id(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }
}

/// A tree held in memory: path to content. Directories are implied.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<String, Arc<[u8]>>);

impl MemoryFiles {
    /// Puts a file at a normalised path.
    pub fn insert(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), Arc::from(content.into()));
    }

    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .range(prefix.to_owned()..)
            .map(|(path, _)| path.as_str())
            .map_while(move |path| path.strip_prefix(prefix))
    }
}

impl<P: Into<String>, C: Into<Vec<u8>>> FromIterator<(P, C)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> Self {
        let mut tree = Self::default();
        for (path, content) in files {
            tree.insert(path, content);
        }
        tree
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.0.get(path).cloned().ok_or_else(|| FileError::NotFound(path.to_owned()))
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        if self.0.contains_key(path) {
            return Some(EntryKind::File);
        }
        let prefix = directory_prefix(path);
        let found = path.is_empty() || self.below(&prefix).next().is_some();
        found.then_some(EntryKind::Dir)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        let prefix = directory_prefix(dir);
        let mut names: Vec<String> =
            self.below(&prefix).filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn directory_prefix(dir: &str) -> String {
    if dir.is_empty() { String::new() } else { format!("{dir}/") }
}
