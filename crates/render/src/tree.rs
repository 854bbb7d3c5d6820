//! A source's file tree as the files of a build, and a record of what a build looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kustomize::{EntryKind, FileError, Files, Remote};
use sha2::{Digest, Sha256};
use source::{FileTree, Snapshot, TreeError};

use crate::remote::RemoteBase;

/// A snapshot's tree as [`Files`].
pub struct TreeFiles<'a> {
    tree: &'a FileTree,
}

impl<'a> TreeFiles<'a> {
    /// Wraps a tree.
    pub fn new(tree: &'a FileTree) -> Self {
        Self { tree }
    }
}

impl Files for TreeFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.tree.read(path).map_err(|error| match error {
            TreeError::NotFound { .. } | TreeError::IsFolder { .. } => FileError::NotFound(path.to_owned()),
            other => FileError::Unreadable { path: path.to_owned(), reason: other.to_string() },
        })
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        self.tree.kind(path).map(|kind| match kind {
            source::EntryKind::File => EntryKind::File,
            source::EntryKind::Dir => EntryKind::Dir,
        })
    }

    fn list(&self, dir: &str) -> Vec<String> {
        self.tree.list(dir)
    }

    fn content_id(&self, path: &str) -> Option<String> {
        self.tree.subtree_id(path)
    }
}

/// A snapshot as [`Files`], known as a whole by its commit.
#[derive(Debug)]
pub struct SnapshotFiles {
    snapshot: Snapshot,
}

impl SnapshotFiles {
    /// Takes a snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot }
    }

    fn tree(&self) -> TreeFiles<'_> {
        TreeFiles::new(&self.snapshot.tree)
    }
}

impl Files for SnapshotFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.tree().read(path)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        self.tree().kind(path)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        self.tree().list(dir)
    }

    fn content_id(&self, path: &str) -> Option<String> {
        if path.is_empty() { Some(self.snapshot.commit.id.clone()) } else { self.tree().content_id(path) }
    }
}

/// One question a build asked of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Content,
    Kind,
    Names,
}

/// What a build asked of a tree, and what it was told: the same answers give the same build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    answers: BTreeMap<(Question, String), String>,
    /// What remote bases resolved to.
    remote: Vec<(RemoteBase, String)>,
    /// Bytes of the files that were read.
    bytes: usize,
}

impl Record {
    /// Whether a tree gives the same answers, and remote bases resolve to the same.
    pub(crate) fn holds_for(&self, files: &dyn Files, remote: Option<&dyn Remote>) -> bool {
        self.answers.iter().all(|((question, path), known)| answer(files, *question, path) == *known)
            && self
                .remote
                .iter()
                .all(|(base, known)| remote.is_some_and(|remote| base.ask(remote).as_ref() == Ok(known)))
    }

    /// The remote bases, in the order in which they were asked for.
    pub(crate) fn remote(&self) -> impl Iterator<Item = &RemoteBase> {
        self.remote.iter().map(|(base, _)| base)
    }

    /// Bytes of the files that were read.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds all answers to a digest.
    pub(crate) fn digest(&self, into: &mut Sha256) {
        for ((question, path), answer) in &self.answers {
            into.update(format!("{question:?}\0{path}\0{answer}\0"));
        }
        for (base, id) in &self.remote {
            into.update(format!("{base}\0{id}\0"));
        }
    }
}

fn answer(files: &dyn Files, question: Question, path: &str) -> String {
    match question {
        Question::Content => files.content_id(path).unwrap_or_else(|| match files.read(path) {
            Ok(bytes) => hex(&Sha256::digest(&bytes)),
            Err(error) => error.to_string(),
        }),
        Question::Kind => format!("{:?}", files.kind(path)),
        Question::Names => files.list(path).join("\0"),
    }
}

/// Files that remember what was asked of them.
pub(crate) struct RecordingFiles<'a> {
    inner: &'a dyn Files,
    record: Mutex<Record>,
}

impl<'a> RecordingFiles<'a> {
    pub(crate) fn new(inner: &'a dyn Files) -> Self {
        Self { inner, record: Mutex::default() }
    }

    /// What was asked of the tree, together with what was asked of others.
    pub(crate) fn into_record(self, remote: Vec<(RemoteBase, String)>) -> Record {
        Record { remote, ..self.record.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }

    fn note(&self, question: Question, path: &str) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = self.inner;
        record.answers.entry((question, path.to_owned())).or_insert_with(|| answer(inner, question, path));
    }
}

impl Files for RecordingFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.note(Question::Content, path);
        let bytes = self.inner.read(path)?;
        self.record.lock().unwrap_or_else(PoisonError::into_inner).bytes += bytes.len();
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        self.note(Question::Kind, path);
        self.inner.kind(path)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        self.note(Question::Names, dir);
        self.inner.list(dir)
    }

    fn content_id(&self, path: &str) -> Option<String> {
        self.inner.content_id(path)
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
