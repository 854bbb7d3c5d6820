//! Where the bytes of files come from.

use std::{
    any::Any,
    collections::HashMap,
    fmt, fs,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use gix::ObjectId;

use super::MAX_FILE;
use crate::error::TreeError;

/// Bytes by object id.
#[derive(Clone)]
pub(crate) enum Blobs {
    /// In an object database.
    Git(Arc<ObjectPool>),
    /// In memory (a working copy as it was read).
    Memory(Arc<HashMap<ObjectId, Arc<[u8]>>>),
    /// In one of several places: an id means the same content everywhere.
    Several(Arc<[Self]>),
    /// On disk (a working copy of which some files are looked at).
    Disk(Arc<HashMap<ObjectId, OnDisk>>),
}

/// A file that is read when it is asked for, once.
#[derive(Debug)]
pub(crate) struct OnDisk {
    path: PathBuf,
    read: OnceLock<Result<Arc<[u8]>, String>>,
}

impl OnDisk {
    /// One that is at this path.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, read: OnceLock::new() }
    }

    /// One whose bytes are known.
    pub(crate) fn known(bytes: Vec<u8>) -> Self {
        Self { path: PathBuf::new(), read: OnceLock::from(Ok(bytes.into())) }
    }

    /// Its size, without reading it.
    fn size(&self) -> u64 {
        match self.read.get() {
            Some(read) => read.as_ref().map_or(0, |bytes| bytes.len() as u64),
            None => fs::metadata(&self.path).map_or(0, |metadata| metadata.len()),
        }
    }

    fn read(&self) -> &Result<Arc<[u8]>, String> {
        self.read.get_or_init(|| fs::read(&self.path).map(Arc::from).map_err(|error| error.to_string()))
    }
}

/// One object database and its idle handles: a handle has caches that are worth keeping, and
/// serves one thread at a time.
pub(crate) struct ObjectPool {
    shared: gix::ThreadSafeRepository,
    idle: Mutex<Vec<gix::Repository>>,
    /// Whatever must live as long as the objects are read (the clone's folder).
    _keep: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for ObjectPool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ObjectPool({})", self.shared.git_dir().display())
    }
}

impl ObjectPool {
    pub(crate) fn new(shared: gix::ThreadSafeRepository, keep: Option<Arc<dyn Any + Send + Sync>>) -> Self {
        Self { shared, idle: Mutex::new(Vec::new()), _keep: keep }
    }

    /// Lends a handle to `work`.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&gix::Repository) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let repository = idle.unwrap_or_else(|| self.shared.to_thread_local());
        let result = work(&repository);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repository);
        result
    }
}

impl Blobs {
    /// What two trees need together.
    pub(crate) fn both(one: &Self, other: &Self) -> Self {
        let mut all: Vec<Self> = Vec::new();
        for blobs in one.places().iter().chain(other.places()) {
            if !all.iter().any(|known| known.is(blobs)) {
                all.push(blobs.clone());
            }
        }
        Self::Several(all.into())
    }

    fn places(&self) -> &[Self] {
        match self {
            Self::Several(all) => all,
            one => std::slice::from_ref(one),
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Git(one), Self::Git(other)) => Arc::ptr_eq(one, other),
            (Self::Memory(one), Self::Memory(other)) => Arc::ptr_eq(one, other),
            (Self::Disk(one), Self::Disk(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn has(&self, id: ObjectId) -> bool {
        match self {
            Self::Memory(blobs) => blobs.contains_key(&id),
            Self::Disk(files) => files.contains_key(&id),
            Self::Git(pool) => pool.with(|repository| repository.has_object(id)),
            Self::Several(all) => all.iter().any(|blobs| blobs.has(id)),
        }
    }

    /// The object's bytes; `path` and `tree` are for messages.
    pub(super) fn read(&self, id: ObjectId, path: &str, tree: &str) -> Result<Arc<[u8]>, TreeError> {
        let unreadable = |cause: String| TreeError::Unreadable { path: path.to_owned(), tree: tree.to_owned(), cause };
        match self {
            Self::Memory(blobs) => blobs.get(&id).cloned().ok_or_else(|| unreadable("it is not there".to_owned())),
            Self::Several(all) => {
                let place = all.iter().find(|blobs| blobs.has(id));
                place.ok_or_else(|| unreadable("it is not there".to_owned()))?.read(id, path, tree)
            }
            Self::Disk(files) => match files.get(&id) {
                Some(file) if file.size() > MAX_FILE => {
                    Err(TreeError::TooLarge { path: path.to_owned(), size: file.size(), limit: MAX_FILE })
                }
                Some(file) => file.read().clone().map_err(unreadable),
                None => Err(unreadable("it is not there".to_owned())),
            },
            Self::Git(pool) => pool.with(|repository| {
                let size = repository.find_header(id).map_err(|error| unreadable(error.to_string()))?.size();
                if size > MAX_FILE {
                    return Err(TreeError::TooLarge { path: path.to_owned(), size, limit: MAX_FILE });
                }
                let object = repository.find_object(id).map_err(|error| unreadable(error.to_string()))?;
                Ok(Arc::from(object.data.as_slice()))
            }),
        }
    }
}
