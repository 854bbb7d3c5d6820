//! Maps: shared, changed in place, always walked in the order of their keys.

mod entries;

use std::cell::{Ref, RefCell};
use std::rc::{Rc, Weak};

pub(crate) use self::entries::Entries;
use super::{Text, Value};

/// Which map type of Go this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// `map[string]interface {}`
    Any,
    /// `map[string]interface {}` that is nil: empty, `null` in JSON, and nothing can be put into it.
    Nil,
    /// `map[string]string`
    Text,
    /// `map[string][]uint8`: the plain type of a chart's files.
    Bytes,
    /// `common.Values`: the top of a chart's values.
    Values,
}

impl MapKind {
    /// Go's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any | Self::Nil => "map[string]interface {}",
            Self::Text => "map[string]string",
            Self::Bytes => "map[string][]uint8",
            Self::Values => "common.Values",
        }
    }

    /// What a key gives that is not there.
    pub fn zero(self) -> Value {
        match self {
            Self::Any | Self::Nil | Self::Values => Value::Nil,
            Self::Text => Value::Text([].into()),
            Self::Bytes => Value::Bytes([].into()),
        }
    }

    /// Whether the values are of type `interface {}`.
    pub(crate) fn boxes(self) -> bool {
        matches!(self, Self::Any | Self::Nil | Self::Values)
    }
}

/// What a map consists of that is not made into entries before somebody asks for what is no plain value.
pub trait Fields {
    /// The text, number or truth value under a key; nothing for maps and lists, as whoever asks again must get the same one.
    fn plain(&self, key: &[u8]) -> Option<Value>;

    /// All entries.
    fn entries(&self) -> Vec<(Text, Value)>;
}

/// What makes the entries of a map when somebody asks for them.
enum Later {
    Made(Box<dyn FnOnce() -> Entries>),
    Fields(Box<dyn Fields>),
}

impl Later {
    fn make(self) -> Entries {
        match self {
            Self::Made(make) => make(),
            Self::Fields(fields) => fields.entries().into_iter().collect(),
        }
    }
}

pub(super) struct Data {
    entries: RefCell<Entries>,
    /// What makes the entries, until somebody asks for them.
    later: RefCell<Option<Later>>,
    /// Whether templates were given it, and did not make it themselves.
    given: bool,
}

impl Data {
    fn settled(&self) -> &RefCell<Entries> {
        if !self.is_settled() {
            let later = self.later.take();
            self.entries.replace(later.map(Later::make).unwrap_or_default());
        }
        &self.entries
    }

    fn is_settled(&self) -> bool {
        self.later.borrow().is_none()
    }

    fn get(&self, key: &[u8]) -> Option<Value> {
        self.plain(key).or_else(|| self.read().get(key).cloned())
    }

    /// The value of a field of which no others have to be known.
    fn plain(&self, key: &[u8]) -> Option<Value> {
        match &*self.later.borrow() {
            Some(Later::Fields(fields)) => fields.plain(key),
            _ => None,
        }
    }

    fn read(&self) -> Ref<'_, Entries> {
        self.settled().borrow()
    }
}

/// A handle: clones share the entries. The type belongs to the handle, as Go converts between named map types without
/// copying: a subchart's `.Values` is `common.Values`, and the same map inside its parent's is not.
#[derive(Clone)]
pub struct Map {
    data: Rc<Data>,
    kind: MapKind,
}

/// A handle that does not keep the map alive.
pub(crate) struct WeakMap(Weak<Data>);

impl WeakMap {
    /// Takes all entries out, so that maps within one another can end.
    pub(crate) fn clear(&self) {
        if let Some(data) = self.0.upgrade() {
            let entries = data.settled().take();
            drop(entries);
        }
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new(MapKind::Any)
    }
}

impl Map {
    /// A map without entries.
    pub fn new(kind: MapKind) -> Self {
        Self::of(kind, [])
    }

    /// A map of these entries.
    pub fn of(kind: MapKind, entries: impl IntoIterator<Item = (Text, Value)>) -> Self {
        Self::made(kind, entries.into_iter().collect(), true)
    }

    /// A map without entries that a template makes itself.
    pub(crate) fn own(kind: MapKind) -> Self {
        Self::made(kind, Entries::default(), false)
    }

    /// A map of these entries that a template makes itself.
    pub(crate) fn own_of(kind: MapKind, entries: Vec<(Text, Value)>) -> Self {
        Self::made(kind, entries.into_iter().collect(), false)
    }

    fn made(kind: MapKind, entries: Entries, given: bool) -> Self {
        Self { data: Rc::new(Data { entries: RefCell::new(entries), later: RefCell::new(None), given }), kind }
    }

    /// A map whose entries are made when they are first asked for: most of what charts set is never looked at.
    pub fn later<E>(kind: MapKind, make: impl FnOnce() -> E + 'static) -> Self
    where
        E: IntoIterator<Item = (Text, Value)>,
    {
        Self::entries_later(kind, true, || make().into_iter().collect())
    }

    /// A map of fields.
    pub fn of_fields(kind: MapKind, fields: impl Fields + 'static) -> Self {
        Self::to_be_made(kind, true, Later::Fields(Box::new(fields)))
    }

    pub(super) fn entries_later(kind: MapKind, given: bool, make: impl FnOnce() -> Entries + 'static) -> Self {
        Self::to_be_made(kind, given, Later::Made(Box::new(make)))
    }

    fn to_be_made(kind: MapKind, given: bool, later: Later) -> Self {
        let later = RefCell::new(Some(later));
        Self { data: Rc::new(Data { entries: RefCell::default(), later, given }), kind }
    }

    /// Whether templates were given it, and did not make it themselves.
    pub(crate) fn is_given(&self) -> bool {
        self.data.given
    }

    /// Its type.
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The same map under another type.
    #[must_use]
    pub fn as_kind(&self, kind: MapKind) -> Self {
        Self { data: Rc::clone(&self.data), kind }
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.data.read().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.data.read().len() == 0
    }

    /// The value under a key.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.data.get(key)
    }

    /// The same as of a value, for one key at least.
    pub(super) fn at<'k>(&self, mut keys: impl ExactSizeIterator<Item = &'k [u8]>) -> Option<Value> {
        let key = keys.next()?;
        if let Some(plain) = self.data.plain(key) {
            return plain.at(keys);
        }
        self.data.read().get(key)?.at(keys)
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.data.read().get(key).is_some()
    }

    /// Sets a value.
    pub fn insert(&self, key: impl Into<Text>, value: Value) {
        let before = self.data.settled().borrow_mut().insert(key.into(), value);
        drop(before);
    }

    /// Sets the value of a key that is written in the source.
    pub fn put(&self, key: &str, value: impl Into<Value>) {
        self.insert(key.as_bytes(), value.into());
    }

    /// Takes a value out.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        self.data.settled().borrow_mut().remove(key)
    }

    /// Makes these the entries.
    pub(crate) fn restore(&self, entries: Entries) {
        let before = self.data.settled().replace(entries);
        drop(before);
    }

    /// The entries as they are now, in the order of the keys.
    pub fn entries(&self) -> Vec<(Text, Value)> {
        self.data.read().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The keys in order.
    pub fn keys(&self) -> Vec<Text> {
        self.data.read().iter().map(|(key, _)| key.clone()).collect()
    }

    /// A number that only this map has while it lives.
    pub fn id(&self) -> usize {
        Rc::as_ptr(&self.data) as usize
    }

    /// Whether both are the same map.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.data, &other.data)
    }

    pub(crate) fn weak(&self) -> WeakMap {
        WeakMap(Rc::downgrade(&self.data))
    }

    /// Looks at the entries without copying them; they must not be changed meanwhile.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Entries) -> T) -> T {
        look(&self.data.read())
    }

    /// Whether somebody has looked at it since it was made to be filled later.
    pub(crate) fn is_settled(&self) -> bool {
        self.data.is_settled()
    }

    pub(super) fn take_if_last(self) -> Option<Entries> {
        let data = Rc::try_unwrap(self.data).ok()?;
        Some(data.entries.take())
    }
}

/// As `%v` prints it.
impl std::fmt::Debug for Map {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Value::Map(self.clone()).fmt(out)
    }
}

impl<K: AsRef<[u8]>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        Self::of(MapKind::Any, entries.into_iter().map(|(key, value)| (key.as_ref().into(), value)))
    }
}

/// Values may be nested as deep as a template likes, so they are not dropped by recursion.
impl Drop for Data {
    fn drop(&mut self) {
        let entries = self.entries.take();
        super::list::release(|release| entries.consume(|value| release.take(value)));
    }
}
