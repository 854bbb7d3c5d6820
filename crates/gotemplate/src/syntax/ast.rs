//! What a text is after it was read: nodes that many runs share.
//!
//! The nodes of a file stand in one [`Nodes`], those of a kind side by side, and refer to each other by ranges: a template of
//! a thousand nodes costs a handful of allocations. Names are not copied either: they are ranges of the text. What is larger than
//! most nodes of its kind stands apart, and they tell its number.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::number::Number;
use crate::registry::Function;
use crate::value::Text;

/// An offset in bytes into the text of the file.
pub(crate) type Pos = u32;

/// One text with the templates in it.
#[derive(Debug)]
pub(crate) struct File {
    /// Its name in messages.
    pub(crate) name: Arc<str>,
    /// The whole of it.
    pub(crate) text: Arc<[u8]>,
    /// The text itself, and what it defines.
    pub(crate) templates: Vec<Template>,
    pub(super) nodes: Nodes,
}

/// One named template: a file, or a `define` or `block` in it.
#[derive(Debug)]
pub(crate) struct Template {
    /// The name it is called by.
    pub(crate) name: Arc<str>,
    /// What it consists of: [`Item`]s.
    pub(crate) root: Seq,
    /// Whether it is empty of everything but space; such a template does not replace another.
    pub(crate) is_blank: bool,
}

/// A template in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree<'t> {
    pub(crate) file: &'t File,
    pub(crate) template: &'t Template,
}

/// All nodes of a file. Those that belong together are neighbours.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) items: Vec<Item>,
    pub(super) pipes: Vec<Pipe>,
    pub(super) commands: Vec<Command>,
    pub(super) operands: Vec<Operand>,
    pub(super) names: Vec<Span>,
    pub(super) texts: Vec<Text>,
    pub(super) numbers: Vec<Number>,
    pub(super) calls: Vec<Call>,
    /// Every variable once, but for `$`.
    pub(super) variables: Vec<Span>,
}

impl Nodes {
    /// Takes all nodes out, in no more room than they need; the room that they were gathered in stays for others.
    pub(super) fn take(&mut self) -> Self {
        Self {
            items: taken(&mut self.items),
            pipes: taken(&mut self.pipes),
            commands: taken(&mut self.commands),
            operands: taken(&mut self.operands),
            names: taken(&mut self.names),
            texts: self.texts.drain(..).collect(),
            numbers: taken(&mut self.numbers),
            calls: self.calls.drain(..).collect(),
            variables: taken(&mut self.variables),
        }
    }
}

fn taken<T: Copy>(nodes: &mut Vec<T>) -> Vec<T> {
    let taken = nodes.as_slice().to_vec();
    nodes.clear();
    taken
}

/// A number as it counts things of a file, of which there are fewer than bytes.
#[expect(clippy::cast_possible_truncation, reason = "texts are less than 4 GiB, checked before")]
pub(super) fn index(at: usize) -> u32 {
    at as u32
}

/// Neighbours among the nodes of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seq {
    start: u32,
    /// One more than where they end: never 0, so that no sequence takes no more room.
    beyond: NonZeroU32,
}

impl Seq {
    const EMPTY: Self = Self { start: 0, beyond: NonZeroU32::MIN };

    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start: index(start), beyond: NonZeroU32::MIN.saturating_add(index(end)) }
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn of<T>(self, all: &[T]) -> &[T] {
        all.get(self.start()..self.beyond.get() as usize - 1).unwrap_or_default()
    }
}

impl Default for Seq {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// A part of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: Pos,
    pub(crate) end: Pos,
}

impl Span {
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A variable of a file by its number; of two in scope that share a name, and so the number, the inner one counts. The number is
/// never 0, so that no variable takes no more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variable(NonZeroU32);

impl Variable {
    /// `$`: what a template was given.
    pub(crate) const DATA: Self = Self(NonZeroU32::MIN);

    /// The one whose name has this number among those of its file.
    pub(super) fn at(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(1).saturating_add(index))
    }

    /// The number of its name; none for `$`.
    fn index(self) -> Option<usize> {
        self.0.get().checked_sub(2).map(|index| index as usize)
    }
}

/// What stands in a template: text, or something between braces.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item {
    Text(Span),
    Action(Pos, PipeAt),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// The [`Call`] of this number.
    Template(u32),
    Break,
    Continue,
}

/// A pipeline with what is done if it is true and if it is not: [`Item`]s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Branch {
    pub(crate) pipe: PipeAt,
    pub(crate) list: Seq,
    pub(crate) other: Option<Seq>,
}

/// A template run within another one.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) pos: Pos,
    pub(crate) name: Arc<str>,
    pub(crate) pipe: Option<PipeAt>,
}

/// A pipeline by its number in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PipeAt(pub(super) u32);

/// Commands, each given the result of the one before, with the variables that take the last result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pipe {
    pub(crate) pos: Pos,
    pub(crate) assign: bool,
    /// At most two, and two only in a `range`.
    pub(crate) declared: [Option<Variable>; 2],
    /// [`Command`]s.
    pub(crate) commands: Seq,
}

impl Pipe {
    /// Whether its result goes into variables.
    pub(crate) fn declares(&self) -> bool {
        self.declared[0].is_some()
    }
}

/// A function, field or value with its arguments: [`Operand`]s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command {
    pub(crate) pos: Pos,
    pub(crate) args: Seq,
}

/// One term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operand {
    /// Where messages say that it stands: with names behind dots, the second of them.
    pub(crate) pos: Pos,
    /// How it is written, but for parentheses and chains, which tell of other nodes.
    pub(crate) span: Span,
    pub(crate) term: Term,
}

/// What a term is. Names behind dots are [`Span`]s.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    /// The number of this index.
    Number(u32),
    /// The text of this index.
    Text(u32),
    Field(Seq),
    Variable(Variable, Seq),
    /// Names behind another operand, which is the one of this index.
    Chain(u32, Seq),
    Function(&'static Function),
    Pipe(PipeAt),
}

impl File {
    pub(crate) fn items(&self, list: Seq) -> &[Item] {
        list.of(&self.nodes.items)
    }

    pub(crate) fn pipe(&self, at: PipeAt) -> &Pipe {
        &self.nodes.pipes[at.0 as usize]
    }

    /// The call of a template that an item is.
    pub(crate) fn call(&self, index: u32) -> &Call {
        &self.nodes.calls[index as usize]
    }

    pub(crate) fn commands(&self, pipe: &Pipe) -> &[Command] {
        pipe.commands.of(&self.nodes.commands)
    }

    pub(crate) fn operands(&self, list: Seq) -> &[Operand] {
        list.of(&self.nodes.operands)
    }

    pub(crate) fn names(&self, list: Seq) -> &[Span] {
        list.of(&self.nodes.names)
    }

    /// The operand that names stand behind.
    pub(crate) fn operand(&self, index: u32) -> &Operand {
        &self.nodes.operands[index as usize]
    }

    /// The text that an operand is.
    pub(crate) fn literal(&self, index: u32) -> &Text {
        &self.nodes.texts[index as usize]
    }

    /// The number that an operand is.
    pub(crate) fn number(&self, index: u32) -> &Number {
        &self.nodes.numbers[index as usize]
    }

    pub(crate) fn text_of(&self, span: Span) -> &[u8] {
        span.of(&self.text)
    }

    /// The name of a variable, with its dollar.
    pub(crate) fn variable(&self, variable: Variable) -> &[u8] {
        let name = variable.index().and_then(|index| self.nodes.variables.get(index));
        name.map_or(b"$", |name| self.text_of(*name))
    }

    /// The templates with their trees.
    pub(crate) fn trees(&self) -> impl Iterator<Item = Tree<'_>> {
        self.templates.iter().map(|template| Tree { file: self, template })
    }
}

/// Whether there is nothing but space in items of a text.
pub(super) fn is_blank(items: &[Item], text: &[u8]) -> bool {
    items.iter().all(|item| match item {
        Item::Text(span) => is_space(span.of(text)),
        _ => false,
    })
}

fn is_space(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
        || str::from_utf8(text).is_ok_and(|text| text.chars().all(char::is_whitespace))
}
