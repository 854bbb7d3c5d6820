//! A read-only file tree: what a renderer sees of a repository.
//!
//! The folders are held in memory, nested and shared between snapshots (a commit that changes one file
//! makes only the folders above it anew); the files' bytes stay in the object database until asked for.

mod blobs;
mod graft;
mod ignore;
mod load;
mod path;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, Weak},
};

use gix::ObjectId;

pub(crate) use blobs::{Blobs, ObjectPool, OnDisk};
pub(crate) use graft::{GraftError, Place as GraftPlace, sparse};
pub(crate) use ignore::{Rules, filter, id_of};
pub(crate) use load::Loader;

use crate::error::TreeError;

/// Bytes a file may have. Larger ones are refused by the size in their header, unread.
pub const MAX_FILE: u64 = 64 << 20;
/// Entries (files, links, submodules, folders) a tree may have.
pub const MAX_FILES: usize = 500_000;
/// Symbolic links followed for one path; Linux's own number.
pub(crate) const MAX_LINKS: usize = 40;
/// Folders nested in each other.
pub(crate) const MAX_DEPTH: usize = 128;

/// What a path is, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, or a link that cannot be followed (reading it says why).
    File,
    /// A folder.
    Dir,
}

/// A submodule: named by the tree, not fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submodule {
    /// Where it would stand.
    pub path: String,
    /// Its commit.
    pub commit: String,
}

/// One folder.
#[derive(Debug)]
pub(crate) struct Dir {
    /// Git's tree id; of a folder that lost files to ignore rules, `sha256:…` of what is left.
    pub(crate) id: Box<str>,
    pub(crate) entries: BTreeMap<Box<str>, Node>,
    /// Entries here and below.
    pub(crate) count: usize,
}

/// One entry of a folder.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Dir(Arc<Dir>),
    File { id: ObjectId, executable: bool },
    Link(ObjectId),
    Submodule(ObjectId),
}

/// Folders by what they are made from, as long as somebody holds them.
type Folders<K> = Mutex<HashMap<K, Weak<Dir>>>;

/// Folders that some snapshot holds, so that they are not made again.
#[derive(Debug, Default)]
pub(crate) struct DirCache {
    /// By Git's tree id.
    whole: Folders<ObjectId>,
    /// What is left of a root by the ignore rules: by its tree id and `spec.ignore`. The other rules are in the tree.
    left: Folders<(ObjectId, Option<String>)>,
}

/// Immutable files of one commit. Cheap to clone; any thread may read.
#[derive(Clone)]
pub struct FileTree {
    inner: Arc<Inner>,
}

struct Inner {
    root: Arc<Dir>,
    blobs: Blobs,
    /// For messages: the address and the revision.
    label: String,
}

impl FileTree {
    pub(crate) fn new(root: Arc<Dir>, blobs: Blobs, label: String) -> Self {
        Self { inner: Arc::new(Inner { root, blobs, label }) }
    }

    /// The file's bytes. `path` is relative to the root and `/`-separated; `.`, `..` and links are
    /// resolved, but never out of the tree.
    pub fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        match self.resolve(path)? {
            Node::File { id, .. } => self.bytes(path, id),
            Node::Dir(_) => Err(TreeError::IsFolder { path: path.to_owned() }),
            Node::Link(_) | Node::Submodule(_) => {
                Err(TreeError::InSubmodule { path: path.to_owned(), submodule: path.to_owned() })
            }
        }
    }

    /// What `path` is, links followed; none if there is nothing. A link that leads nowhere is a
    /// [`EntryKind::File`], so that it is read and its error, which names it, is seen.
    pub fn kind(&self, path: &str) -> Option<EntryKind> {
        match self.resolve(path) {
            Ok(Node::Dir(_)) => Some(EntryKind::Dir),
            Err(TreeError::NotFound { .. } | TreeError::InSubmodule { .. }) => None,
            Ok(_) | Err(_) => Some(EntryKind::File),
        }
    }

    /// Names in a folder, sorted by bytes; empty if it is none. Links are listed, submodules are not.
    pub fn list(&self, dir: &str) -> Vec<String> {
        let Ok(Node::Dir(dir)) = self.resolve(dir) else {
            return Vec::new();
        };
        dir.entries
            .iter()
            .filter(|(_, node)| !matches!(node, Node::Submodule(_)))
            .map(|(name, _)| name.to_string())
            .collect()
    }

    /// Git's id of the folder or file, or for a folder that lost files to ignore rules an id of what
    /// is left. Equal ids mean equal content, except for links that lead out of the folder. Files that are read only when
    /// they are asked for have none.
    pub fn subtree_id(&self, path: &str) -> Option<String> {
        if matches!(self.inner.blobs, Blobs::Disk(_)) {
            return None;
        }
        match self.resolve(path).ok()? {
            Node::Dir(dir) => Some(dir.id.to_string()),
            Node::File { id, .. } => Some(id.to_string()),
            Node::Link(_) | Node::Submodule(_) => None,
        }
    }

    /// Every file's and link's path, sorted as `git ls-tree -r` sorts them.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::with_capacity(self.inner.root.count);
        visit(&self.inner.root, "", &mut |path, node| {
            if !matches!(node, Node::Submodule(_)) {
                files.push(path.to_owned());
            }
        });
        files.sort_unstable();
        files
    }

    /// Submodules, which are named by the tree but not fetched.
    pub fn submodules(&self) -> Vec<Submodule> {
        let mut found = Vec::new();
        visit(&self.inner.root, "", &mut |path, node| {
            if let Node::Submodule(id) = node {
                found.push(Submodule { path: path.to_owned(), commit: id.to_string() });
            }
        });
        found
    }

    /// `git ls-tree -r`'s lines, to be compared with it.
    pub fn listing(&self) -> String {
        let mut lines = Vec::new();
        visit(&self.inner.root, "", &mut |path, node| {
            let (mode, kind, id) = match node {
                Node::File { id, executable: false } => ("100644", "blob", id),
                Node::File { id, executable: true } => ("100755", "blob", id),
                Node::Link(id) => ("120000", "blob", id),
                Node::Submodule(id) => ("160000", "commit", id),
                Node::Dir(_) => return,
            };
            lines.push((path.to_owned(), format!("{mode} {kind} {id}\t{path}\n")));
        });
        lines.sort_unstable();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Files, links, submodules and folders.
    pub fn count(&self) -> usize {
        self.inner.root.count
    }

    /// The folder at a path as a tree of its own.
    pub fn folder(&self, path: &str) -> Result<Self, TreeError> {
        match self.resolve(path)? {
            Node::Dir(root) => {
                let (blobs, label) = (self.inner.blobs.clone(), format!("{path} of {}", self.inner.label));
                Ok(Self::new(root, blobs, label))
            }
            _ => Err(TreeError::NotFound { path: path.to_owned(), tree: self.inner.label.clone() }),
        }
    }

    pub(crate) fn root(&self) -> &Arc<Dir> {
        &self.inner.root
    }

    fn resolve(&self, path: &str) -> Result<Node, TreeError> {
        path::resolve(&self.inner.root, path, &self.inner.label, &|link, id| {
            self.bytes(link, id).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn bytes(&self, path: &str, id: ObjectId) -> Result<Arc<[u8]>, TreeError> {
        self.inner.blobs.read(id, path, &self.inner.label)
    }
}

impl fmt::Debug for FileTree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FileTree({}, {} entries)", self.inner.label, self.count())
    }
}

/// Calls `see` with every entry that is not a folder.
fn visit(dir: &Dir, prefix: &str, see: &mut dyn FnMut(&str, &Node)) {
    for (name, node) in &dir.entries {
        let path = join(prefix, name);
        match node {
            Node::Dir(below) => visit(below, &path, see),
            other => see(&path, other),
        }
    }
}

pub(crate) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}
