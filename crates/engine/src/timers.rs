//! Deadlines: one per subject and purpose, the next one always at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Deadlines of things named by `K`, in time since the engine's start.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    order: BTreeSet<(Duration, K)>,
    due: BTreeMap<K, Duration>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { order: BTreeSet::new(), due: BTreeMap::new() }
    }
}

impl<K: Clone + Ord> Timers<K> {
    /// Sets the deadline of `key`; an earlier setting is forgotten.
    pub(crate) fn set(&mut self, key: K, at: Duration) {
        self.cancel(&key);
        self.order.insert((at, key.clone()));
        self.due.insert(key, at);
    }

    /// Forgets the deadline of `key`.
    pub(crate) fn cancel(&mut self, key: &K) {
        if let Some(at) = self.due.remove(key) {
            self.order.remove(&(at, key.clone()));
        }
    }

    /// Whether `key` has a deadline.
    pub(crate) fn is_set(&self, key: &K) -> bool {
        self.due.contains_key(key)
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes one key whose deadline has passed.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<K> {
        let (at, _) = self.order.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.due.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_once() {
        let mut timers = Timers::default();
        let at = Duration::from_secs;
        timers.set("b", at(2));
        timers.set("a", at(1));
        timers.set("c", at(3));
        timers.set("a", at(4));
        timers.cancel(&"c");
        assert_eq!(timers.next(), Some(at(2)));
        assert_eq!(timers.pop(at(1)), None);
        assert_eq!(timers.pop(at(5)), Some("b"));
        assert_eq!(timers.pop(at(5)), Some("a"));
        assert_eq!(timers.pop(at(5)), None);
        assert_eq!(timers.next(), None);
    }
}
