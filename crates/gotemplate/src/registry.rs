//! Which functions there are, and the types they declare: Go checks arguments by them, and so do the messages.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::error::Fault;
use crate::exec::Context;
use crate::funcs;
use crate::value::{Kind, ListKind, MapKind, Value};

/// What a function gives.
pub(crate) type Outcome = Result<Value, Fault>;

/// The Rust side of a function; arguments are as many and of such types as declared.
pub(crate) type Body = fn(&mut Context<'_, '_, '_>, &[Value]) -> Outcome;

/// A function of templates.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Type],
    /// Whether the last parameter repeats.
    pub(crate) variadic: bool,
    pub(crate) body: Does,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

/// How a function is run.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// `and`: stops at the first false argument.
    And,
    /// `or`: stops at the first true one.
    Or,
    /// Everything else.
    Run(Body),
}

/// A function with a fixed number of arguments.
pub(crate) const fn fixed(name: &'static str, params: &'static [Type], body: Body) -> Function {
    Function { name, params, variadic: false, body: Does::Run(body) }
}

/// A function whose last parameter repeats.
pub(crate) const fn many(name: &'static str, params: &'static [Type], body: Body) -> Function {
    Function { name, params, variadic: true, body: Does::Run(body) }
}

/// Go's type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`
    Any,
    /// `reflect.Value`: anything, nil too.
    Reflect,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`
    Uint32,
    /// `float64`
    Float,
    /// `string`
    Text,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// `time.Time`
    Time,
    /// `*semver.Version`
    Semver,
    /// `sprig.certificate`
    Certificate,
}

impl Type {
    /// Go's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Float => "float64",
            Self::Text => "string",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Time => "time.Time",
            Self::Semver => "*semver.Version",
            Self::Certificate => "sprig.certificate",
        }
    }

    /// Whether nil is a value of it.
    pub(crate) fn takes_nil(self) -> bool {
        matches!(self, Self::Any | Self::Reflect | Self::Map | Self::List | Self::Semver)
    }

    /// Whether a value that is not nil can be handed in as it is.
    pub(crate) fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any | Self::Reflect => true,
            Self::Map => {
                matches!(value, Value::Map(map) if matches!(map.kind(), MapKind::Any | MapKind::Nil | MapKind::Values))
            }
            Self::List => matches!(value, Value::List(list) if list.kind() == ListKind::Any),
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Int => matches!(value, Value::Int(_)),
            Self::Int64 => matches!(value, Value::Int64(_)),
            Self::Uint32 => false,
            Self::Float => matches!(value, Value::Float(_)),
            Self::Text => matches!(value, Value::Text(_)),
            Self::Time | Self::Semver | Self::Certificate => {
                matches!(value, Value::Object(object) if object.type_name() == self.name())
            }
        }
    }
}

/// The sets of functions a text can be read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Functions {
    /// Go's own and Sprig's.
    Sprig,
    /// Go's own, Sprig's and Helm's, of which some replace Sprig's.
    Helm,
}

/// By the bytes of the name, as it stands in a text.
type Table = HashMap<&'static [u8], &'static Function, RandomState>;

static SPRIG: LazyLock<Table> = LazyLock::new(|| table(&[funcs::SPRIG]));
static HELM: LazyLock<Table> = LazyLock::new(|| table(&[funcs::SPRIG, funcs::HELM]));

/// Of functions that share a name the last one counts.
fn table(sets: &[&[&'static [Function]]]) -> Table {
    let families = || sets.iter().copied().flatten().copied();
    let mut table = Table::with_capacity_and_hasher(families().map(<[Function]>::len).sum(), RandomState::default());
    table.extend(families().flatten().map(|function| (function.name.as_bytes(), function)));
    table
}

impl Functions {
    fn all(self) -> &'static Table {
        match self {
            Self::Sprig => &SPRIG,
            Self::Helm => &HELM,
        }
    }

    pub(crate) fn find(self, name: &[u8]) -> Option<&'static Function> {
        self.all().get(name).copied()
    }

    /// The names of all functions, sorted.
    pub fn names(self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.all().values().map(|function| function.name).collect();
        names.sort_unstable();
        names
    }
}

/// Arguments by their declared types. The evaluator has checked them, so a mismatch is a slip in a table of functions.
pub(crate) trait Args {
    fn text(&self, index: usize) -> &[u8];
    fn str(&self, index: usize) -> std::borrow::Cow<'_, str>;
    fn int(&self, index: usize) -> i64;
    fn map(&self, index: usize) -> crate::value::Map;
}

/// The text as characters. Names are nearly always such, which is quickly told.
pub(crate) fn readable(text: &[u8]) -> std::borrow::Cow<'_, str> {
    str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Into::into)
}

impl Args for [Value] {
    fn text(&self, index: usize) -> &[u8] {
        match self.get(index) {
            Some(Value::Text(text)) => text,
            _ => b"",
        }
    }

    fn str(&self, index: usize) -> std::borrow::Cow<'_, str> {
        readable(self.text(index))
    }

    fn int(&self, index: usize) -> i64 {
        match self.get(index) {
            Some(Value::Int(value) | Value::Int64(value)) => *value,
            _ => 0,
        }
    }

    fn map(&self, index: usize) -> crate::value::Map {
        match self.get(index) {
            Some(Value::Map(map)) => map.clone(),
            _ => crate::value::Map::new(crate::value::MapKind::Nil),
        }
    }
}

/// The items of a slice of any type, as `interface {}` values.
pub(crate) fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.to_vec()),
        Value::Bytes(bytes) => Some(bytes.iter().map(|byte| Value::Uint8(*byte)).collect()),
        Value::Object(object) if object.kind() == Kind::Slice => object.underlying().as_ref().and_then(items),
        _ => None,
    }
}

/// A list of the kind that holds what such a list holds.
pub(crate) fn same_kind(value: &Value) -> ListKind {
    match value {
        Value::List(list) => list.kind(),
        _ => ListKind::Any,
    }
}
