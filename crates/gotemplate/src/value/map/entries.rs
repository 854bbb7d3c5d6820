//! Entries in the order of their keys: few in a row, many in a tree.

use std::cmp::Ordering;
use std::collections::{BTreeMap, btree_map};

use super::super::{Text, Value};

/// Entries from which on putting one in the middle of a row costs more than a tree does.
const MANY: usize = 128;

/// Entries among which a look at each is faster than a search.
const GLANCE: usize = 16;

/// The entries of a map, each key once, sorted by the bytes of the keys.
#[derive(Clone)]
pub(crate) struct Entries(Kept);

#[derive(Clone)]
enum Kept {
    Few(Vec<Entry>),
    Many(BTreeMap<Text, Value>),
}

/// A key with the number that its first bytes are, which decides nearly every comparison without a look at the key.
#[derive(Clone)]
struct Entry {
    start: u64,
    key: Text,
    value: Value,
}

impl Entry {
    fn new(key: Text, value: Value) -> Self {
        Self { start: start_of(&key), key, value }
    }

    /// Whether this is the entry of a key, of which the first bytes are `start`.
    fn is(&self, start: u64, key: &[u8]) -> bool {
        self.start == start && self.key.len() == key.len() && self.key.get(START..) == key.get(START..)
    }

    fn compare(&self, start: u64, key: &[u8]) -> Ordering {
        self.start.cmp(&start).then_with(|| (*self.key).cmp(key))
    }
}

/// Bytes that the number of a key is made of.
const START: usize = size_of::<u64>();

/// The first bytes as a number that is ordered as they are; what is not there counts as zero.
fn start_of(key: &[u8]) -> u64 {
    if let Some(first) = key.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    // Pieces of short keys overlap where they are equal.
    let missing = 8 * (8 - key.len());
    if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        return u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(u32::from_be_bytes(*last)) << missing;
    }
    let byte = |at: usize| u64::from(key[at]) << (56 - 8 * at);
    if key.is_empty() { 0 } else { byte(0) | byte(key.len() / 2) | byte(key.len() - 1) }
}

impl Default for Entries {
    fn default() -> Self {
        Self(Kept::Few(Vec::new()))
    }
}

impl Entries {
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Kept::Few(row) => row.len(),
            Kept::Many(tree) => tree.len(),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&Value> {
        match &self.0 {
            Kept::Few(row) if row.len() <= GLANCE => {
                let start = start_of(key);
                row.iter().find(|entry| entry.is(start, key)).map(|entry| &entry.value)
            }
            Kept::Few(row) => find(row, key).ok().map(|at| &row[at].value),
            Kept::Many(tree) => tree.get(key),
        }
    }

    /// Sets a value; gives back what was there.
    pub(super) fn insert(&mut self, key: Text, value: Value) -> Option<Value> {
        let row = match &mut self.0 {
            Kept::Few(row) => row,
            Kept::Many(tree) => return tree.insert(key, value),
        };
        match find(row, &key) {
            Ok(at) => return Some(std::mem::replace(&mut row[at].value, value)),
            Err(at) => row.insert(at, Entry::new(key, value)),
        }
        if row.len() > MANY {
            self.0 = Kept::Many(std::mem::take(row).into_iter().map(|entry| (entry.key, entry.value)).collect());
        }
        None
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Value> {
        match &mut self.0 {
            Kept::Few(row) => find(row, key).ok().map(|at| row.remove(at).value),
            Kept::Many(tree) => tree.remove(key),
        }
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Kept::Few(row) => Iter(Row::Few(row.iter())),
            Kept::Many(tree) => Iter(Row::Many(tree.iter())),
        }
    }

    /// Does something with each value, in the order of the keys.
    pub(crate) fn consume(self, mut take: impl FnMut(Value)) {
        match self.0 {
            Kept::Few(row) => row.into_iter().for_each(|entry| take(entry.value)),
            Kept::Many(tree) => tree.into_values().for_each(take),
        }
    }
}

/// Where a key stands, or where it would.
fn find(row: &[Entry], key: &[u8]) -> Result<usize, usize> {
    let start = start_of(key);
    row.binary_search_by(|entry| entry.compare(start, key))
}

/// Of entries with one key the last counts.
impl FromIterator<(Text, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(entries: I) -> Self {
        let mut row: Vec<Entry> = entries.into_iter().map(|(key, value)| Entry::new(key, value)).collect();
        if row.len() > MANY {
            return Self(Kept::Many(row.into_iter().map(|entry| (entry.key, entry.value)).collect()));
        }
        row.sort_by(|one, other| one.compare(other.start, &other.key));
        row.dedup_by(|later, earlier| {
            let is_same = later.key == earlier.key;
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        Self(Kept::Few(row))
    }
}

impl<'e> IntoIterator for &'e Entries {
    type Item = (&'e Text, &'e Value);
    type IntoIter = Iter<'e>;

    fn into_iter(self) -> Iter<'e> {
        self.iter()
    }
}

/// The entries in the order of their keys.
pub(crate) struct Iter<'e>(Row<'e>);

enum Row<'e> {
    Few(std::slice::Iter<'e, Entry>),
    Many(btree_map::Iter<'e, Text, Value>),
}

impl<'e> Iterator for Iter<'e> {
    type Item = (&'e Text, &'e Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Row::Few(row) => row.next().map(|entry| (&entry.key, &entry.value)),
            Row::Many(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Row::Few(row) => row.size_hint(),
            Row::Many(tree) => tree.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use super::{Entries, MANY};
    use crate::value::{Text, Value};

    fn text(key: &str) -> Text {
        key.as_bytes().into()
    }

    #[test]
    fn keys_are_in_the_order_of_their_bytes() {
        let keys = ["", "\0", "a", "a\0", "a\0b", "abcdefgh", "abcdefgh\0", "abcdefghi", "b", "\u{e9}"];
        let entries: Entries = keys.iter().rev().map(|key| (text(key), Value::Nil)).collect();
        assert!(entries.iter().map(|(key, _)| &**key).eq(keys.iter().map(|key| key.as_bytes())));
        assert!(keys.iter().all(|key| entries.get(key.as_bytes()).is_some()));
        assert!(["c", "abcdefg", "abcdefghj", "a\0c"].iter().all(|key| entries.get(key.as_bytes()).is_none()));
    }

    #[test]
    fn few_and_many_entries_behave_alike() {
        for size in [1, MANY - 1, MANY, MANY + 1, 2 * MANY] {
            let mut entries = Entries::default();
            for number in (0..size).rev() {
                assert!(entries.insert(text(&format!("{number:04}")), Value::Int(1)).is_none());
            }
            assert!(entries.insert(text("0000"), Value::Int(2)).is_some());
            assert_eq!((entries.len(), entries.iter().count()), (size, size));
            let twice = entries.iter().chain(&entries).map(|(key, value)| (key.clone(), value.clone()));
            let again: Entries = twice.collect();
            assert!(again.iter().map(|(key, _)| key).eq(entries.iter().map(|(key, _)| key)));
            assert!(matches!(again.get(b"0000"), Some(Value::Int(2))));
            assert!(entries.remove(b"0000").is_some() && entries.remove(b"0000").is_none());
            let mut left = 0;
            entries.consume(|_| left += 1);
            assert_eq!(left, size - 1);
        }
    }

    #[test]
    fn of_two_entries_with_one_key_the_last_counts() {
        let entries: Entries = [1, 2, 3].map(|number| (text("k"), Value::Int(number))).into_iter().collect();
        assert!(matches!(entries.get(b"k"), Some(Value::Int(3))));
        assert_eq!(entries.len(), 1);
    }
}
