//! Mappings: few entries in a row, which is what nearly all have, many in a table.

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::{Key, Value};

/// Entries from which on a table finds a key faster than a look at each.
const MANY: usize = 16;

/// A mapping in the order of its text; of values, or of what somebody makes of them.
#[derive(Clone, Debug)]
pub struct Map<V = Value> {
    entries: Entries<V>,
}

/// The entries, each key once.
#[derive(Clone, Debug)]
enum Entries<V> {
    Few(Vec<(Key, V)>),
    /// Behind a pointer, so that the others need no room for it.
    Many(Box<IndexMap<Key, V, RandomState>>),
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self { entries: Entries::Few(Vec::new()) }
    }
}

impl<V> Map<V> {
    /// A map without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map without entries, with room for so many.
    pub fn with_capacity(capacity: usize) -> Self {
        let entries = if capacity < MANY {
            Entries::Few(Vec::with_capacity(capacity))
        } else {
            Entries::Many(Box::new(IndexMap::with_capacity_and_hasher(capacity, RandomState::default())))
        };
        Self { entries }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Few(entries) => entries.len(),
            Entries::Many(entries) => entries.len(),
        }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The value under a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        match &mut self.entries {
            Entries::Few(entries) => {
                entries.iter_mut().find(|(known, _)| known.as_str() == key).map(|(_, value)| value)
            }
            Entries::Many(entries) => entries.get_mut(key),
        }
    }

    /// The key as it was read, with its position.
    pub fn key(&self, key: &str) -> Option<&Key> {
        self.entry(key).map(|(key, _)| key)
    }

    fn entry(&self, key: &str) -> Option<(&Key, &V)> {
        match &self.entries {
            Entries::Few(entries) => {
                entries.iter().find(|(known, _)| known.as_str() == key).map(|(key, value)| (key, value))
            }
            Entries::Many(entries) => entries.get_full(key).map(|(_, key, value)| (key, value)),
        }
    }

    /// Sets a value; a new key goes to the end, a known one keeps its place. Gives back what was there.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<V>) -> Option<V> {
        let (key, value) = (key.into(), value.into());
        let entries = match &mut self.entries {
            Entries::Few(entries) => entries,
            Entries::Many(entries) => return entries.insert(key, value),
        };
        if let Some((_, known)) = entries.iter_mut().find(|(known, _)| *known == key) {
            return Some(std::mem::replace(known, value));
        }
        entries.push((key, value));
        if entries.len() >= MANY {
            self.entries = Entries::Many(Box::new(std::mem::take(entries).into_iter().collect()));
        }
        None
    }

    /// Takes a value out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        match &mut self.entries {
            Entries::Few(entries) => {
                let place = entries.iter().position(|(known, _)| known.as_str() == key)?;
                Some(entries.remove(place).1)
            }
            Entries::Many(entries) => entries.shift_remove(key),
        }
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut V) -> bool) {
        match &mut self.entries {
            Entries::Few(entries) => entries.retain_mut(|(key, value)| keep(key.as_str(), value)),
            Entries::Many(entries) => entries.retain(|key, value| keep(key.as_str(), value)),
        }
    }

    /// Gives back the room of entries that never came: for trees that are kept.
    pub(crate) fn shrink(&mut self) {
        match &mut self.entries {
            Entries::Few(entries) => entries.shrink_to_fit(),
            Entries::Many(entries) => entries.shrink_to_fit(),
        }
    }

    /// The entries in the order of the text.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> + ExactSizeIterator {
        self.pairs().map(|(key, value)| (key.as_str(), value))
    }

    /// The entries in the order of the text, values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut V)> {
        let (few, many) = match &mut self.entries {
            Entries::Few(entries) => (Some(entries.iter_mut()), None),
            Entries::Many(entries) => (None, Some(entries.iter_mut())),
        };
        let few = few.into_iter().flatten().map(|(key, value)| (key.as_str(), value));
        few.chain(many.into_iter().flatten().map(|(key, value)| (key.as_str(), value)))
    }

    /// The keys in the order of the text.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator {
        self.pairs().map(|(key, _)| key)
    }

    /// The values in the order of the text.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.pairs().map(|(_, value)| value)
    }

    /// The keys with their values, in the order of the text.
    pub fn pairs(&self) -> impl DoubleEndedIterator<Item = (&Key, &V)> + ExactSizeIterator {
        match &self.entries {
            Entries::Few(entries) => Pairs::Few(entries.iter()),
            Entries::Many(entries) => Pairs::Many(entries.iter()),
        }
    }

    /// The entries sorted by the bytes of their keys.
    pub fn sorted(&self) -> Vec<(&str, &V)> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }
}

/// Two maps are equal when they have the same entries, in whatever order.
impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Into<Key>, V: Into<W>, W> FromIterator<(K, V)> for Map<W> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self::with_capacity(entries.size_hint().0);
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// The entries of a map in their order.
enum Pairs<'a, V> {
    Few(std::slice::Iter<'a, (Key, V)>),
    Many(indexmap::map::Iter<'a, Key, V>),
}

impl<'a, V> Iterator for Pairs<'a, V> {
    type Item = (&'a Key, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(entries) => entries.next().map(|(key, value)| (key, value)),
            Self::Many(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Few(entries) => entries.size_hint(),
            Self::Many(entries) => entries.size_hint(),
        }
    }
}

impl<V> DoubleEndedIterator for Pairs<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(entries) => entries.next_back().map(|(key, value)| (key, value)),
            Self::Many(entries) => entries.next_back(),
        }
    }
}

impl<V> ExactSizeIterator for Pairs<'_, V> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Maps around the size at which a table takes over keep order, places and keys.
    #[test]
    fn few_and_many_entries_behave_alike() {
        for size in [0, 1, MANY - 1, MANY, MANY + 1, 3 * MANY] {
            let mut map: Map = (0..size).map(|number| (format!("k{number}"), number.to_string())).collect();
            assert_eq!(map.len(), size);
            let names: Vec<_> = map.iter().map(|(key, _)| key.to_owned()).collect();
            assert_eq!(names, (0..size).map(|number| format!("k{number}")).collect::<Vec<_>>());
            assert_eq!(map.keys().next_back().map(Key::as_str), names.last().map(String::as_str));
            if size == 0 {
                continue;
            }
            assert_eq!(map.insert("k0", "other").as_ref().and_then(Value::as_str), Some("0"));
            assert_eq!(map.iter().next().map(|(key, value)| (key, value.as_str())), Some(("k0", Some("other"))));
            let reversed: Map = map.iter().rev().map(|(key, value)| (key, value.clone())).collect();
            assert_eq!(map, reversed);
            assert!(map.remove("k0").is_some() && map.remove("k0").is_none() && !map.contains_key("k0"));
            assert_ne!(map, reversed);
            map.retain(|key, _| key != "k1");
            map.shrink();
            assert_eq!(map.len(), size.saturating_sub(2));
            map.iter_mut().for_each(|(_, value)| *value = Value::from("x"));
            assert!(map.values().all(|value| value.as_str() == Some("x")));
        }
    }
}
