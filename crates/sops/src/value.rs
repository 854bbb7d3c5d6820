//! The tree of a document: branches of keys and values in the order of the text, comments among them.

use std::fmt;

use zeroize::Zeroizing;

/// A text, which need not be UTF-8, and is overwritten when it is dropped.
pub type Text = Zeroizing<Vec<u8>>;

/// One document's keys and values; a YAML text has several documents.
pub type Branch = Vec<Item>;

/// What stands under a key. Its `Debug` text tells the kind only.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Null: never encrypted.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A time as RFC 3339.
    Time(String),
    /// A text.
    Text(Text),
    /// A list, comments among its entries.
    List(Vec<Entry>),
    /// Keys and values.
    Map(Branch),
    /// A comment in a list.
    Comment(Comment),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// The kind in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Time(_) => "a time",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Comment(_) => "a comment",
        }
    }

    /// The text, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { std::str::from_utf8(text).ok() } else { None }
    }

    /// What sops counts in its message authentication code, and encrypts; nothing for null and collections.
    pub(crate) fn bytes(&self) -> Text {
        Zeroizing::new(match self {
            Self::Text(text) => return text.clone(),
            Self::Comment(comment) => return comment.text.clone(),
            Self::Bool(true) => b"True".to_vec(),
            Self::Bool(false) => b"False".to_vec(),
            Self::Int(value) => value.to_string().into_bytes(),
            Self::Float(value) => float(*value).into_bytes(),
            Self::Time(text) => text.clone().into_bytes(),
            Self::Null | Self::List(_) | Self::Map(_) => Vec::new(),
        })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())
    }
}

/// A float with all its digits and no exponent, as Go's `FormatFloat(value, 'f', -1, 64)`.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format!("{value}")
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What stands there.
    pub value: Value,
    /// Its line, from 1; 0 where none is known.
    pub line: u32,
}

/// A comment, without its `#`. Its `Debug` text does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Comment {
    /// The text.
    pub text: Text,
    /// Whether it stands behind a value instead of on a line of its own.
    pub inline: bool,
}

impl Comment {
    /// A comment on a line of its own.
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        Self { text: Zeroizing::new(text.into()), inline: false }
    }
}

impl fmt::Debug for Comment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a comment")
    }
}

/// A key, or a comment between keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key.
    Text(String),
    /// A comment before the next key, or behind the last one; there is no value.
    Comment(Comment),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// The line of the value, from 1; 0 where none is known.
    pub line: u32,
}

impl Item {
    /// A key with its value.
    pub fn new(key: impl Into<String>, value: Value, line: u32) -> Self {
        Self { key: Key::Text(key.into()), value, line }
    }

    /// A comment.
    pub fn comment(comment: Comment, line: u32) -> Self {
        Self { key: Key::Comment(comment), value: Value::Null, line }
    }

    /// The key, unless it is a comment.
    pub fn name(&self) -> Option<&str> {
        if let Key::Text(name) = &self.key { Some(name) } else { None }
    }
}
