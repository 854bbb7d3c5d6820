//! The state in memory: objects by resource, the ring of events, the revision counter.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use goyaml::Value;
use tokio::sync::watch;

use super::{Change, Event, Expect, Expired, GroupResource, Name, Stored, Write, WriteError};

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
    /// Revision of the last change that removed an object or marked it for removal.
    removal: u64,
    history: usize,
    resources: HashMap<GroupResource, Resource>,
}

/// A change that was checked and has its revision, not yet shown.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) resource: GroupResource,
    pub(super) event: Event,
}

/// Changes prepared but not yet shown.
pub(super) type Overlay = HashMap<(GroupResource, Name), Option<Arc<Stored>>>;

impl Tables {
    pub(super) fn new(history: usize) -> Self {
        let history = if history == 0 { super::DEFAULT_HISTORY } else { history };
        Self { revision: 1, start: 1, removal: 1, history, resources: HashMap::new() }
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn removals(&self) -> u64 {
        self.removal
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
        self.resource(&resource).objects.insert(name, stored);
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
        let undo = self.events_after(resource, revision)?;
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

    pub(super) fn events_after(&self, resource: &GroupResource, revision: u64) -> Result<Vec<Arc<Event>>, Expired> {
        let found = self.resources.get(resource);
        let oldest = found.map_or(self.start, |found| found.forgotten.max(self.start));
        if revision < oldest {
            return Err(Expired { asked: revision, oldest });
        }
        let Some(found) = found else {
            return Ok(Vec::new());
        };
        let from = found.events.partition_point(|event| event.object.revision <= revision);
        Ok(found.events.range(from..).cloned().collect())
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

    /// Shows a prepared change to readers and wakes the watchers.
    pub(super) fn publish(&mut self, prepared: Prepared) -> Arc<Stored> {
        let Prepared { resource, event } = prepared;
        let stored = Arc::clone(&event.object);
        self.revision = stored.revision;
        if event.change == Change::Deleted || stored.value.at(&["metadata", "deletionTimestamp"]).is_some() {
            self.removal = stored.revision;
        }
        let history = self.history;
        let resource = self.resource(&resource);
        if event.change == Change::Deleted {
            resource.objects.remove(&event.name);
        } else {
            resource.objects.insert(event.name.clone(), Arc::clone(&stored));
        }
        resource.events.push_back(Arc::new(event));
        if resource.events.len() > history
            && let Some(oldest) = resource.events.pop_front()
        {
            resource.forgotten = oldest.object.revision;
        }
        resource.news.send_replace(stored.revision);
        stored
    }

    /// Prepares and shows a change at once: for a store without a disk.
    pub(super) fn apply(&mut self, write: Write) -> Result<Arc<Stored>, WriteError> {
        let mut revision = self.revision;
        let prepared = self.prepare(write, &mut Overlay::new(), &mut revision)?;
        Ok(self.publish(prepared))
    }

    /// The same objects at the same revision, without the past.
    pub(super) fn fork(&self) -> Self {
        let mut fork = Self::new(self.history);
        fork.restore_revision(self.revision);
        for (name, resource) in &self.resources {
            fork.resource(name).objects = resource.objects.clone();
        }
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
