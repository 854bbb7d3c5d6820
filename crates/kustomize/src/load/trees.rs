//! The tree that is built, and beside it those that were fetched, each below a first part of its own.

use std::sync::Arc;

use crate::remote::{self, RepositoryAddress};
use crate::{EntryKind, FileError, Files, MemoryFiles, Remote, path};

/// Fetched trees of one build.
const MAX_FETCHED: usize = 200;

/// All trees of a build.
pub(super) struct Trees<'a> {
    local: &'a dyn Files,
    remote: Option<&'a dyn Remote>,
    fetched: Vec<(String, Arc<dyn Files>)>,
}

impl<'a> Trees<'a> {
    pub(super) fn new(local: &'a dyn Files, remote: Option<&'a dyn Remote>) -> Self {
        Self { local, remote, fetched: Vec::new() }
    }

    /// The name of the fetched tree that a path is in; `None` for the tree that is built.
    pub(super) fn tree_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let first = path.split('/').next().unwrap_or_default();
        self.fetched.iter().any(|(name, _)| name == first).then_some(first)
    }

    /// The path of what an address names, which is fetched if it is not here.
    pub(super) fn fetch(&mut self, address: &str) -> Result<String, String> {
        let off = "remote files and bases are off here: copy it into the repository";
        let remote = self.remote.ok_or(off)?;
        if remote::is_file(address) {
            return self.fetch_file(remote, address);
        }
        let parsed = RepositoryAddress::parse(address)?;
        let name = parsed.mount();
        if !self.is_fetched(&name) {
            let tree = remote.repository(&parsed)?;
            self.add(&name, tree)?;
        }
        Ok(if parsed.path.is_empty() { name } else { format!("{name}/{}", parsed.path) })
    }

    fn fetch_file(&mut self, remote: &dyn Remote, url: &str) -> Result<String, String> {
        let plain = url.split('?').next().unwrap_or_default();
        let (parent, file) = plain.rsplit_once('/').unwrap_or(("", plain));
        let name = remote::mount_name(parent);
        let path = format!("{name}/{file}");
        if !self.is_fetched(&name) || self.kind(&path).is_none() {
            let tree: MemoryFiles = [(file, remote.file(url)?.to_vec())].into_iter().collect();
            self.fetched.retain(|(known, _)| *known != name);
            self.add(&name, Arc::new(tree))?;
        }
        Ok(path)
    }

    fn is_fetched(&self, name: &str) -> bool {
        self.fetched.iter().any(|(known, _)| known == name)
    }

    /// Puts a fetched tree beside the others, below a name of its own.
    pub(super) fn add(&mut self, name: &str, tree: Arc<dyn Files>) -> Result<(), String> {
        if self.fetched.len() >= MAX_FETCHED {
            return Err(format!("more than {MAX_FETCHED} remote files and bases in one build"));
        }
        self.fetched.push((name.to_owned(), tree));
        Ok(())
    }

    fn find<'s, 'p>(&'s self, path: &'p str) -> (&'s dyn Files, &'p str) {
        let found = self.tree_of(path).and_then(|first| {
            let (_, tree) = self.fetched.iter().find(|(name, _)| name == first)?;
            Some((&**tree, path[first.len()..].trim_start_matches('/')))
        });
        found.unwrap_or((self.local, path))
    }
}

impl Files for Trees<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let (tree, below) = self.find(path);
        tree.read(below)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        let (tree, below) = self.find(path);
        tree.kind(below)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        let (tree, below) = self.find(dir);
        tree.list(below)
    }

    fn content_id(&self, path: &str) -> Option<String> {
        let (tree, below) = self.find(path);
        tree.content_id(below)
    }
}

/// Whether a path stays in the tree of the directory that it was named in.
pub(super) fn stays(trees: &Trees<'_>, dir: &str, target: &str) -> bool {
    trees.tree_of(dir).is_none_or(|tree| path::is_within(target, tree))
}
