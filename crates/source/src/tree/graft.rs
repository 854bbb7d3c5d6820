//! Trees put into others: submodules where the tree names them, folders of other sources where a spec says so.

use std::{collections::BTreeMap, sync::Arc};

use super::{Blobs, Dir, FileTree, MAX_DEPTH, MAX_FILES, Node, id_of, join};
use crate::{archive::Files, error::TreeError};

/// What may stand where something is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The submodule that the tree names there.
    Submodule,
    /// Nothing, or a folder with nothing in it.
    Free,
    /// Nothing, or a file, which is replaced.
    File,
}

/// Why something cannot be put at a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GraftError {
    #[error("the path {0:?} leads out of the source or is none; write it relative to the root, without `..`")]
    Illegal(String),
    #[error("{0:?} is there already; name a folder that the repository does not have")]
    Taken(String),
    #[error("{0:?} is no folder, so that nothing can be put below it")]
    NoFolder(String),
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl FileTree {
    /// This tree with what another one has at `from` put at the path `to`.
    pub(crate) fn with(&self, to: &str, other: &Self, from: &str, place: Place) -> Result<Self, GraftError> {
        let parts = parts(to)?;
        let node = match other.resolve(from)? {
            Node::Link(_) | Node::Submodule(_) => {
                return Err(TreeError::NotFound { path: from.to_owned(), tree: other.inner.label.clone() }.into());
            }
            found => found,
        };
        let root = put(self.root(), &parts, "", &node, place)?;
        if root.count > MAX_FILES {
            return Err(TreeError::TooManyFiles { tree: self.inner.label.clone(), limit: MAX_FILES }.into());
        }
        if depth(&root) > MAX_DEPTH {
            let (tree, path) = (self.inner.label.clone(), to.to_owned());
            return Err(TreeError::TooDeep { tree, path, limit: MAX_DEPTH }.into());
        }
        let blobs = Blobs::both(&self.inner.blobs, &other.inner.blobs);
        Ok(Self::new(root, blobs, self.inner.label.clone()))
    }

    /// This tree with a file of this content at a path, in the place of one that is there.
    ///
    /// # Errors
    /// That the path leads out, is no file's, or that it is too much.
    pub fn with_file(&self, path: &str, content: Arc<[u8]>) -> Result<Self, String> {
        const NAME: &str = "file";
        let mut files = Files::default();
        files.add(NAME, content, false).map_err(|error| error.to_string())?;
        let one = files.whole(self.inner.label.clone());
        self.with(path, &one, NAME, Place::File).map_err(|error| error.to_string())
    }

    /// This tree with another root.
    pub(crate) fn rooted(&self, root: Arc<Dir>) -> Self {
        Self::new(root, self.inner.blobs.clone(), self.inner.label.clone())
    }
}

/// The parts of a path that is relative and does not climb.
fn parts(path: &str) -> Result<Vec<&str>, GraftError> {
    let illegal = || GraftError::Illegal(path.to_owned());
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let strange = |part: &&str| *part == ".." || part.eq_ignore_ascii_case(".git") || part.contains(['\\', '\0']);
    if path.starts_with('/') || parts.is_empty() || parts.len() > MAX_DEPTH || parts.iter().any(strange) {
        return Err(illegal());
    }
    Ok(parts)
}

fn put(dir: &Dir, parts: &[&str], path: &str, node: &Node, place: Place) -> Result<Arc<Dir>, GraftError> {
    let Some((name, below)) = parts.split_first() else { return Err(GraftError::Illegal(path.to_owned())) };
    let path = join(path, name);
    let there = dir.entries.get(*name);
    let grown = if below.is_empty() {
        let free = match (place, there) {
            (Place::Submodule, Some(Node::Submodule(_)))
            | (Place::Free, None)
            | (Place::File, None | Some(Node::File { .. } | Node::Link(_))) => true,
            (Place::Free, Some(Node::Dir(dir))) => dir.entries.is_empty(),
            _ => false,
        };
        if !free {
            return Err(GraftError::Taken(path));
        }
        node.clone()
    } else {
        let inner = match there {
            Some(Node::Dir(dir)) => Arc::clone(dir),
            None if place != Place::Submodule => Arc::new(Dir::empty()),
            _ => return Err(GraftError::NoFolder(path)),
        };
        Node::Dir(put(&inner, below, &path, node, place)?)
    };
    let mut entries = dir.entries.clone();
    entries.insert((*name).into(), grown);
    Ok(Arc::new(Dir::of(entries)))
}

fn depth(dir: &Dir) -> usize {
    let below = dir.entries.values().filter_map(|node| if let Node::Dir(dir) = node { Some(depth(dir)) } else { None });
    below.max().map_or(0, |below| below + 1)
}

/// What a tree has below paths that begin so, as Flux takes `spec.sparseCheckout`.
pub(crate) fn sparse(dir: &Dir, path: &str, starts: &[String]) -> Option<Arc<Dir>> {
    let mut entries = BTreeMap::new();
    for (name, node) in &dir.entries {
        let path = join(path, name);
        let inside = |path: &str| starts.iter().any(|start| path.starts_with(start.as_str()));
        match node {
            _ if inside(&path) => drop(entries.insert(name.clone(), node.clone())),
            Node::Dir(below) => {
                let folder = format!("{path}/");
                if inside(&folder) {
                    entries.insert(name.clone(), node.clone());
                } else if starts.iter().any(|start| start.starts_with(&folder))
                    && let Some(left) = sparse(below, &path, starts)
                {
                    entries.insert(name.clone(), Node::Dir(left));
                }
            }
            _ => {}
        }
    }
    (!entries.is_empty()).then(|| Arc::new(Dir::of(entries)))
}

impl Dir {
    fn of(entries: BTreeMap<Box<str>, Node>) -> Self {
        let below = |node: &Node| if let Node::Dir(dir) = node { dir.count } else { 0 };
        let count = entries.values().map(|node| 1 + below(node)).sum();
        Self { id: id_of(&entries), entries, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> FileTree {
        let mut files = Files::default();
        for path in paths {
            files.add(path, path.as_bytes().into(), false).expect("a good path");
        }
        files.whole("a test".to_owned())
    }

    #[test]
    fn a_folder_is_put_where_nothing_is() {
        let (one, other) = (tree(&["a/b", "c"]), tree(&["x/y", "z"]));
        let put = |to: &str, from: &str| one.with(to, &other, from, Place::Free).map(|tree| tree.files());
        assert_eq!(put("n", ""), Ok(vec!["a/b".into(), "c".into(), "n/x/y".into(), "n/z".into()]));
        assert_eq!(put("./a/n/", "x"), Ok(vec!["a/b".into(), "a/n/y".into(), "c".into()]));
        assert_eq!(put("a/z", "z"), Ok(vec!["a/b".into(), "a/z".into(), "c".into()]));
        assert_eq!(one.with("n", &other, "", Place::Free).expect("free").read("n/z").as_deref(), Ok(&b"z"[..]));
        assert_eq!(put("a", ""), Err(GraftError::Taken("a".to_owned())));
        assert_eq!(put("c/d", ""), Err(GraftError::NoFolder("c".to_owned())));
        for climbing in ["", ".", "..", "../n", "a/../../n", "/n", ".git/hooks", "a/.GIT", "a\\b"] {
            assert_eq!(put(climbing, ""), Err(GraftError::Illegal(climbing.to_owned())), "{climbing}");
        }
        assert!(matches!(put("n", "../x"), Err(GraftError::Tree(TreeError::NotFound { .. }))));
    }

    #[test]
    fn a_sparse_tree_has_what_begins_so() {
        let whole = tree(&["apps/a", "apps-old/b", "infra/c/d", "infra/e", "top"]);
        let left = |starts: &[&str]| {
            let starts: Vec<String> = starts.iter().map(|start| (*start).to_owned()).collect();
            sparse(whole.root(), "", &starts).map(|root| whole.rooted(root).files())
        };
        assert_eq!(left(&["apps"]), Some(vec!["apps-old/b".into(), "apps/a".into()]));
        assert_eq!(left(&["apps/", "infra/c"]), Some(vec!["apps/a".into(), "infra/c/d".into()]));
        assert_eq!(left(&["top"]), Some(vec!["top".into()]));
        assert_eq!(left(&["none"]), None);
        assert_eq!(left(&[""]), Some(whole.files()));
    }
}
