//! A folder of a working copy.

use std::path::{Path, PathBuf};

use crate::{error::SourceError, snapshot::Snapshot};

/// A folder and the repository around it.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: PathBuf,
    sub_path: String,
    git_dir: Option<PathBuf>,
    branch: Option<String>,
}

impl LocalFolder {
    /// Finds the repository around `path`.
    pub fn discover(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        Ok(Self {
            root: path.as_ref().to_owned(),
            sub_path: String::new(),
            git_dir: None,
            branch: None,
        })
    }

    /// The root of the working copy (or the folder itself outside a repository).
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder relative to the root; empty for the root itself.
    pub fn sub_path(&self) -> &str {
        &self.sub_path
    }

    /// The repository's own folder, to be watched for commits.
    pub fn git_dir(&self) -> Option<&Path> {
        self.git_dir.as_deref()
    }

    /// The branch checked out; none for a detached HEAD.
    pub fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// What is committed at HEAD.
    pub fn committed(&self) -> Result<Snapshot, SourceError> {
        Err(SourceError::NotARepository {
            path: self.root.clone(),
        })
    }

    /// The files as they are on disk, without what `.gitignore` names.
    pub fn dirty(&self) -> Result<Snapshot, SourceError> {
        Err(SourceError::NotARepository {
            path: self.root.clone(),
        })
    }
}
