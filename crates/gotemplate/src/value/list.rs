//! Slices: never changed after they were made.

use std::ops::Deref;
use std::rc::Rc;

use super::{Entries, Value};

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
}

/// Up to so many items Go doubles the room of a slice that grows; where it rounds to sizes of its memory is not followed.
const MAX_DOUBLED: usize = 512;

struct Data {
    kind: ListKind,
    nil: bool,
    /// Places behind the items, which `slice` reaches.
    spare: usize,
    items: Vec<Value>,
}

/// A handle: clones share the items.
#[derive(Clone)]
pub struct List(Rc<Data>);

impl List {
    /// A list of these items, which must be of the type that the kind says.
    pub fn new(kind: ListKind, items: Vec<Value>) -> Self {
        Self(Rc::new(Data { kind, nil: false, spare: 0, items }))
    }

    /// A `[]interface {}` that was filled item by item, as `encoding/json` fills it: it has room for more.
    pub fn grown(items: Vec<Value>) -> Self {
        let spare = if items.len() <= MAX_DOUBLED { items.len().next_power_of_two() - items.len() } else { 0 };
        Self(Rc::new(Data { kind: ListKind::Any, nil: false, spare, items }))
    }

    /// Go's nil slice: empty, but `null` in JSON.
    pub fn nil(kind: ListKind) -> Self {
        Self(Rc::new(Data { kind, nil: true, spare: 0, items: Vec::new() }))
    }

    /// Whether this is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Its type.
    pub fn kind(&self) -> ListKind {
        self.0.kind
    }

    /// How many items its memory has room for: Go's `cap`.
    pub fn capacity(&self) -> usize {
        self.len() + self.0.spare
    }

    fn take_if_last(self) -> Option<Vec<Value>> {
        let mut data = Rc::try_unwrap(self.0).ok()?;
        Some(std::mem::take(&mut data.items))
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

/// Values may be nested as deep as a template likes, so they are not dropped by recursion.
impl Drop for Data {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.items).into_iter());
    }
}

/// Drops values one level after the other.
pub(super) fn release(values: impl Iterator<Item = Value>) {
    let nested = |value: &Value| matches!(value, Value::Map(_) | Value::List(_));
    let mut open: Vec<Value> = values.filter(nested).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Map(map) => {
                open.extend(map.take_if_last().into_iter().flat_map(Entries::into_values).filter(nested));
            }
            Value::List(list) => open.extend(list.take_if_last().unwrap_or_default().into_iter().filter(nested)),
            _ => {}
        }
    }
}
