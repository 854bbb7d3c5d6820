//! Slices: never changed after they were made, but that texts may be sorted where they are.

use std::cell::OnceCell;
use std::ops::Deref;
use std::rc::Rc;

use super::Value;

/// Which slice type of Go this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Text,
    /// `[]int`
    Int,
    /// `[][]interface {}`
    Lists,
}

impl ListKind {
    /// Go's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::Text => "[]string",
            Self::Int => "[]int",
            Self::Lists => "[][]interface {}",
        }
    }

    /// What is at a place where nothing was put.
    fn zero(self) -> Value {
        match self {
            Self::Any => Value::Nil,
            Self::Text => Value::Text([].into()),
            Self::Int => Value::Int(0),
            Self::Lists => Value::List(List::nil(Self::Any)),
        }
    }
}

/// Up to so many items Go doubles the room of a slice that grows; where it rounds to sizes of its memory is not followed.
const MAX_DOUBLED: usize = 512;

struct Data {
    kind: ListKind,
    nil: bool,
    /// Places behind the items, which `slice` reaches.
    spare: usize,
    items: Vec<Value>,
    /// The items when they have been sorted.
    sorted: OnceCell<Vec<Value>>,
}

impl Data {
    fn items(&self) -> &[Value] {
        self.sorted.get().unwrap_or(&self.items)
    }
}

/// A handle: clones share the items.
#[derive(Clone)]
pub struct List {
    data: Rc<Data>,
    /// Which of the items it shows.
    shown: (u32, u32),
}

impl List {
    /// A list of these items, which must be of the type that the kind says.
    pub fn new(kind: ListKind, items: Vec<Value>) -> Self {
        Self::with_room(kind, items, 0)
    }

    /// A list that was filled item by item, as `encoding/json` fills it: it has room for more.
    pub fn grown(kind: ListKind, items: Vec<Value>) -> Self {
        let room = if items.len() <= MAX_DOUBLED { items.len().next_power_of_two() } else { 0 };
        Self::with_room(kind, items, room)
    }

    /// A list in memory that has room for so many items.
    pub(crate) fn with_room(kind: ListKind, items: Vec<Value>, room: usize) -> Self {
        Self::of(Data { kind, nil: false, spare: room.saturating_sub(items.len()), items, sorted: OnceCell::new() })
    }

    /// Go's nil slice: empty, but `null` in JSON.
    pub fn nil(kind: ListKind) -> Self {
        Self::of(Data { kind, nil: true, spare: 0, items: Vec::new(), sorted: OnceCell::new() })
    }

    fn of(data: Data) -> Self {
        let shown = (0, u32::try_from(data.items.len()).unwrap_or(u32::MAX));
        Self { data: Rc::new(data), shown }
    }

    /// Go's `list[from:to]`: what it has room for is there as well, as its zero. `None` beyond that.
    pub fn part(&self, from: usize, to: usize) -> Option<Self> {
        if from > to || to > self.capacity() {
            return None;
        }
        let start = self.range().start;
        let shown = (u32::try_from(start + from).ok()?, u32::try_from(start + to).ok()?);
        let made = (start + to).saturating_sub(self.data.items.len());
        if made == 0 {
            return Some(Self { data: Rc::clone(&self.data), shown });
        }
        let Data { kind, spare, .. } = *self.data;
        let mut items = self.data.items().to_vec();
        items.resize(start + to, kind.zero());
        let data = Data { kind, nil: false, spare: spare - made, items, sorted: OnceCell::new() };
        Some(Self { data: Rc::new(data), shown })
    }

    /// Sorts texts where they are, for all who have the list. Of two sorts of parts the second one is not done: nobody has been
    /// seen to sort parts.
    pub(crate) fn sort_texts(&self) {
        self.data.sorted.get_or_init(|| {
            let mut items = self.data.items.clone();
            items[self.range()].sort_by(|one, other| one.as_text().cmp(&other.as_text()));
            items
        });
    }

    /// Whether somebody else may have it too.
    pub(crate) fn is_shared(&self) -> bool {
        Rc::strong_count(&self.data) > 1
    }

    fn range(&self) -> std::ops::Range<usize> {
        let [start, end] = [self.shown.0, self.shown.1].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        start..end.min(self.data.items.len())
    }

    /// Whether this is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.data.nil
    }

    /// Its type.
    pub fn kind(&self) -> ListKind {
        self.data.kind
    }

    /// How many items its memory has room for: Go's `cap`.
    pub fn capacity(&self) -> usize {
        (self.data.items.len() + self.data.spare).saturating_sub(self.range().start)
    }

    fn take_if_last(self) -> Option<Vec<Value>> {
        let mut data = Rc::try_unwrap(self.data).ok()?;
        Some(std::mem::take(&mut data.items))
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.data.items().get(self.range()).unwrap_or_default()
    }
}

/// Values may be nested as deep as a template likes, so they are not dropped by recursion.
impl Drop for Data {
    fn drop(&mut self) {
        release(|release| std::mem::take(&mut self.items).into_iter().for_each(|item| release.take(item)));
    }
}

/// Collections that are to be dropped one after the other.
#[derive(Default)]
pub(super) struct Release(Vec<Value>);

impl Release {
    pub(super) fn take(&mut self, value: Value) {
        if matches!(value, Value::Map(_) | Value::List(_)) {
            self.0.push(value);
        }
    }
}

/// Drops values one level after the other.
pub(super) fn release(first: impl FnOnce(&mut Release)) {
    let mut open = Release::default();
    first(&mut open);
    while let Some(value) = open.0.pop() {
        match value {
            Value::Map(map) => map.take_if_last().unwrap_or_default().consume(|value| open.take(value)),
            Value::List(list) => list.take_if_last().unwrap_or_default().into_iter().for_each(|value| open.take(value)),
            _ => {}
        }
    }
}
