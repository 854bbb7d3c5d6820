//! Objects, revisions and events: memory answers reads, one writer orders the changes.
//!
//! One counter gives every change its revision; it is the `resourceVersion` of objects, lists and bookmarks. A change is
//! prepared against the newest state, made durable (several at a time, [`writer`]), then shown to readers. Watchers pull
//! from a bounded ring of events per resource, so a slow watcher costs nothing but its own `410 Expired`. A list at an
//! older revision is the present undone by the events since.

mod disk;
mod owners;
mod tables;
mod writer;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use goyaml::Value;
use tokio::sync::watch;

pub(crate) use disk::DiskError;
use tables::{News, Tables};
use writer::Writer;

/// Events kept per resource unless the configuration says otherwise.
pub(crate) const DEFAULT_HISTORY: usize = 2048;

/// A resource without its version: `apps` and `deployments`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupResource {
    /// API group; empty for the core group.
    pub(crate) group: Arc<str>,
    /// Plural name.
    pub(crate) resource: Arc<str>,
}

impl GroupResource {
    /// From its two parts.
    pub(crate) fn new(group: &str, resource: &str) -> Self {
        Self { group: group.into(), resource: resource.into() }
    }
}

/// `deployments.apps`, or `pods` for the core group.
impl fmt::Display for GroupResource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.resource)?;
        if self.group.is_empty() { Ok(()) } else { write!(out, ".{}", self.group) }
    }
}

/// Namespace (empty for cluster-scoped objects) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name {
    /// Namespace.
    pub(crate) namespace: Arc<str>,
    /// Name.
    pub(crate) name: Arc<str>,
}

impl Name {
    /// From its two parts.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// Where an object is.
pub(crate) type Place = (GroupResource, Name);

/// One object as it is stored, with its revision inside.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The object in its storage version.
    pub(crate) value: Value,
    /// The revision of the change that made it so.
    pub(crate) revision: u64,
    bytes: OnceLock<Bytes>,
}

impl Stored {
    /// An object as it is at this revision; its kind, version and metadata come first in its text.
    pub(crate) fn new(mut value: Value, revision: u64) -> Self {
        value.set_at(&["metadata", "resourceVersion"], revision.to_string());
        Self { value: kind_first(value), revision, bytes: OnceLock::new() }
    }

    /// The object as JSON, written once.
    pub(crate) fn json(&self) -> &Bytes {
        self.bytes.get_or_init(|| goyaml::json::to_string(&self.value).into())
    }
}

const FIRST: [&str; 3] = ["kind", "apiVersion", "metadata"];

fn kind_first(mut value: Value) -> Value {
    let Some(map) = value.as_map_mut() else {
        return value;
    };
    if map.keys().zip(FIRST).all(|(key, first)| key.as_str() == first) {
        return value;
    }
    let mut ordered: goyaml::Map = FIRST.into_iter().filter_map(|key| Some((key, map.remove(key)?))).collect();
    for (key, value) in map.iter() {
        ordered.insert(key, value.clone());
    }
    ordered.into()
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was made.
    Added,
    /// It was changed.
    Modified,
    /// It was removed.
    Deleted,
}

/// One change, kept for watchers.
#[derive(Debug)]
pub(crate) struct Event {
    /// What happened.
    pub(crate) change: Change,
    /// Which object.
    pub(crate) name: Name,
    /// The object afterwards; for a removal its last state with the removal's revision.
    pub(crate) object: Arc<Stored>,
    /// The object before.
    pub(crate) previous: Option<Arc<Stored>>,
}

/// What a change expects to find.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// Nothing of this name.
    Absent,
    /// The object at this revision.
    Revision(u64),
}

/// A change to be made.
#[derive(Debug)]
pub(crate) struct Write {
    /// Which resource.
    pub(crate) resource: GroupResource,
    /// Which object.
    pub(crate) name: Name,
    /// What must be there.
    pub(crate) expect: Expect,
    /// The new object; `None` removes it.
    pub(crate) value: Option<Value>,
}

/// Why a change was not made.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Something else is there than was expected.
    #[error("the object has been modified")]
    Conflict,
    /// The storage failed; nothing was changed.
    #[error("{0}")]
    Disk(String),
    /// The plane was shut down.
    #[error("the control plane is shut down")]
    Closed,
}

/// The asked revision is older than what is remembered.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub(crate) struct Expired {
    /// Which revision was asked for.
    pub(crate) asked: u64,
    /// The oldest one that can be answered.
    pub(crate) oldest: u64,
}

/// The store of one control plane.
#[derive(Debug)]
pub(crate) struct Store {
    tables: Arc<RwLock<Tables>>,
    writer: Option<Writer>,
}

impl Store {
    /// A store that forgets.
    pub(crate) fn memory(history: usize) -> Self {
        Self { tables: Arc::new(RwLock::new(Tables::new(history))), writer: None }
    }

    /// A store in a file, read whole into memory.
    pub(crate) fn file(path: &Path, history: usize) -> Result<Self, DiskError> {
        let mut tables = Tables::new(history);
        let disk = disk::Disk::open(path)?;
        disk.load(&mut tables)?;
        let tables = Arc::new(RwLock::new(tables));
        let writer = Writer::start(disk, Arc::clone(&tables));
        Ok(Self { tables, writer: Some(writer) })
    }

    /// The newest revision.
    pub(crate) fn revision(&self) -> u64 {
        self.read().revision()
    }

    /// One object.
    pub(crate) fn get(&self, resource: &GroupResource, name: &Name) -> Option<Arc<Stored>> {
        self.read().get(resource, name)
    }

    /// All objects of a resource, of one namespace if it is named, sorted by namespace and name, with the revision of
    /// this view.
    pub(crate) fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> (Vec<Arc<Stored>>, u64) {
        let tables = self.read();
        (tables.list(resource, namespace), tables.revision())
    }

    /// The same as it was at an older revision.
    pub(crate) fn list_at(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
        revision: u64,
    ) -> Result<Vec<Arc<Stored>>, Expired> {
        self.read().list_at(resource, namespace, revision)
    }

    /// The events of a resource after a revision, oldest first, and the revision up to which this is all.
    pub(crate) fn events_after(
        &self,
        resource: &GroupResource,
        revision: u64,
    ) -> Result<(Vec<Arc<Event>>, u64), Expired> {
        self.read().events_after(resource, revision, usize::MAX)
    }

    /// The first of them, not more than `limit`.
    pub(crate) fn some_events_after(
        &self,
        resource: &GroupResource,
        revision: u64,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, u64), Expired> {
        self.read().events_after(resource, revision, limit)
    }

    /// Wakes when a resource has new events.
    pub(crate) fn subscribe(&self, resource: &GroupResource) -> watch::Receiver<u64> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).subscribe(resource)
    }

    /// Which resources have objects.
    pub(crate) fn resources(&self) -> Vec<GroupResource> {
        self.read().resources()
    }

    /// Makes a change; the answer comes when it is durable. Gives back the object as stored, for a removal its last
    /// state.
    pub(crate) async fn write(&self, write: Write) -> Result<Arc<Stored>, WriteError> {
        if let Some(writer) = &self.writer {
            return writer.write(write).await;
        }
        let mut news = News::default();
        let outcome = self.tables.write().unwrap_or_else(PoisonError::into_inner).apply(write, &mut news);
        news.tell();
        outcome
    }

    /// Wakes when something may be garbage.
    pub(crate) fn subscribe_garbage(&self) -> watch::Receiver<()> {
        self.read().subscribe_garbage()
    }

    /// What may be garbage since this was asked last.
    pub(crate) fn take_suspects(&self) -> BTreeSet<Place> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).take_suspects()
    }

    /// The object of a uid.
    pub(crate) fn by_uid(&self, uid: &str) -> Option<Arc<Stored>> {
        self.read().by_uid(uid)
    }

    /// What names this uid as its owner.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<Place> {
        self.read().dependents(uid)
    }

    /// Writes what waits and frees the file.
    pub(crate) fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close();
        }
    }

    /// A store in memory with the same content: costs a counter per object.
    pub(crate) fn fork(&self) -> Self {
        Self { tables: Arc::new(RwLock::new(self.read().fork())), writer: None }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }
}
