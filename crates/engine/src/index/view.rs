//! Snapshots of the index for others.

use std::collections::BTreeSet;
use std::sync::Arc;

use object::ObjectKey;

use super::Index;
use crate::destination::ClusterId;
use crate::status::kustomization::reason;
use crate::{HealthState, Name, Phase, SourceName, State};

/// What changed since the last snapshot.
#[derive(Debug, Default)]
pub(super) struct Changed {
    sources: BTreeSet<SourceName>,
    deliveries: BTreeSet<Name>,
    other: bool,
}

impl Changed {
    pub(super) fn source(&mut self, name: &SourceName) {
        if !self.sources.contains(name) {
            self.sources.insert(name.clone());
        }
    }

    pub(super) fn other(&mut self) {
        self.other = true;
    }

    pub(super) fn is_some(&self) -> bool {
        self.other || !self.sources.is_empty() || !self.deliveries.is_empty()
    }

    pub(super) fn delivery(&mut self, name: &Name) {
        if !self.deliveries.contains(name) {
            self.deliveries.insert(name.clone());
        }
    }
}

impl Index {
    /// The next snapshot after `last`; `None` if nothing is different.
    pub(crate) fn snapshot(&mut self, last: &State, synced: bool) -> Option<State> {
        let changed = std::mem::take(&mut self.changed);
        if !changed.is_some() {
            return None;
        }
        let mut state = last.clone();
        (state.version, state.synced, state.counters) = (last.version + 1, synced, self.counters);
        state.held_back.clone_from(&self.held_back);
        for name in changed.sources {
            match self.sources.get(&name) {
                Some(source) => state.sources.insert(name.clone(), Arc::new(source.view(&name))),
                None => state.sources.remove(&name),
            };
        }
        for name in changed.deliveries {
            match self.deliveries.get(&name) {
                Some(delivery) => state.deliveries.insert(name.clone(), Arc::new(delivery.view(&name))),
                None => state.deliveries.remove(&name),
            };
        }
        Some(state)
    }

    /// The health of an object was seen.
    pub(crate) fn object_health(&mut self, cluster: ClusterId, key: &ObjectKey, health: HealthState, message: &str) {
        let Some(name) = self.owner(cluster, key).cloned() else { return };
        let Some(delivery) = self.deliveries.get_mut(&name) else { return };
        let Some(place) = delivery.objects.iter().position(|object| object.key == *key) else { return };
        let known = &delivery.objects[place];
        if known.health == health && &*known.message == message {
            return;
        }
        let object = &mut Arc::make_mut(&mut delivery.objects)[place];
        object.health = health;
        object.message = message.into();
        // What failed for its health alone may be well now; its interval may be hours away.
        let is_unwell = matches!(&delivery.phase, Phase::Failed(why) if **why == *reason::HEALTH_CHECK_FAILED);
        self.changed.delivery(&name);
        if is_unwell && health == HealthState::Current {
            self.retry(&name);
        }
    }
}
