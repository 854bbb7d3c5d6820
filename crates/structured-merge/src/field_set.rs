//! Sets of field paths: what a manager owns, what an object holds, what changed between two objects.
//!
//! A set is a trie. Every entry may be a member itself and may have members below it; owning a field does not own its
//! children. Subtrees are shared, so the set operations copy only what differs.

mod fields_v1;
mod place;
mod projection;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::path::{self, PathElement};
use crate::schema::{Schema, TypeId};

pub use fields_v1::FieldsError;
pub use projection::project;

/// A set of field paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Sorted by element; no entry is without both membership and children.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) element: PathElement,
    pub(crate) member: bool,
    pub(crate) children: Option<Arc<FieldSet>>,
}

impl Entry {
    pub(crate) fn new(element: PathElement, member: bool, children: FieldSet) -> Option<Self> {
        let children = (!children.is_empty()).then(|| Arc::new(children));
        (member || children.is_some()).then_some(Self { element, member, children })
    }

    fn of(element: &PathElement, member: bool, children: Option<Arc<FieldSet>>) -> Option<Self> {
        let children = children.filter(|children| !children.is_empty());
        (member || children.is_some()).then(|| Self { element: element.clone(), member, children })
    }
}

/// The two sides of one element when two sets are walked together.
type Pair<'a> = (Option<&'a Entry>, Option<&'a Entry>);

impl FieldSet {
    /// A set without fields.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The set of these field paths, each written as field names.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::new();
        for path in paths {
            set.insert(&path.iter().map(|name| PathElement::field(*name)).collect::<Vec<_>>());
        }
        set
    }

    /// A set of entries in any order; of two entries for one element the first stays.
    pub(crate) fn from_entries(mut entries: Vec<Entry>) -> Self {
        if !entries.is_sorted_by(|left, right| left.element < right.element) {
            entries.sort_by(|left, right| left.element.cmp(&right.element));
            entries.dedup_by(|later, earlier| later.element == earlier.element);
        }
        Self { entries }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether no field is in the set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many fields are in the set.
    pub fn len(&self) -> usize {
        let below = |entry: &Entry| entry.children.as_ref().map_or(0, |children| children.len());
        self.entries.iter().map(|entry| usize::from(entry.member) + below(entry)).sum()
    }

    /// Adds a field. The empty path (the whole object) is nobody's.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let place = match self.find(first) {
            Ok(place) => place,
            Err(place) => {
                self.entries.insert(place, Entry { element: first.clone(), member: rest.is_empty(), children: None });
                place
            }
        };
        let entry = &mut self.entries[place];
        if rest.is_empty() {
            entry.member = true;
        } else {
            Arc::make_mut(entry.children.get_or_insert_default()).insert(rest);
        }
    }

    fn find(&self, element: &PathElement) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.element.cmp(element))
    }

    pub(crate) fn entry(&self, element: &PathElement) -> Option<&Entry> {
        self.find(element).ok().map(|place| &self.entries[place])
    }

    /// Whether the field itself is in the set.
    pub fn contains(&self, path: &[PathElement]) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return false;
        };
        let mut set = self;
        for element in parents {
            match set.below(element) {
                Some(children) => set = children,
                None => return false,
            }
        }
        set.entry(last).is_some_and(|entry| entry.member)
    }

    /// What the set holds below this element.
    pub fn below(&self, element: &PathElement) -> Option<&Self> {
        self.entry(element)?.children.as_deref()
    }

    /// Calls `visit` for every field: those of a level first, then those below them.
    pub fn for_each(&self, mut visit: impl FnMut(&[PathElement])) {
        self.visit(&mut Vec::new(), &mut visit);
    }

    fn visit(&self, path: &mut Vec<PathElement>, visit: &mut dyn FnMut(&[PathElement])) {
        for entry in self.entries.iter().filter(|entry| entry.member) {
            path.push(entry.element.clone());
            visit(path);
            path.pop();
        }
        for entry in &self.entries {
            if let Some(children) = &entry.children {
                path.push(entry.element.clone());
                children.visit(path, visit);
                path.pop();
            }
        }
    }

    /// All field paths, printed as in conflict messages.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.for_each(|steps| paths.push(path::display(steps)));
        paths
    }

    /// The fields of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.zip(other, |pair| match pair {
            (Some(left), Some(right)) => {
                let children = match (&left.children, &right.children) {
                    (Some(left), Some(right)) => {
                        Some(if Arc::ptr_eq(left, right) { left.clone() } else { Arc::new(left.union(right)) })
                    }
                    (one, None) | (None, one) => one.clone(),
                };
                Entry::of(&left.element, left.member || right.member, children)
            }
            (one, other) => one.or(other).cloned(),
        })
    }

    /// The fields that both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.zip(other, |pair| {
            let (Some(left), Some(right)) = pair else {
                return None;
            };
            let children = match (&left.children, &right.children) {
                (Some(left), Some(right)) => Some(Arc::new(left.intersection(right))),
                _ => None,
            };
            Entry::of(&left.element, left.member && right.member, children)
        })
    }

    /// The fields that only this set holds. Taking away a field leaves its children and the other way round.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.zip(other, |pair| {
            let left = pair.0?;
            let Some(right) = pair.1 else {
                return Some(left.clone());
            };
            let children = match (&left.children, &right.children) {
                (Some(left), Some(right)) => Some(Arc::new(left.difference(right))),
                (children, _) => children.clone(),
            };
            Entry::of(&left.element, left.member && !right.member, children)
        })
    }

    /// The fields of this set that are neither in the other set nor below one of its fields.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.zip(other, |pair| {
            let left = pair.0?;
            let Some(right) = pair.1 else {
                return Some(left.clone());
            };
            if right.member {
                return None;
            }
            let children = match (&left.children, &right.children) {
                (Some(left), Some(right)) => Some(Arc::new(left.recursive_difference(right))),
                (children, _) => children.clone(),
            };
            Entry::of(&left.element, left.member, children)
        })
    }

    fn zip(&self, other: &Self, mut join: impl FnMut(Pair<'_>) -> Option<Entry>) -> Self {
        let (mut left, mut right) = (self.entries.iter().peekable(), other.entries.iter().peekable());
        let mut entries = Vec::with_capacity(self.entries.len());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.element.cmp(&right.element),
            };
            let pair = match order {
                Ordering::Less => (left.next(), None),
                Ordering::Greater => (None, right.next()),
                Ordering::Equal => (left.next(), right.next()),
            };
            entries.extend(join(pair));
        }
        Self { entries }
    }

    /// The set with every declared field that has members below it made a member too.
    #[must_use]
    pub(crate) fn with_declared_parents(&self, schema: &Schema, of: Option<TypeId>) -> Self {
        let this = of.map(|id| schema.resolve(id));
        let entries = self.entries.iter().map(|entry| {
            let Some(children) = &entry.children else {
                return entry.clone();
            };
            let (declared, below) = match (&entry.element, this) {
                (PathElement::Field(name), Some(this)) => {
                    this.map.as_ref().map_or((false, None), |map| match map.fields.get(&**name) {
                        Some(field) => (true, Some(field.of)),
                        None => (false, map.element),
                    })
                }
                (PathElement::Key(_), Some(this)) => (false, this.list.as_ref().map(|list| list.element)),
                _ => (false, None),
            };
            let children = Some(Arc::new(children.with_declared_parents(schema, below)));
            Entry { element: entry.element.clone(), member: entry.member || declared, children }
        });
        Self { entries: entries.collect() }
    }
}
