//! One step of a field path: a field, a list item by key, a set member or an index, and how `fieldsV1` spells it.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use goyaml::{Map, Value};

use crate::go_text;

/// How a child is picked out of its parent.
///
/// The order of the variants is the order in which `managedFields` prints them.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// A field of an object or a key of a map (`f:`).
    Field(Arc<str>),
    /// An item of an associative list by the values of its key fields, sorted by field name (`k:`).
    Key(Arc<[(Arc<str>, Value)]>),
    /// A member of a set of scalars (`v:`).
    Value(Value),
    /// An item of a list by position (`i:`); only met in sets written by others.
    Index(i64),
}

/// A key of a `fieldsV1` tree that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Too short to hold a prefix.
    #[error("key must be 2 characters long: {0:?}")]
    TooShort(String),
    /// The second character is not a colon.
    #[error("missing colon: {0}")]
    MissingColon(String),
    /// What follows the prefix is not JSON or not a number.
    #[error("cannot read the path element {text:?}: {reason}")]
    Content {
        /// The whole key.
        text: String,
        /// Why its content cannot be read.
        reason: String,
    },
}

impl PathElement {
    /// The step to a field of this name.
    pub fn field(name: impl Into<Arc<str>>) -> Self {
        Self::Field(name.into())
    }

    /// The step to the list item with these key fields, in any order.
    pub fn key(mut fields: Vec<(Arc<str>, Value)>) -> Self {
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        Self::Key(fields.into())
    }

    /// Reads a key of a `fieldsV1` tree. `None` for a prefix that a later Kubernetes may have brought: it is left out.
    pub fn parse(text: &str) -> Result<Option<Self>, PathError> {
        let mut bytes = text.bytes();
        let (Some(prefix), Some(colon)) = (bytes.next(), bytes.next()) else {
            return Err(PathError::TooShort(text.to_owned()));
        };
        if colon != b':' {
            return Err(PathError::MissingColon(text.to_owned()));
        }
        let content = &text[2..];
        let failed = |reason: String| PathError::Content { text: text.to_owned(), reason };
        let parse = || goyaml::json::parse(content.as_bytes()).map_err(|error| failed(error.to_string()));
        Ok(Some(match prefix {
            b'f' => Self::field(content),
            b'v' => Self::Value(parse()?),
            b'k' => {
                let value = parse()?;
                let map = value.as_map().ok_or_else(|| failed("expected an object of key fields".to_owned()))?;
                Self::key(map.iter().map(|(name, value)| (Arc::from(name), value.clone())).collect())
            }
            b'i' => Self::Index(content.parse().map_err(|error| failed(format!("{error}")))?),
            _ => return Ok(None),
        }))
    }

    /// The key under which `fieldsV1` holds the element.
    pub fn to_key(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => {
                let mut out = String::from("k:{");
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    go_text::write_plain_string(&mut out, name);
                    out.push(':');
                    go_text::write_json(&mut out, value);
                }
                out.push('}');
                out
            }
            Self::Value(value) => {
                let mut out = String::from("v:");
                go_text::write_json(&mut out, value);
                out
            }
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// Whether the list item has these key fields (or is this set member).
    pub(crate) fn matches_item(&self, item: &Value) -> bool {
        match self {
            Self::Key(fields) => fields.iter().all(|(name, value)| item.get(name).is_some_and(|own| equal(own, value))),
            Self::Value(value) => equal(item, value),
            Self::Field(_) | Self::Index(_) => false,
        }
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(left), Self::Field(right)) => left.cmp(right),
            (Self::Key(left), Self::Key(right)) => compare_keys(left, right),
            (Self::Value(left), Self::Value(right)) => compare(left, right),
            (Self::Index(left), Self::Index(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PathElement {
    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PathElement {}

/// As conflict messages print it: `.name`, `[key="value"]`, `[="member"]`, `[3]`.
impl fmt::Display for PathElement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Key(fields) => {
                out.write_str("[")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(out, "{comma}{name}={}", go_text::path_value(value))?;
                }
                out.write_str("]")
            }
            Self::Value(value) => write!(out, "[={}]", go_text::path_value(value)),
            Self::Index(index) => write!(out, "[{index}]"),
        }
    }
}

/// Steps printed one after another, as in `.spec.containers[name="nginx"].image`.
pub fn display(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}

fn compare_keys(left: &[(Arc<str>, Value)], right: &[(Arc<str>, Value)]) -> Ordering {
    for (a, b) in left.iter().zip(right) {
        let order = a.0.cmp(&b.0).then_with(|| compare(&a.1, &b.1));
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

/// A number as Go's unstructured JSON holds it: integers beyond 64 signed bits become floats.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}

#[expect(clippy::cast_precision_loss, reason = "Go compares an integer with a float as floats")]
fn number(value: &Value) -> Option<Number> {
    match value.kind() {
        goyaml::Kind::Int(value) => Some(Number::Int(*value)),
        goyaml::Kind::Uint(value) => Some(Number::Float(*value as f64)),
        goyaml::Kind::Float(value) => Some(Number::Float(*value)),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "Go compares an integer with a float as floats")]
fn compare_numbers(left: Number, right: Number) -> Ordering {
    let float = |number| match number {
        Number::Int(value) => value as f64,
        Number::Float(value) => value,
    };
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => left.cmp(&right),
        _ => float(left).partial_cmp(&float(right)).unwrap_or(Ordering::Equal),
    }
}

/// A total order over values; kinds in the order number, string, boolean, list, map, null.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    use goyaml::Kind::{Bool, List, Map, Null, String};
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return compare_numbers(left, right);
    }
    let rank = |value: &Value| match value.kind() {
        String(_) => 1,
        Bool(_) => 2,
        List(_) => 3,
        Map(_) => 4,
        Null => 5,
        _ => 0_u8,
    };
    match (left.kind(), right.kind()) {
        (String(left), String(right)) => left.cmp(right),
        (Bool(left), Bool(right)) => left.cmp(right),
        (List(left), List(right)) => compare_lists(left, right),
        (Map(left), Map(right)) => compare_maps(left, right),
        _ => rank(left).cmp(&rank(right)),
    }
}

fn compare_lists(left: &[Value], right: &[Value]) -> Ordering {
    let pairs = left.iter().zip(right).map(|(left, right)| compare(left, right));
    pairs.into_iter().find(|order| *order != Ordering::Equal).unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn compare_maps(left: &Map, right: &Map) -> Ordering {
    let (left, right) = (left.sorted(), right.sorted());
    for (a, b) in left.iter().zip(&right) {
        let order = a.0.cmp(b.0).then_with(|| compare(a.1, b.1));
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

/// Whether two values are the same to the API server: numbers by value, maps in any order, lists in order.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    use goyaml::Kind::{Bool, List, Map, Null, String};
    match (left.kind(), right.kind()) {
        (String(left), String(right)) => left == right,
        (Bool(left), Bool(right)) => left == right,
        (Null, Null) => true,
        (List(left), List(right)) => {
            Arc::ptr_eq(left, right)
                || (left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right)))
        }
        (Map(left), Map(right)) => {
            Arc::ptr_eq(left, right)
                || (left.len() == right.len()
                    && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right))))
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => numbers_equal(left, right),
            _ => false,
        },
    }
}

fn numbers_equal(left: Number, right: Number) -> bool {
    let nan = |number| matches!(number, Number::Float(value) if value.is_nan());
    !nan(left) && !nan(right) && compare_numbers(left, right) == Ordering::Equal
}
