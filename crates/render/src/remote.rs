//! What a render asked of remote repositories and files, and what it was told.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kustomize::{Files, Remote, RepositoryAddress};
use sha2::{Digest, Sha256};

use crate::tree::hex;

/// Bytes of one remote file: more is refused by whoever fetches it.
pub const MAX_REMOTE_FILE: u64 = 32 << 20;

/// Something remote that a kustomization names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteBase {
    /// A repository at a reference.
    Repository(RepositoryAddress),
    /// A file at an http or https address.
    File(String),
}

impl RemoteBase {
    /// What it is now: an id that is the same only for the same content. The error says why it cannot be had.
    pub(crate) fn ask(&self, remote: &dyn Remote) -> Result<String, String> {
        match self {
            Self::Repository(address) => remote.repository(address).map(|tree| id_of(&*tree)),
            Self::File(url) => remote.file(url).map(|bytes| hex(&Sha256::digest(&bytes))),
        }
    }
}

impl fmt::Display for RemoteBase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository(address) if address.reference.is_empty() => out.write_str(&address.repository),
            Self::Repository(address) => write!(out, "{}?ref={}", address.repository, address.reference),
            Self::File(url) => out.write_str(url),
        }
    }
}

/// An id of a whole tree: its own, or for a tree that has none one made of all its files.
fn id_of(tree: &dyn Files) -> String {
    tree.content_id("").unwrap_or_else(|| {
        let mut digest = Sha256::new();
        add(tree, "", &mut digest);
        hex(&digest.finalize())
    })
}

fn add(tree: &dyn Files, dir: &str, digest: &mut Sha256) {
    for name in tree.list(dir) {
        let path = if dir.is_empty() { name } else { format!("{dir}/{name}") };
        if tree.kind(&path) == Some(kustomize::EntryKind::Dir) {
            add(tree, &path, digest);
        } else {
            digest.update(format!("{path}\0{:?}\0", tree.read(&path)));
        }
    }
}

/// Hands questions on and writes the answers down.
#[derive(Debug)]
pub(crate) struct RecordingRemote {
    inner: Arc<dyn Remote>,
    asked: Mutex<Vec<(RemoteBase, String)>>,
}

impl RecordingRemote {
    pub(crate) fn new(inner: Arc<dyn Remote>) -> Self {
        Self { inner, asked: Mutex::default() }
    }

    /// What was asked, in order, with the ids of what came back.
    pub(crate) fn asked(&self) -> Vec<(RemoteBase, String)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, base: RemoteBase, id: impl FnOnce() -> String) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.iter().all(|(known, _)| *known != base) {
            asked.push((base, id()));
        }
    }
}

impl Remote for RecordingRemote {
    fn repository(&self, address: &RepositoryAddress) -> Result<Arc<dyn Files>, String> {
        let tree = self.inner.repository(address)?;
        // A repository is one thing, whatever directories of it are named.
        let whole = RepositoryAddress { path: String::new(), ..address.clone() };
        self.note(RemoteBase::Repository(whole), || id_of(&*tree));
        Ok(tree)
    }

    fn file(&self, url: &str) -> Result<Arc<[u8]>, String> {
        let bytes = self.inner.file(url)?;
        self.note(RemoteBase::File(url.to_owned()), || hex(&Sha256::digest(&bytes)));
        Ok(bytes)
    }
}
