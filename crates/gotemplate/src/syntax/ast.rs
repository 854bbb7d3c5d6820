//! What a template is after it was read: an immutable tree that many runs share.

use std::sync::Arc;

use super::number::Number;
use crate::registry::Function;

/// An offset in bytes into the text of the file.
pub(crate) type Pos = u32;

/// One named template: a file, or a `define` or `block` in it.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The name it is called by.
    pub(crate) name: Arc<str>,
    /// The file it was read from.
    pub(crate) file: Arc<str>,
    /// The whole text of the file, for the places in messages.
    pub(crate) text: Arc<[u8]>,
    pub(crate) root: Vec<Item>,
}

/// What stands in a template: text, or something between braces.
#[derive(Debug)]
pub(crate) enum Item {
    Text(Pos, Box<[u8]>),
    Action(Pos, Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Pos, Arc<str>, Option<Pipe>),
    Break,
    Continue,
}

/// A pipeline with what is done if it is true and if it is not.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pos: Pos,
    pub(crate) pipe: Pipe,
    pub(crate) list: Vec<Item>,
    pub(crate) other: Option<Vec<Item>>,
}

/// Commands, each given the result of the one before, with the variables that take the last result.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: Pos,
    pub(crate) assign: bool,
    pub(crate) declared: Vec<Arc<str>>,
    pub(crate) commands: Vec<Command>,
}

/// A function, field or value with its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) pos: Pos,
    pub(crate) args: Vec<Operand>,
}

/// One term.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) pos: Pos,
    pub(crate) term: Term,
}

/// What a term is.
#[derive(Debug)]
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text { quoted: Arc<str>, text: Arc<[u8]> },
    Field(Vec<Arc<str>>),
    Variable(Arc<str>, Vec<Arc<str>>),
    Chain(Box<Operand>, Vec<Arc<str>>),
    Function(Arc<str>, &'static Function),
    Pipe(Pipe),
}

/// Whether a template is empty of everything but space; such a one does not replace another.
pub(crate) fn is_blank(items: &[Item]) -> bool {
    items.iter().all(|item| match item {
        Item::Text(_, text) => text.iter().all(u8::is_ascii_whitespace) || text_is_space(text),
        _ => false,
    })
}

fn text_is_space(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.chars().all(char::is_whitespace))
}
