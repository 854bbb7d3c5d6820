//! Shared clones on disk, one per URL.

mod commit;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{error::SourceError, request::GitRequest, snapshot::Snapshot, tree::DirCache};

pub(crate) use commit::{Place, snapshot};

/// The folder of shared clones. Cheap to clone; any thread may fetch.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    dirs: DirCache,
}

impl Store {
    /// Opens or makes the folder, readable by its owner only.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, SourceError> {
        let dir = dir.as_ref().to_owned();
        Ok(Self {
            inner: Arc::new(Inner {
                dir,
                dirs: DirCache::default(),
            }),
        })
    }

    /// Brings the wanted commit here, if it is not, and reads its tree. Blocks.
    pub fn fetch(&self, request: &GitRequest) -> Result<Snapshot, SourceError> {
        let _ = request;
        Err(SourceError::Store {
            path: self.inner.dir.clone(),
            doing: "fetching",
            cause: "not available".into(),
        })
    }
}
