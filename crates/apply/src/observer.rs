//! Watches what deliveries own: one watch a kind, an index, subscribers told by key.
//!
//! Flow: [`Observer::watch`] starts a task a kind, which lists and then watches the objects that carry the owner
//! label; foreign objects never leave the server. Each event goes into the index under one lock; whoever subscribed
//! to the key, or to all, wakes up. Answers to our own writes go into the index at once, so that who has written
//! reads what was written.
//!
//! Guarantees: the index never goes back to an older `resourceVersion` of the same object; values of Secrets are kept
//! only as salted digests. Caveat: an object that loses its owner label looks like a deleted one.

mod index;
mod live;
mod stream;
mod subscription;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use goyaml::Value;
use object::{Gvk, ObjectKey};
use tokio::task::JoinHandle;

use crate::ownership::Interner;
use crate::record::AppliedRecord;
use crate::{Cluster, Drift, Pointer};
use index::Index;
pub(crate) use live::Seal;
pub use live::{Live, Manager};
pub use subscription::Subscription;

/// How long a plan waits for the first list of a kind before it asks for single objects.
const FIRST_LIST_LIMIT: Duration = Duration::from_secs(30);

/// What to watch for.
#[derive(Clone, Debug)]
pub struct ObserverOptions {
    /// Label selector of the objects that somebody owns.
    pub selector: String,
    /// Field managers whose fields count as ours.
    pub field_managers: Vec<String>,
}

impl Default for ObserverOptions {
    /// What Kustomizations own.
    fn default() -> Self {
        Self {
            selector: crate::Owner::kustomization("", "").selector(),
            field_managers: vec![crate::cluster::FIELD_MANAGER.into()],
        }
    }
}

/// A shared view of what deliveries own on one cluster.
#[derive(Clone)]
pub struct Observer {
    shared: Arc<Shared>,
}

struct Shared {
    cluster: Cluster,
    options: ObserverOptions,
    index: Mutex<Index>,
    watches: Mutex<HashMap<Gvk, Watch>>,
    interner: Interner,
    seal: Seal,
}

struct Watch {
    task: JoinHandle<()>,
    state: tokio::sync::watch::Receiver<WatchState>,
}

/// How far a watch has come.
#[derive(Clone, Debug, PartialEq, Eq)]
enum WatchState {
    /// The first list is under way.
    Starting,
    /// The index holds the kind.
    Synced,
    /// The server refuses; the text says why.
    Refused(String),
}

impl Drop for Shared {
    fn drop(&mut self) {
        let watches = self.watches.get_mut().unwrap_or_else(PoisonError::into_inner);
        for watch in watches.values() {
            watch.task.abort();
        }
    }
}

impl Observer {
    /// An observer that watches nothing yet. The cluster's own user does the watching.
    pub fn new(cluster: &Cluster, options: ObserverOptions) -> Self {
        let shared = Shared {
            cluster: cluster.clone(),
            options,
            index: Mutex::default(),
            watches: Mutex::default(),
            interner: Interner::default(),
            seal: Seal::random(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Watches these kinds and waits until each is listed once. Gives back the kinds that cannot be watched, with
    /// the reason; kinds watched already cost nothing. Must be called inside a tokio runtime.
    pub async fn watch(&self, kinds: impl IntoIterator<Item = Gvk>) -> Vec<(Gvk, String)> {
        let kinds: HashSet<Gvk> = kinds.into_iter().collect();
        let states: Vec<_> = kinds.into_iter().map(|gvk| (gvk.clone(), self.start(gvk))).collect();
        let mut refused = Vec::new();
        for (gvk, mut state) in states {
            let settled =
                tokio::time::timeout(FIRST_LIST_LIMIT, state.wait_for(|state| *state != WatchState::Starting)).await;
            match settled {
                Ok(Ok(state)) => {
                    if let WatchState::Refused(why) = &*state {
                        refused.push((gvk, why.clone()));
                    }
                }
                Ok(Err(_)) => refused.push((gvk, "the watch was stopped".into())),
                Err(_) => refused.push((gvk, format!("no answer within {} s", FIRST_LIST_LIMIT.as_secs()))),
            }
        }
        refused
    }

    fn start(&self, gvk: Gvk) -> tokio::sync::watch::Receiver<WatchState> {
        let mut watches = self.watches();
        if let Some(watch) = watches.get(&gvk) {
            let refused = matches!(*watch.state.borrow(), WatchState::Refused(_));
            if !refused && !watch.task.is_finished() {
                return watch.state.clone();
            }
            watch.task.abort();
        }
        let (sender, state) = tokio::sync::watch::channel(WatchState::Starting);
        let task = tokio::spawn(stream::run(Arc::downgrade(&self.shared), gvk.clone(), sender));
        watches.insert(gvk, Watch { task, state: state.clone() });
        state
    }

    /// Stops watching all kinds but these and forgets their objects.
    pub fn retain(&self, kinds: &HashSet<Gvk>) {
        let mut gone = Vec::new();
        self.watches().retain(|gvk, watch| {
            let keep = kinds.contains(gvk);
            if !keep {
                watch.task.abort();
                gone.push(gvk.clone());
            }
            keep
        });
        for gvk in gone {
            self.index().forget_kind(&gvk);
        }
    }

    /// Whether the index holds all owned objects of a kind.
    pub fn covers(&self, gvk: &Gvk) -> bool {
        self.watches().get(gvk).is_some_and(|watch| *watch.state.borrow() == WatchState::Synced)
    }

    /// The object as last seen, at whatever version.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<Live>> {
        self.index().get(key, None)
    }

    /// The object as last seen at this API version (without the group).
    pub fn get_at(&self, key: &ObjectKey, version: &str) -> Option<Arc<Live>> {
        self.index().get(key, Some(version))
    }

    /// Everything seen that this owner owns.
    pub fn owned_by(&self, owner: &crate::Owner) -> Vec<Arc<Live>> {
        self.index().owned_by(owner)
    }

    /// How many objects the index holds.
    pub fn len(&self) -> usize {
        self.index().len()
    }

    /// Whether the index holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Wakes up when one of these objects changes, appears or goes.
    pub fn subscribe(&self, keys: impl IntoIterator<Item = ObjectKey>) -> Subscription {
        self.index().subscribe(Some(keys.into_iter().collect()))
    }

    /// Wakes up when any object changes, appears or goes.
    pub fn subscribe_all(&self) -> Subscription {
        self.index().subscribe(None)
    }

    /// What we last applied for an object.
    pub fn record(&self, key: &ObjectKey) -> Option<Arc<AppliedRecord>> {
        self.index().record(key)
    }

    /// Forgets what we last applied, as when a delivery gives an object up.
    pub fn forget(&self, key: &ObjectKey) {
        self.index().forget_record(key);
    }

    /// How an object differs from what we last applied; `None` if it does not, or nothing is known of it.
    pub fn drift(&self, key: &ObjectKey) -> Option<Drift> {
        let (record, live) = self.index().drift_candidates(key)?;
        if live.is_none() && !self.watches_kind(key) {
            return None;
        }
        crate::drift::drift(live.as_deref(), &record)
    }

    fn watches_kind(&self, key: &ObjectKey) -> bool {
        self.watches().iter().any(|(gvk, watch)| {
            gvk.group == key.group && gvk.kind == key.kind && *watch.state.borrow() == WatchState::Synced
        })
    }

    /// Marks a write of ours as under way: the object cannot drift meanwhile.
    pub(crate) fn begin(&self, key: &ObjectKey) -> InFlight {
        self.index().begin(key);
        InFlight { observer: self.clone(), key: key.clone() }
    }

    /// The answer to an apply of `desired`: goes into the index and becomes the record.
    pub(crate) fn applied(&self, (desired, ignored): (crate::Digest, &Arc<[Pointer]>), answer: &Value) -> Arc<Live> {
        let live = Arc::new(self.read(answer));
        if let Some(record) = live.record(desired, ignored) {
            self.index().remember(live.key.clone(), record);
        }
        let gvk = live.gvk.clone();
        if self.covers(&gvk) {
            self.index().apply(&live);
        }
        live
    }

    /// Records that the live object is what applying `desired` makes, without having applied.
    pub(crate) fn confirmed(&self, (desired, ignored): (crate::Digest, &Arc<[Pointer]>), live: &Live) {
        if let Some(record) = live.record(desired, ignored) {
            self.index().remember(live.key.clone(), record);
        }
    }

    /// An object of the server in the form the index keeps it.
    pub(crate) fn read(&self, value: &Value) -> Live {
        Live::read(value, &self.shared.options.field_managers, &self.shared.interner, &self.shared.seal)
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.shared.seal
    }

    /// The first of our field managers.
    pub(crate) fn field_manager(&self) -> &str {
        self.shared.options.field_managers.first().map_or(crate::cluster::FIELD_MANAGER, String::as_str)
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.shared.index()
    }

    fn watches(&self) -> MutexGuard<'_, HashMap<Gvk, Watch>> {
        self.shared.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write under way; ends when dropped.
pub(crate) struct InFlight {
    observer: Observer,
    key: ObjectKey,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.observer.index().end(&self.key);
    }
}
