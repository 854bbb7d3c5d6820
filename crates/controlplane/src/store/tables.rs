//! The state in memory: objects by resource, the ring of events, the revision counter.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use goyaml::Value;
use tokio::sync::watch;

use super::owners::Owners;
use super::{Change, Event, Expect, Expired, GroupResource, Name, Place, Stored, Write, WriteError};

/// One resource: what is there and what happened last.
#[derive(Debug)]
struct Resource {
    objects: BTreeMap<Name, Arc<Stored>>,
    events: VecDeque<Arc<Event>>,
    /// Events up to this revision are no longer in the ring.
    forgotten: u64,
    news: watch::Sender<u64>,
}

/// Everything in memory.
#[derive(Debug)]
pub(super) struct Tables {
    revision: u64,
    /// Events before this revision were never in the rings of this process.
    start: u64,
    history: usize,
    owners: Owners,
    /// Told when something may be garbage.
    garbage: watch::Sender<()>,
    resources: HashMap<GroupResource, Resource>,
}

/// A change that was checked and has its revision, not yet shown.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) resource: GroupResource,
    pub(super) event: Event,
}

/// Changes prepared but not yet shown.
pub(super) type Overlay = HashMap<Place, Option<Arc<Stored>>>;

/// Who is to be told of changes that were shown. Waking thousands of watchers takes its time, so it is done when the
/// tables are no longer locked, once for each resource.
#[derive(Debug, Default)]
pub(super) struct News {
    resources: HashMap<GroupResource, (watch::Sender<u64>, u64)>,
    garbage: Option<watch::Sender<()>>,
}

impl News {
    pub(super) fn tell(self) {
        for (sender, revision) in self.resources.into_values() {
            sender.send_replace(revision);
        }
        if let Some(garbage) = self.garbage {
            garbage.send_replace(());
        }
    }
}

impl Tables {
    pub(super) fn new(history: usize) -> Self {
        let history = if history == 0 { super::DEFAULT_HISTORY } else { history };
        let (owners, garbage) = (Owners::default(), watch::Sender::new(()));
        Self { revision: 1, start: 1, history, owners, garbage, resources: HashMap::new() }
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Wakes when something may be garbage.
    pub(super) fn subscribe_garbage(&self) -> watch::Receiver<()> {
        self.garbage.subscribe()
    }

    pub(super) fn take_suspects(&mut self) -> BTreeSet<Place> {
        self.owners.take_suspects()
    }

    /// The object of a uid.
    pub(super) fn by_uid(&self, uid: &str) -> Option<Arc<Stored>> {
        let (resource, name) = self.owners.place(uid)?;
        self.get(&resource, &name)
    }

    pub(super) fn dependents(&self, uid: &str) -> Vec<Place> {
        self.owners.dependents(uid)
    }

    /// Sets the revision that was stored.
    pub(super) fn restore_revision(&mut self, revision: u64) {
        self.revision = revision;
        self.start = revision;
    }

    /// Puts an object that was stored.
    pub(super) fn restore(&mut self, resource: GroupResource, name: Name, value: Value) {
        let revision = value.str_at(&["metadata", "resourceVersion"]).and_then(|text| text.parse().ok()).unwrap_or(1);
        let stored = Arc::new(Stored::new(value, revision));
        self.resource(&resource).objects.insert(name.clone(), Arc::clone(&stored));
        self.owners.record(&(resource, name), None, Some(&stored));
    }

    pub(super) fn get(&self, resource: &GroupResource, name: &Name) -> Option<Arc<Stored>> {
        self.resources.get(resource)?.objects.get(name).cloned()
    }

    pub(super) fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> Vec<Arc<Stored>> {
        let Some(resource) = self.resources.get(resource) else {
            return Vec::new();
        };
        match namespace {
            None => resource.objects.values().cloned().collect(),
            Some(namespace) => {
                let from = Name::new(namespace, "");
                let inside = |(name, _): &(&Name, &Arc<Stored>)| &*name.namespace == namespace;
                resource.objects.range(from..).take_while(inside).map(|(_, stored)| Arc::clone(stored)).collect()
            }
        }
    }

    pub(super) fn list_at(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
        revision: u64,
    ) -> Result<Vec<Arc<Stored>>, Expired> {
        let (undo, _) = self.events_after(resource, revision, usize::MAX)?;
        if undo.is_empty() {
            return Ok(self.list(resource, namespace));
        }
        let mut objects = self.resources.get(resource).map(|found| found.objects.clone()).unwrap_or_default();
        for event in undo.iter().rev() {
            match &event.previous {
                Some(previous) => objects.insert(event.name.clone(), Arc::clone(previous)),
                None => objects.remove(&event.name),
            };
        }
        let inside = |name: &Name| namespace.is_none_or(|namespace| &*name.namespace == namespace);
        Ok(objects.into_iter().filter(|(name, _)| inside(name)).map(|(_, stored)| stored).collect())
    }

    /// The first events after a revision, not more than `limit`, and the revision up to which this is all.
    pub(super) fn events_after(
        &self,
        resource: &GroupResource,
        revision: u64,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, u64), Expired> {
        let found = self.resources.get(resource);
        let oldest = found.map_or(self.start, |found| found.forgotten.max(self.start));
        if revision < oldest {
            return Err(Expired { asked: revision, oldest });
        }
        let Some(found) = found else {
            return Ok((Vec::new(), self.revision));
        };
        let from = found.events.partition_point(|event| event.object.revision <= revision);
        let events: Vec<_> = found.events.range(from..).take(limit).cloned().collect();
        let whole = from + events.len() == found.events.len();
        let last = events.last().map_or(revision, |event| event.object.revision);
        Ok((events, if whole { self.revision } else { last }))
    }

    pub(super) fn subscribe(&mut self, resource: &GroupResource) -> watch::Receiver<u64> {
        self.resource(resource).news.subscribe()
    }

    pub(super) fn resources(&self) -> Vec<GroupResource> {
        let mut found: Vec<_> = self
            .resources
            .iter()
            .filter(|(_, resource)| !resource.objects.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        found.sort();
        found
    }

    /// Checks a change and gives it the next revision; nothing is shown yet. `None` in the overlay hides an object.
    pub(super) fn prepare(
        &self,
        write: Write,
        overlay: &mut Overlay,
        revision: &mut u64,
    ) -> Result<Prepared, WriteError> {
        let place = (write.resource, write.name);
        let current = match overlay.get(&place) {
            Some(pending) => pending.clone(),
            None => self.get(&place.0, &place.1),
        };
        let expected = match (&current, write.expect) {
            (None, Expect::Absent) => true,
            (Some(current), Expect::Revision(revision)) => current.revision == revision,
            _ => false,
        };
        let change = match (&current, &write.value) {
            _ if !expected => return Err(WriteError::Conflict),
            (None, None) => return Err(WriteError::Conflict),
            (None, Some(_)) => Change::Added,
            (Some(_), Some(_)) => Change::Modified,
            (Some(_), None) => Change::Deleted,
        };
        *revision += 1;
        let value = write.value.or_else(|| current.as_ref().map(|current| current.value.clone())).unwrap_or_default();
        let object = Arc::new(Stored::new(value, *revision));
        let shown = (change != Change::Deleted).then(|| Arc::clone(&object));
        overlay.insert(place.clone(), shown);
        let (resource, name) = place;
        Ok(Prepared { resource, event: Event { change, name, object, previous: current } })
    }

    /// Shows a prepared change to readers; watchers are told by the news.
    pub(super) fn publish(&mut self, prepared: Prepared, news: &mut News) -> Arc<Stored> {
        let Prepared { resource, event } = prepared;
        let stored = Arc::clone(&event.object);
        self.revision = stored.revision;
        let place = (resource, event.name.clone());
        let after = (event.change != Change::Deleted).then_some(&*stored);
        if self.owners.record(&place, event.previous.as_deref(), after) {
            news.garbage.get_or_insert_with(|| self.garbage.clone());
        }
        let (history, (resource, _)) = (self.history, place);
        let of = self.resource(&resource);
        if event.change == Change::Deleted {
            of.objects.remove(&event.name);
        } else {
            of.objects.insert(event.name.clone(), Arc::clone(&stored));
        }
        of.events.push_back(Arc::new(event));
        if of.events.len() > history
            && let Some(oldest) = of.events.pop_front()
        {
            of.forgotten = oldest.object.revision;
        }
        let sender = of.news.clone();
        news.resources.insert(resource, (sender, stored.revision));
        stored
    }

    /// Prepares and shows a change at once: for a store without a disk.
    pub(super) fn apply(&mut self, write: Write, news: &mut News) -> Result<Arc<Stored>, WriteError> {
        let mut revision = self.revision;
        let prepared = self.prepare(write, &mut Overlay::new(), &mut revision)?;
        Ok(self.publish(prepared, news))
    }

    /// The same objects at the same revision, without the past.
    pub(super) fn fork(&self) -> Self {
        let mut fork = Self::new(self.history);
        fork.restore_revision(self.revision);
        for (name, resource) in &self.resources {
            fork.resource(name).objects = resource.objects.clone();
        }
        fork.owners = self.owners.clone();
        fork
    }

    fn resource(&mut self, resource: &GroupResource) -> &mut Resource {
        let start = self.start;
        self.resources.entry(resource.clone()).or_insert_with(|| Resource {
            objects: BTreeMap::new(),
            events: VecDeque::new(),
            forgotten: start,
            news: watch::Sender::new(start),
        })
    }
}
