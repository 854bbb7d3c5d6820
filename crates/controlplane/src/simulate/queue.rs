//! What is to be looked at: in the order of arrival, each object once, some not before their time.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::kind::Kind;

/// The longest sleep; a clock that jumps is noticed after it.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Key>,
    known: HashSet<Key>,
    later: BTreeMap<Key, Timestamp>,
}

impl Queue {
    pub(super) fn add(&mut self, key: Key) {
        if self.known.insert(key.clone()) {
            self.waiting.push_back(key);
        }
    }

    /// Adds it when its time has come.
    pub(super) fn add_at(&mut self, key: Key, time: Timestamp) {
        let at = self.later.entry(key).or_insert(time);
        *at = (*at).min(time);
    }

    pub(super) fn next(&mut self, now: Timestamp) -> Option<Key> {
        if self.waiting.is_empty() {
            let due: Vec<_> = self.later.iter().filter(|(_, time)| **time <= now).map(|(key, _)| key.clone()).collect();
            for key in due {
                self.later.remove(&key);
                self.add(key);
            }
        }
        let key = self.waiting.pop_front()?;
        self.known.remove(&key);
        Some(key)
    }

    /// How long nothing is due.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        let earliest = self.later.values().min();
        let span = earliest.map(|time| time.duration_since(now).unsigned_abs());
        span.map_or(MAX_WAIT, |span| span.min(MAX_WAIT))
    }
}
