//! Where values come from: what positions mean, and out of what values were made.
//!
//! A renderer gives every text that it reads an index ([`Tracer::add`]), which the positions of its nodes carry. When it
//! makes a value of others it says so ([`Tracer::derive`]): the new value's position then names an entry of the tracer's
//! table instead of a place in a text. [`Origins`] is the finished table, which tells a value's way ([`Origins::steps`])
//! and the places that decide it ([`Origins::places`]). A tracer that is off keeps no table and costs nothing.

mod resolve;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::{Key, Kind, Map, Pos, Value};

pub use resolve::{MAX_NESTING, MAX_STEPS, Place, Step};

/// The [`Pos::source`] of values that were made out of others; their [`Pos::column`] is the entry of the table.
const DERIVED: u32 = u32::MAX - 1;

/// A text that values are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path of the file, or what else messages call the text.
    pub name: Arc<str>,
    /// What it is.
    pub kind: SourceKind,
    /// Where the text stands in it.
    pub start: Start,
}

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// A file of the tree that is rendered.
    #[default]
    File,
    /// Something that was given to the renderer, such as the spec of a Kustomization in the cluster.
    Given,
}

/// How places in a text are places in the file that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// So many lines and columns further.
    After {
        /// Lines of the file before the text.
        lines: u32,
        /// Columns of the file before every line of the text.
        columns: u32,
    },
    /// Its lines are no lines of the file: all of it is one scalar that starts here.
    At {
        /// Line of the scalar, from 1.
        line: u32,
        /// Column of the scalar, from 1.
        column: u32,
    },
}

impl Source {
    /// A whole file.
    pub fn file(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), kind: SourceKind::File, start: Start::After { lines: 0, columns: 0 } }
    }

    /// Something that was given to the renderer.
    pub fn given(name: impl Into<Arc<str>>) -> Self {
        Self { kind: SourceKind::Given, ..Self::file(name) }
    }
}

/// How a value was made.
#[derive(Clone, Debug, Default)]
pub struct Derivation {
    by: Cow<'static, str>,
    at: Pos,
    before: Option<Value>,
    uses_before: bool,
    inputs: Vec<Value>,
}

impl Derivation {
    /// Made by what a user knows by this name, such as the field `replicas` of a kustomization.
    pub fn by(name: impl Into<Cow<'static, str>>) -> Self {
        Self { by: name.into(), ..Self::default() }
    }

    /// Where this is asked for.
    #[must_use]
    pub fn at(mut self, pos: Pos) -> Self {
        self.at = pos;
        self
    }

    /// In the place of a value that has no part in it.
    #[must_use]
    pub fn over(mut self, before: Option<&Value>) -> Self {
        self.before = before.cloned();
        self
    }

    /// Out of the value that stood there.
    #[must_use]
    pub fn of(mut self, before: &Value) -> Self {
        self.before = Some(before.clone());
        self.uses_before = true;
        self
    }

    /// Out of another value.
    #[must_use]
    pub fn with(mut self, input: &Value) -> Self {
        self.inputs.push(input.clone());
        self
    }

    /// Out of the value that stands where this is asked for.
    #[must_use]
    pub fn asked_by(self, input: &Value) -> Self {
        self.at(input.pos()).with(input)
    }
}

/// Notes how values are made.
#[derive(Debug, Default)]
pub struct Tracer {
    is_on: bool,
    table: RefCell<Origins>,
}

impl Tracer {
    /// A tracer that keeps a table, or none.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, ..Self::default() }
    }

    /// Whether a table is kept.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Makes a text known; gives the index for the positions of its nodes, from 1.
    pub fn add(&self, source: Source) -> u32 {
        let mut table = self.table.borrow_mut();
        table.sources.push(source);
        u32::try_from(table.sources.len()).unwrap_or(DERIVED - 1).min(DERIVED - 1)
    }

    /// Notes how a value was made.
    pub fn derive(&self, value: Value, how: impl FnOnce() -> Derivation) -> Value {
        if !self.is_on {
            return value;
        }
        let derivation = how();
        let again = derivation.before.as_ref().filter(|before| **before == value && self.is_again(before, &derivation));
        if let Some(before) = again {
            return value.with_pos(before.pos());
        }
        let mut table = self.table.borrow_mut();
        let Ok(column) = u32::try_from(table.derivations.len()) else { return value };
        table.derivations.push(derivation);
        let line = value.pos().line;
        value.with_pos(Pos { source: DERIVED, line, column })
    }

    /// Whether the same step was done before, to the same end.
    fn is_again(&self, before: &Value, derivation: &Derivation) -> bool {
        entry(&self.table.borrow().derivations, before.pos())
            .is_some_and(|known| known.at != Pos::default() && known.at == derivation.at && known.by == derivation.by)
    }

    /// A value whose nodes are said to stand in this text, at the lines and columns that they have.
    pub fn placed(&self, value: &Value, source: Source) -> Value {
        if self.is_on { placed(value, self.add(source)) } else { value.clone() }
    }

    /// Says that a value is another one in a new form.
    pub fn same(&self, value: Value, origin: &Value) -> Value {
        if value.pos() == origin.pos() {
            return value;
        }
        self.derive(value, || Derivation::default().of(origin))
    }

    /// Notes for every scalar in `value` what scalar it takes the place of in `before`.
    pub fn replace(&self, before: Option<&Value>, value: Value) -> Value {
        let Some(before) = before else { return value };
        self.each(value, Some(before), &|scalar, before| {
            before.map(|before| Derivation::default().over(Some(before)).asked_by(scalar))
        })
    }

    /// Notes for every scalar in `value` how it was made; `how` is given the scalar and what stood in its place.
    pub fn each(
        &self,
        value: Value,
        before: Option<&Value>,
        how: &dyn Fn(&Value, Option<&Value>) -> Option<Derivation>,
    ) -> Value {
        if !self.is_on {
            return value;
        }
        match value.kind() {
            Kind::Map(map) => {
                let entry = |(key, child): (&Key, &Value)| {
                    (key.clone(), self.each(child.clone(), before.and_then(|before| before.get(key.as_str())), how))
                };
                let entries = map.pairs().map(entry).collect::<Map>();
                in_style_of(&value, entries.into())
            }
            Kind::List(items) => {
                let old = before.and_then(Value::as_list).unwrap_or_default();
                let item = |(at, child): (usize, &Value)| self.each(child.clone(), old.get(at), how);
                in_style_of(&value, items.iter().enumerate().map(item).collect())
            }
            _ => match how(&value, before.filter(|before| !matches!(before.kind(), Kind::Map(_) | Kind::List(_)))) {
                Some(derivation) => self.derive(value, || derivation),
                None => value,
            },
        }
    }

    /// The places that decide a value, as far as it is known; see [`Origins::places`].
    pub fn places(&self, value: &Value) -> Vec<Place> {
        self.table.borrow().places(value)
    }

    /// The place that a position names; see [`Origins::place`].
    pub fn place(&self, pos: Pos) -> Option<Place> {
        self.table.borrow().place(pos)
    }

    /// The finished table.
    pub fn finish(self) -> Origins {
        self.table.into_inner()
    }
}

/// What the positions of a render's values mean.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    sources: Vec<Source>,
    derivations: Vec<Derivation>,
}

fn entry(derivations: &[Derivation], pos: Pos) -> Option<&Derivation> {
    let at = (pos.source == DERIVED).then(|| usize::try_from(pos.column).ok())?;
    derivations.get(at?)
}

/// A node with all that another one carries beside its content.
fn in_style_of(old: &Value, new: Value) -> Value {
    new.with_pos(old.pos()).with_mark(old.mark()).with_quotes(old.is_quoted())
}

fn placed(value: &Value, source: u32) -> Value {
    let at = |pos: Pos| if pos.line == 0 { pos } else { Pos { source, ..pos } };
    let pos = at(value.pos());
    match value.kind() {
        Kind::Map(map) => {
            let entry = |(key, child): (&Key, &Value)| (Key::new(key.as_str(), at(key.pos())), placed(child, source));
            Value::from(map.pairs().map(entry).collect::<Map>()).with_pos(pos)
        }
        Kind::List(items) => items.iter().map(|item| placed(item, source)).collect::<Value>().with_pos(pos),
        _ => value.clone().with_pos(pos),
    }
}

/// All scalars of a value, maps by the order of their keys in the text.
pub fn scalars(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut todo = vec![value];
    while let Some(node) = todo.pop() {
        match node.kind() {
            Kind::Map(map) => todo.extend(map.iter().rev().map(|(_, child)| child)),
            Kind::List(items) => todo.extend(items.iter().rev()),
            _ => found.push(node),
        }
    }
    found
}
