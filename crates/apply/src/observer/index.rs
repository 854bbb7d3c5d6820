//! What is known of the owned objects of a cluster: `apply` and `delete`, records of our own applies, subscribers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Weak};

use object::{Gvk, ObjectKey};

use super::Live;
use super::live::is_older;
use super::subscription::{Mailbox, Subscription};
use crate::Owner;
use crate::record::AppliedRecord;

#[derive(Default)]
pub(super) struct Index {
    /// Usually one a key; more where deliveries use a kind at several versions.
    objects: HashMap<ObjectKey, Vec<Arc<Live>>>,
    records: HashMap<ObjectKey, Arc<AppliedRecord>>,
    in_flight: HashMap<ObjectKey, usize>,
    subscribers: HashMap<ObjectKey, Vec<Weak<Mailbox>>>,
    all: Vec<Weak<Mailbox>>,
}

impl Index {
    /// Takes in an object, unless a newer state of it is known.
    pub(super) fn apply(&mut self, live: &Arc<Live>) {
        let known = self.objects.entry(live.key.clone()).or_default();
        match known.iter_mut().find(|known| known.gvk.version == live.gvk.version) {
            Some(known) if live.is_older_than(&known.resource_version) => return,
            Some(known) if known.resource_version == live.resource_version && known.uid == live.uid => return,
            Some(known) => *known = live.clone(),
            None => known.push(live.clone()),
        }
        self.tell(&live.key, live.owner.as_ref());
    }

    /// Takes out an object, unless a newer one of its name is known.
    pub(super) fn delete(&mut self, gvk: &Gvk, key: &ObjectKey, resource_version: &str) {
        let Some(known) = self.objects.get_mut(key) else { return };
        let Some(place) = known.iter().position(|live| live.gvk == *gvk) else { return };
        if is_older(resource_version, &known[place].resource_version) {
            return;
        }
        let gone = known.remove(place);
        if known.is_empty() {
            self.objects.remove(key);
        }
        self.tell(key, gone.owner.as_ref());
    }

    /// Takes in a whole list of a kind as of `resource_version`: what is not in it is gone.
    pub(super) fn replace(&mut self, gvk: &Gvk, list: Vec<Live>, resource_version: &str) {
        let listed: HashSet<ObjectKey> = list.iter().map(|live| live.key.clone()).collect();
        let gone: Vec<ObjectKey> = self
            .objects
            .iter()
            .filter(|(key, known)| !listed.contains(*key) && known.iter().any(|live| live.gvk == *gvk))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.delete(gvk, &key, resource_version);
        }
        for live in list {
            self.apply(&Arc::new(live));
        }
    }

    pub(super) fn forget_kind(&mut self, gvk: &Gvk) {
        self.objects.retain(|_, known| {
            known.retain(|live| live.gvk != *gvk);
            !known.is_empty()
        });
    }

    pub(super) fn get(&self, key: &ObjectKey, version: Option<&str>) -> Option<Arc<Live>> {
        let known = self.objects.get(key)?;
        match version {
            Some(version) => known.iter().find(|live| live.gvk.version == version).cloned(),
            None => known.iter().max_by_key(|live| live.resource_version.parse::<u64>().unwrap_or(0)).cloned(),
        }
    }

    pub(super) fn owned_by(&self, owner: &Owner) -> Vec<Arc<Live>> {
        let mut found: Vec<_> = self
            .objects
            .values()
            .filter_map(|known| known.first())
            .filter(|live| live.owner.as_ref() == Some(owner))
            .cloned()
            .collect();
        found.sort_by(|left, right| left.key.cmp(&right.key));
        found
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    pub(super) fn record(&self, key: &ObjectKey) -> Option<Arc<AppliedRecord>> {
        self.records.get(key).cloned()
    }

    pub(super) fn remember(&mut self, key: ObjectKey, record: AppliedRecord) {
        self.records.insert(key, Arc::new(record));
    }

    pub(super) fn forget_record(&mut self, key: &ObjectKey) {
        self.records.remove(key);
    }

    pub(super) fn begin(&mut self, key: &ObjectKey) {
        *self.in_flight.entry(key.clone()).or_default() += 1;
    }

    pub(super) fn end(&mut self, key: &ObjectKey) {
        if let Some(count) = self.in_flight.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.in_flight.remove(key);
            }
        }
        // Events that came in meanwhile were not taken for drift; whoever listens looks again now.
        let owner = self.get(key, None).and_then(|live| live.owner.clone());
        self.tell(key, owner.as_ref());
    }

    /// Record and live state of an object that can be judged: no write under way, nothing seen that is older than
    /// our own write.
    pub(super) fn drift_candidates(&self, key: &ObjectKey) -> Option<(Arc<AppliedRecord>, Option<Arc<Live>>)> {
        if self.in_flight.contains_key(key) {
            return None;
        }
        let record = self.record(key)?;
        let live = self.get(key, None);
        if live.as_ref().is_some_and(|live| live.is_older_than(&record.resource_version)) {
            return None;
        }
        Some((record, live))
    }

    pub(super) fn subscribe(&mut self, keys: Option<BTreeSet<ObjectKey>>) -> Subscription {
        let mailbox = Arc::new(Mailbox::default());
        match keys {
            None => self.all.push(Arc::downgrade(&mailbox)),
            Some(keys) => {
                for key in keys {
                    let list = self.subscribers.entry(key).or_default();
                    list.retain(|mailbox| mailbox.strong_count() > 0);
                    list.push(Arc::downgrade(&mailbox));
                }
            }
        }
        Subscription { mailbox }
    }

    fn tell(&mut self, key: &ObjectKey, owner: Option<&Owner>) {
        let post = |mailbox: &Weak<Mailbox>| match mailbox.upgrade() {
            Some(mailbox) => {
                mailbox.post(key, owner);
                true
            }
            None => false,
        };
        self.all.retain(post);
        if let Some(list) = self.subscribers.get_mut(key) {
            list.retain(post);
            if list.is_empty() {
                self.subscribers.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
