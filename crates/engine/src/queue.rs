//! Work in line: fair between namespaces, bounded in number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::{Name, SourceName};

/// What stands in line.
pub(crate) trait InLine: Clone + Ord {
    /// Whose turn it takes.
    fn namespace(&self) -> &Arc<str>;
}

impl InLine for Name {
    fn namespace(&self) -> &Arc<str> {
        &self.namespace
    }
}

impl InLine for SourceName {
    fn namespace(&self) -> &Arc<str> {
        &self.namespace
    }
}

/// A line of names with a bounded number of them at work. Namespaces take turns, so that one with a thousand names
/// delays another's first by one piece of work at most per free place.
#[derive(Debug)]
pub(crate) struct Queue<K> {
    places: usize,
    running: usize,
    waiting: BTreeMap<Arc<str>, VecDeque<K>>,
    turns: VecDeque<Arc<str>>,
    queued: BTreeSet<K>,
}

impl<K: InLine> Queue<K> {
    /// A line with this many places of work.
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places: places.max(1),
            running: 0,
            waiting: BTreeMap::new(),
            turns: VecDeque::new(),
            queued: BTreeSet::new(),
        }
    }

    /// Changes the number of places; work under way goes on.
    pub(crate) fn resize(&mut self, places: usize) {
        /// More would only wait for each other.
        const MAX_PLACES: usize = 64;
        self.places = places.clamp(1, MAX_PLACES);
    }

    /// Puts a name in line; one that is in line already keeps its place.
    pub(crate) fn push(&mut self, name: K) {
        if !self.queued.insert(name.clone()) {
            return;
        }
        let line = self.waiting.entry(name.namespace().clone()).or_default();
        if line.is_empty() {
            self.turns.push_back(name.namespace().clone());
        }
        line.push_back(name);
    }

    /// Takes the next name if a place is free. The caller says [`Queue::done`] when its work has ended.
    pub(crate) fn pop(&mut self) -> Option<K> {
        if self.running >= self.places {
            return None;
        }
        let namespace = self.turns.pop_front()?;
        let line = self.waiting.get_mut(&namespace)?;
        let name = line.pop_front()?;
        if line.is_empty() {
            self.waiting.remove(&namespace);
        } else {
            self.turns.push_back(namespace);
        }
        self.queued.remove(&name);
        self.running += 1;
        Some(name)
    }

    /// Frees the place of one piece of work.
    pub(crate) fn done(&mut self) {
        self.running = self.running.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut Queue<Name>) -> Vec<String> {
        std::iter::from_fn(|| queue.pop()).map(|name| name.to_string()).collect()
    }

    #[test]
    fn namespaces_take_turns() {
        let mut queue = Queue::new(10);
        for name in ["1", "2", "3"] {
            queue.push(Name::new("big", name));
        }
        queue.push(Name::new("small", "1"));
        queue.push(Name::new("big", "1"));
        assert_eq!(drain(&mut queue), ["big/1", "small/1", "big/2", "big/3"]);
    }

    #[test]
    fn places_are_bounded() {
        let mut queue = Queue::new(1);
        queue.push(Name::new("a", "1"));
        queue.push(Name::new("a", "2"));
        assert_eq!(drain(&mut queue), ["a/1"]);
        queue.done();
        assert_eq!(drain(&mut queue), ["a/2"]);
        queue.done();
        assert_eq!(queue.running, 0);
    }
}
