//! What templates compute with: Go's values with the types that Go's reflection would show.
//!
//! Maps are shared and can be changed (`set`), so values hold reference counts of one thread and stay inside one render.

mod convert;
mod list;
mod map;
mod object;
mod yaml;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use convert::go_lossy;
pub use convert::{MAX_DEPTH, from_yaml, given, to_yaml};
pub use list::{List, ListKind};
pub(crate) use map::{Entries, WeakMap};
pub use map::{Fields, Map, MapKind};
pub use object::{Field, Member, Object};
pub use yaml::write as write_yaml;

/// Bytes of a string; Go's strings need not be UTF-8. Shared with the parsed template or the values file it came from.
pub type Text = Arc<[u8]>;

/// A value of a running template.
///
/// What kind it is takes a word, so that values are moved word by word, as they are written. A processor waits long for what is
/// read in other pieces than it was written in just before.
#[derive(Clone, Default)]
#[repr(u64)]
pub enum Value {
    /// No value at all: the result of a pipeline that gave nil. Printed as `<no value>`.
    #[default]
    None,
    /// A nil inside of a map, a list or a field: what a missing key gives.
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Int64(i64),
    /// `uint64`
    Uint64(u64),
    /// `uint8`: one byte of a string or of `[]uint8`.
    Uint8(u8),
    /// `float64`
    Float(f64),
    /// `complex128`
    Complex(f64, f64),
    /// `string`
    Text(Text),
    /// `[]uint8`
    Bytes(Text),
    /// A map.
    Map(Map),
    /// A slice.
    List(List),
    /// Something of the host, or a time or a version.
    Object(Rc<dyn Object>),
}

/// What Go's reflection calls the kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value.
    Invalid,
    /// A nil interface.
    Interface,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// A slice.
    Slice,
    /// A map.
    Map,
    /// A struct.
    Struct,
    /// A pointer.
    Pointer,
    /// A function.
    Func,
}

impl Kind {
    /// The word of Go for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Interface => "interface",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Pointer => "ptr",
            Self::Func => "func",
        }
    }
}

/// As `%v` prints it.
impl std::fmt::Debug for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&String::from_utf8_lossy(&crate::fmt::text_of(self).unwrap_or_default()))
    }
}

impl Value {
    /// The value that keys lead to from this one through maps within one another; none if a key is not there, or no map has it. Each
    /// key is a level of the stack.
    pub(crate) fn at<'k>(&self, keys: impl ExactSizeIterator<Item = &'k [u8]>) -> Option<Self> {
        match self {
            value if keys.len() == 0 => Some(value.clone()),
            Self::Map(map) => map.at(keys),
            _ => None,
        }
    }

    /// As the result of a pipeline, which is no value if it is nil.
    pub(crate) fn none_if_nil(&mut self) {
        if matches!(self, Self::Nil) {
            *self = Self::None;
        }
    }

    /// A string.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// A list of any values.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(ListKind::Any, items))
    }

    /// A `[]string`.
    pub fn texts<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(List::new(ListKind::Text, items.into_iter().map(Self::text).collect()))
    }

    /// Whether this is nil or no value.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::None | Self::Nil)
    }

    /// Go's kind of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Self::None => Kind::Invalid,
            Self::Nil => Kind::Interface,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Int64(_) => Kind::Int64,
            Self::Uint64(_) => Kind::Uint64,
            Self::Uint8(_) => Kind::Uint8,
            Self::Float(_) => Kind::Float64,
            Self::Complex(..) => Kind::Complex128,
            Self::Text(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(object) => object.kind(),
        }
    }

    /// Go's name of the type, as `%T` prints it; that of nil is `<nil>`.
    pub fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::None => "<nil>",
            Self::Nil => "interface {}",
            Self::Bytes(_) => "[]uint8",
            Self::Map(map) => map.kind().name(),
            Self::List(list) => list.kind().name(),
            Self::Object(object) => return object.type_name(),
            _ => self.kind().name(),
        })
    }

    /// Whether a condition holds for it: not the zero of its type.
    pub fn is_true(&self) -> bool {
        match self {
            Self::None | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Uint64(value) => *value != 0,
            Self::Uint8(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Text(text) | Self::Bytes(text) => !text.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Object(object) => object.is_true(),
        }
    }

    /// The bytes of a string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The map of a map, or of an object that stands for one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What the object is under its name, where it stands for a plain value (a named map or slice); else itself.
    pub fn underlying(&self) -> Cow<'_, Self> {
        if let Self::Object(object) = self
            && let Some(value) = object.underlying()
        {
            return Cow::Owned(value);
        }
        Cow::Borrowed(self)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into_bytes().into())
    }
}

impl From<&Arc<str>> for Value {
    fn from(text: &Arc<str>) -> Self {
        Self::Text(Arc::clone(text).into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
