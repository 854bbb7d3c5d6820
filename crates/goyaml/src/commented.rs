//! Documents with their comments, as go-yaml v3's `Node` has them: for tools that change a text and keep what people wrote.
//!
//! A comment is a node's head (above it), line (behind it) or foot (below it). Anchors are put in where they are named, merge
//! keys stay as they stand. [`emit`] writes block style and keeps no other style of the text, as a `Node` without style does.

mod read;
mod write;

pub use self::read::parse;
pub use self::write::{emit, emit_value};
use crate::Pos;

/// One document.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The root node; an empty document's is null.
    pub root: Node,
    /// Comments above the document, apart from those of its root.
    pub head: String,
    /// Comments below all of it.
    pub foot: String,
}

/// One node with its comments, each with its `#`, several on lines of their own; empty where there is none.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// What stands there.
    pub content: Content,
    /// Where it starts.
    pub pos: Pos,
    /// Comments above it.
    pub head: String,
    /// The comment behind it.
    pub line: String,
    /// Comments below it.
    pub foot: String,
}

/// What stands at a node.
#[derive(Clone, Debug, Default)]
pub enum Content {
    /// Nothing, or `null`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer beyond those.
    Uint(u64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A date or time as RFC 3339.
    Time(String),
    /// A text.
    Text(String),
    /// A text that is not UTF-8: `!!binary`.
    Bytes(Vec<u8>),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the text.
    Mapping(Vec<(Node, Node)>),
    /// A copy of what an anchor names, with its own comments.
    Alias(Box<Node>),
}

impl From<Content> for Node {
    fn from(content: Content) -> Self {
        Self { content, ..Self::default() }
    }
}
