//! From a commit id in an object database to a snapshot.

use std::sync::Arc;

use gix::{ObjectId, bstr::ByteSlice};
use sha2::{Digest, Sha256};

use crate::{
    error::{SourceError, TreeError},
    snapshot::{Commit, Snapshot},
    tree::{Blobs, Dir, DirCache, FileTree, Loader, ObjectPool, filter},
};

/// Where a commit lies and what it is called.
pub(crate) struct Place<'a> {
    pub(crate) pool: &'a Arc<ObjectPool>,
    pub(crate) dirs: &'a DirCache,
    /// The redacted address.
    pub(crate) url: &'a str,
    /// What stands before `@` in the revision; none for a bare commit.
    pub(crate) name: Option<&'a str>,
    /// `spec.ignore`.
    pub(crate) ignore: Option<&'a str>,
    /// Whether all files are wanted, whatever the rules leave out.
    pub(crate) whole: bool,
}

/// Reads the commit `id` and the folders of its tree.
pub(crate) fn snapshot(place: &Place<'_>, id: ObjectId) -> Result<Snapshot, SourceError> {
    let revision = revision(place.name, id);
    let label = format!("{} at {revision}", place.url);
    let (commit, root) = place.pool.with(|repository| read_commit(repository, id, &label))?;
    let left = if place.whole {
        whole(place, root, &label)?
    } else {
        place.dirs.left(root, place.ignore, || left(place, root, &label))?
    };
    let tree = FileTree::new(left, Blobs::Git(Arc::clone(place.pool)), label);
    Ok(Snapshot { revision, digest: digest(&tree), commit, verified: None, tree })
}

/// The folders of a root that the ignore rules leave.
fn left(place: &Place<'_>, root: ObjectId, label: &str) -> Result<Arc<Dir>, TreeError> {
    let whole = whole(place, root, label)?;
    filter(&FileTree::new(whole, Blobs::Git(Arc::clone(place.pool)), label.to_owned()), place.ignore)
}

/// All folders of a root.
fn whole(place: &Place<'_>, root: ObjectId, label: &str) -> Result<Arc<Dir>, TreeError> {
    place.pool.with(|repository| Loader { repository, cache: place.dirs, label }.load(root))
}

/// `main@sha1:…`, or `sha1:…` without a name.
fn revision(name: Option<&str>, id: ObjectId) -> String {
    match name {
        Some(name) => format!("{name}@sha1:{id}"),
        None => format!("sha1:{id}"),
    }
}

/// Equal files give an equal digest: it is made of the root folder's id alone.
pub(crate) fn digest(tree: &FileTree) -> String {
    digest_of_bytes(tree.root().id.as_bytes())
}

/// `sha256:…` of bytes.
pub(crate) fn digest_of_bytes(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

fn read_commit(repository: &gix::Repository, id: ObjectId, label: &str) -> Result<(Commit, ObjectId), TreeError> {
    let unreadable =
        |cause: String| TreeError::Unreadable { path: format!("commit {id}"), tree: label.to_owned(), cause };
    let commit = repository.find_commit(id).map_err(|error| unreadable(error.to_string()))?;
    let decoded = commit.decode().map_err(|error| unreadable(error.to_string()))?;
    let author = decoded.author().map_err(|error| unreadable(error.to_string()))?;
    let committer = decoded.committer().map_err(|error| unreadable(error.to_string()))?;
    let seconds = committer.time().map_or(0, |time| time.seconds);
    let told = Commit {
        id: id.to_string(),
        author: author.name.to_str_lossy().trim().to_owned(),
        email: author.email.to_str_lossy().trim().to_owned(),
        subject: decoded.message.to_str_lossy().trim_start().lines().next().unwrap_or_default().to_owned(),
        time: jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
    };
    Ok((told, decoded.tree()))
}
