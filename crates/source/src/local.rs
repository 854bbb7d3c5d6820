//! A folder of a working copy: what is committed there, or the files as they are.

mod dirty;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use gix::bstr::ByteSlice;

use crate::{
    error::SourceError,
    request::{GitRequest, Reference},
    snapshot::Snapshot,
    store::{Place, References, choose, snapshot, verify},
    transport::Ref,
    tree::{DirCache, FileTree, ObjectPool},
};

/// A folder and the repository around it, if there is one.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: PathBuf,
    sub_path: String,
    is_repository: bool,
}

/// What Git keeps of a working copy.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The repository's own folder, to be watched for commits (`HEAD`, `refs/heads`, `packed-refs`).
    pub git_dir: PathBuf,
    /// The branch that is checked out; none for a detached HEAD.
    pub branch: Option<String>,
    /// The same as `git_dir`, but in a linked working copy that of the main one.
    common_dir: PathBuf,
}

impl LocalFolder {
    /// Finds the repository around `path`. Finding none is no error yet: [`LocalFolder::dirty`] needs none.
    pub fn discover(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let path = path.as_ref();
        let wrong = |error: &std::io::Error| SourceError::Folder { path: path.to_owned(), cause: error.to_string() };
        let folder = fs::canonicalize(path).map_err(|error| wrong(&error))?;
        if !folder.is_dir() {
            return Err(SourceError::Folder { path: path.to_owned(), cause: "it is a file".to_owned() });
        }
        let Some(root) = folder.ancestors().find(|above| is_repository(above)) else {
            return Ok(Self { root: folder, sub_path: String::new(), is_repository: false });
        };
        let below = folder.strip_prefix(root).unwrap_or(Path::new(""));
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        Ok(Self { root: root.to_owned(), sub_path: parts.join("/"), is_repository: true })
    }

    /// The root of the working copy, or the folder itself outside a repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder relative to the root, `/`-separated; empty for the root itself.
    pub fn sub_path(&self) -> &str {
        &self.sub_path
    }

    /// What Git keeps of the working copy now; nothing outside a repository.
    pub fn checkout(&self) -> Result<Option<Checkout>, SourceError> {
        if !self.is_repository {
            return Ok(None);
        }
        let repository = open(&self.root)?;
        let branch = repository.head_name().ok().flatten();
        Ok(Some(Checkout {
            git_dir: repository.path().to_owned(),
            branch: branch.map(|name| name.shorten().to_str_lossy().into_owned()),
            common_dir: repository.common_dir().to_owned(),
        }))
    }

    fn open(&self) -> Result<gix::Repository, SourceError> {
        if !self.is_repository {
            return Err(SourceError::NotARepository { path: self.root.clone() });
        }
        open(&self.root)
    }

    /// The commit that a revision means, as `git rev-parse` reads it: a branch, a tag, `HEAD~2`, a hash.
    pub fn at(&self, revision: &str) -> Result<Snapshot, SourceError> {
        let repository = self.open()?;
        let id = self.commit(&repository, revision)?;
        self.snapshot(repository, id, None)
    }

    /// The commit at which the histories of two revisions parted.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Snapshot, SourceError> {
        let repository = self.open()?;
        let (first, second) = (self.commit(&repository, one)?, self.commit(&repository, other)?);
        let wrong = |cause: &str| self.no_revision(&format!("{one}...{other}"), cause);
        let base = repository.merge_base(first, second).map_err(|error| wrong(&error.to_string()))?;
        let base = base.ok_or_else(|| wrong("their histories have no commit in common"))?.detach();
        self.snapshot(repository, base, None)
    }

    fn commit(&self, repository: &gix::Repository, revision: &str) -> Result<gix::ObjectId, SourceError> {
        let wrong = |cause: String| self.no_revision(revision, &cause);
        let id = repository.rev_parse_single(revision).map_err(|error| wrong(error.to_string()))?;
        let object = id.object().map_err(|error| wrong(error.to_string()))?;
        object.peel_to_commit().map(|commit| commit.id).map_err(|error| wrong(error.to_string()))
    }

    fn no_revision(&self, revision: &str, cause: &str) -> SourceError {
        SourceError::NoSuchRevision {
            url: self.root.display().to_string(),
            revision: revision.to_owned(),
            cause: cause.to_owned(),
        }
    }

    /// What is committed at HEAD now.
    pub fn committed(&self) -> Result<Snapshot, SourceError> {
        let repository = self.open()?;
        let shown = self.root.display().to_string();
        let id = repository.head_id().map_err(|_| SourceError::EmptyRepository { url: shown.clone() })?.detach();
        let branch = repository.head_name().ok().flatten();
        let branch = branch.map(|name| name.shorten().to_str_lossy().into_owned());
        self.snapshot(repository, id, branch.as_deref())
    }

    fn snapshot(
        &self,
        repository: gix::Repository,
        id: gix::ObjectId,
        branch: Option<&str>,
    ) -> Result<Snapshot, SourceError> {
        let shown = self.root.display().to_string();
        let pool = Arc::new(ObjectPool::new(repository.into_sync(), None));
        let dirs = DirCache::default();
        let place = Place { pool: &pool, dirs: &dirs, url: &shown, name: branch, ignore: None, whole: false };
        snapshot(&place, id)
    }

    /// The files as they are on disk: tracked ones, and others that `.gitignore` does not name; never
    /// `.git` or `.setpoint`. Outside a repository, all of them.
    pub fn dirty(&self) -> Result<Snapshot, SourceError> {
        dirty::read(self)
    }

    /// The same files for one look at some of them: a file is read when it is first asked for, and stays as it was then.
    /// The tree knows no ids.
    pub fn files(&self) -> Result<FileTree, SourceError> {
        dirty::places(self)
    }
}

/// A `file://` source: read where it lies, nothing is copied.
pub(crate) fn fetch(
    path: &Path,
    (request, whole): (&GitRequest, bool),
    dirs: &DirCache,
) -> Result<Snapshot, SourceError> {
    let shown = path.display().to_string();
    if !path.exists() {
        return Err(SourceError::NoSuchRepository { url: shown, cause: "no such folder".to_owned() });
    }
    if !is_repository(path) {
        return Err(SourceError::NotARepository { path: path.to_owned() });
    }
    let repository = open(path)?;
    let reference: &Reference = &request.reference;
    let wanted = choose(&mut LocalReferences { repository: &repository, shown: &shown }, reference, &shown)?;
    if !repository.has_object(wanted.id) {
        return Err(SourceError::NoSuchReference {
            url: shown,
            kind: "commit",
            name: wanted.id.to_string(),
            there_are: String::new(),
        });
    }
    let pool = Arc::new(ObjectPool::new(repository.into_sync(), None));
    let (name, ignore) = (wanted.name.as_deref(), request.ignore.as_deref());
    let place = Place { pool: &pool, dirs, url: &shown, name, ignore, whole };
    let verified = verify(&pool, request, &wanted)?;
    Ok(Snapshot { verified, ..snapshot(&place, wanted.id)? })
}

/// Whether `path` is the root of a working copy or a bare repository.
fn is_repository(path: &Path) -> bool {
    let is_bare = || path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir();
    path.join(".git").exists() || is_bare()
}

fn open(path: &Path) -> Result<gix::Repository, SourceError> {
    gix::open_opts(path, gix::open::Options::isolated())
        .map_err(|error| SourceError::Folder { path: path.to_owned(), cause: error.to_string() })
}

struct LocalReferences<'a> {
    repository: &'a gix::Repository,
    shown: &'a str,
}

impl References for LocalReferences<'_> {
    fn references(&mut self, prefixes: &[&str]) -> Result<Vec<Ref>, SourceError> {
        let wrong =
            |cause: String| SourceError::Protocol { url: self.shown.to_owned(), doing: "listing references", cause };
        let platform = self.repository.references().map_err(|error| wrong(error.to_string()))?;
        let all = platform.all().map_err(|error| wrong(error.to_string()))?;
        let mut found = Vec::new();
        for reference in all {
            let mut reference = reference.map_err(|error| wrong(error.to_string()))?;
            let name = reference.name().as_bstr().to_str_lossy().into_owned();
            if !prefixes.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let own = reference.target().try_id().map(gix::hash::oid::to_owned);
            // A reference to nothing (a symbolic one of a branch that is gone) is none.
            if let Ok(id) = reference.peel_to_id() {
                let commit = id.detach();
                let id = own.unwrap_or(commit);
                found.push(Ref { name, id, peeled: (id != commit).then_some(commit) });
            }
        }
        Ok(found)
    }

    fn any_commit(&self) -> bool {
        true
    }
}
