//! The value tree: scalars, lists and maps, each node with the place it was read from.
//!
//! Containers sit behind [`Arc`], so a clone costs a counter and a change copies only the way down to it.
//! Equality ignores positions, and all else that a node carries beside its content.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

mod map;
mod names;

pub use map::Map;

/// Where a node stands in its text. Lines and columns count from 1; line 0 means "made, not read".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pos {
    /// Which text: an index that the caller of the parser chose.
    pub source: u32,
    /// Line, from 1; 0 when the node was not read from a text.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

/// One node of the tree.
#[derive(Clone, Debug)]
pub struct Value {
    kind: Kind,
    pos: Pos,
    extra: Extra,
}

/// What a node carries beside its content, in one word: the highest bit says that a scalar was quoted or a collection
/// written between brackets or braces, the others are the mark.
#[derive(Clone, Copy, Debug, Default)]
struct Extra(u32);

impl Extra {
    const QUOTED: u32 = 1 << 31;
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits in 64 bits.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// A sequence.
    List(Arc<Vec<Value>>),
    /// A mapping with text keys, in the order of the text.
    Map(Arc<Map>),
}

/// A key of a [`Map`] and where it stands. Compared by its text alone.
#[derive(Clone, Debug)]
pub struct Key {
    text: Arc<str>,
    pos: Pos,
}

impl Value {
    /// The null value without a position.
    pub const NULL: Self = Self { kind: Kind::Null, pos: Pos { source: 0, line: 0, column: 0 }, extra: Extra(0) };

    /// Marks are below this.
    pub const MARKS: u32 = Extra::QUOTED;

    /// A node of this kind, read at this place.
    pub fn new(kind: Kind, pos: Pos) -> Self {
        Self { kind, pos, extra: Extra::default() }
    }

    /// A map without entries.
    pub fn empty_map() -> Self {
        Kind::Map(Arc::default()).into()
    }

    /// What the node holds.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Where the node was read.
    pub fn pos(&self) -> Pos {
        self.pos
    }

    /// The same node, said to stand elsewhere.
    #[must_use]
    pub fn with_pos(mut self, pos: Pos) -> Self {
        self.pos = pos;
        self
    }

    /// Whether the node was written in quotes or as a block, so that it is text whatever it looks like.
    pub fn is_quoted(&self) -> bool {
        self.extra.0 & Extra::QUOTED != 0
    }

    /// The same node, said to be written in quotes or plain.
    #[must_use]
    pub fn with_quotes(mut self, is_quoted: bool) -> Self {
        self.extra = Extra(self.mark() | if is_quoted { Extra::QUOTED } else { 0 });
        self
    }

    /// Whether the node is a list or map that was written between brackets or braces.
    pub fn is_flow(&self) -> bool {
        matches!(self.kind, Kind::List(_) | Kind::Map(_)) && self.extra.0 & Extra::QUOTED != 0
    }

    /// The same list or map, said to be written between brackets or braces or not.
    #[must_use]
    pub fn with_flow(self, is_flow: bool) -> Self {
        self.with_quotes(is_flow)
    }

    /// A number that whoever changes the tree gave the node, to know it again; 0 for none. Made nodes have none, copies
    /// have that of the node they were made of.
    pub fn mark(&self) -> u32 {
        self.extra.0 & (Self::MARKS - 1)
    }

    /// The same node with a mark, which must be below [`Self::MARKS`].
    #[must_use]
    pub fn with_mark(mut self, mark: u32) -> Self {
        self.extra = Extra((self.extra.0 & Extra::QUOTED) | (mark & (Self::MARKS - 1)));
        self
    }

    /// Whether the node is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean node.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an integer node that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.kind {
            Kind::Int(value) => Some(value),
            Kind::Uint(value) => i64::try_from(value).ok(),
            _ => None,
        }
    }

    /// The entries of a map node.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list node.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map node, to be changed; a shared map is copied first.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.kind {
            Kind::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The items of a list node, to be changed; a shared list is copied first.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.kind {
            Kind::List(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The entry of a map node under this key; `None` for every other kind.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The node reached through these keys of nested maps.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text reached through these keys of nested maps.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The map under this key, made if it is missing or null; `None` if something else is there.
    pub fn child_map_mut(&mut self, key: &str) -> Option<&mut Map> {
        let map = self.as_map_mut()?;
        if map.get(key).is_none_or(Self::is_null) {
            map.insert(key, Self::empty_map());
        }
        map.get_mut(key)?.as_map_mut()
    }

    /// Sets the node reached through these keys, making maps on the way. False if something else stands in the way.
    pub fn set_at(&mut self, path: &[&str], value: impl Into<Self>) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return false;
        };
        let mut node = self;
        for key in parents {
            if node.child_map_mut(key).is_none() {
                return false;
            }
            let Some(next) = node.as_map_mut().and_then(|map| map.get_mut(key)) else {
                return false;
            };
            node = next;
        }
        node.as_map_mut().is_some_and(|map| {
            map.insert(*last, value);
            true
        })
    }

    /// Takes the node reached through these keys out of its map.
    pub fn remove_at(&mut self, path: &[&str]) -> Option<Self> {
        let (last, parents) = path.split_last()?;
        self.at(path)?;
        let mut node = self;
        for key in parents {
            node = node.as_map_mut()?.get_mut(key)?;
        }
        node.as_map_mut()?.remove(last)
    }

    /// The name of the kind as messages use it.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Int(_) | Kind::Uint(_) => "integer",
            Kind::Float(_) => "number",
            Kind::String(_) => "string",
            Kind::List(_) => "list",
            Kind::Map(_) => "map",
        }
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::NULL
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// Collections that are shared are not looked into.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Uint(one), Self::Uint(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one == other,
            (Self::String(one), Self::String(other)) => one == other,
            (Self::List(one), Self::List(other)) => Arc::ptr_eq(one, other) || one == other,
            (Self::Map(one), Self::Map(other)) => Arc::ptr_eq(one, other) || one == other,
            _ => false,
        }
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self { kind, pos: Pos::default(), extra: Extra::default() }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Kind::String(text.into()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Kind::String(text.into()).into()
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Kind::String(text).into()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Kind::Bool(value).into()
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Kind::Int(value).into()
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Kind::Uint(value), Kind::Int).into()
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Kind::Float(value).into()
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Kind::Map(Arc::new(map)).into()
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Kind::List(Arc::new(items)).into()
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        items.into_iter().collect::<Vec<_>>().into()
    }
}

impl<K: Into<Key>, V: Into<Self>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        entries.into_iter().collect::<Map>().into()
    }
}

impl Key {
    /// A key that was read at this place.
    pub fn new(text: impl Into<Arc<str>>, pos: Pos) -> Self {
        Self { text: text.into(), pos }
    }

    /// A key that was not read from a text with places; its text is kept once for all objects.
    pub(crate) fn shared(text: &str) -> Self {
        Self::new(names::shared(text), Pos::default())
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key's text, to be shared.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where the key was read.
    pub fn pos(&self) -> Pos {
        self.pos
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text, Pos::default())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::new(text, Pos::default())
    }
}

impl From<Arc<str>> for Key {
    fn from(text: Arc<str>) -> Self {
        Self::new(text, Pos::default())
    }
}
