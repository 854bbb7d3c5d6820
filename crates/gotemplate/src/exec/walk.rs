//! The items of a template one after the other: text, actions, conditions, loops, templates within templates.

use std::borrow::Cow;
use std::mem;

use super::eval::{Dot, State};
use super::place::At;
use super::{End, LEVELS_OF_ANY_STACK, Run, STACK, Scope};
use crate::error::ExecError;
use crate::exec::trace::Mark;
use crate::syntax::ast::{Branch, Call, Item, Pipe, PipeAt, Pos, Seq, Tree, Variable};
use crate::value::{ListKind, Value, go_lossy};

pub(super) type Failure = Box<ExecError>;

/// What comes after an item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

/// Runs a template over data; its output goes to the end of the buffer.
pub(super) fn execute(run: &mut Run<'_>, scope: &Scope<'_>, tree: Tree<'_>, data: Value) -> Result<(), Failure> {
    let mut variables = run.spare_variables.pop().unwrap_or_default();
    variables.push((Variable::DATA, Dot::plain(data.clone())));
    let mut state = State { run, scope, tree, variables, at: At::Nothing };
    state.items(&Dot::plain(data), tree.template.root)?;
    let State { run, mut variables, .. } = state;
    variables.clear();
    run.spare_variables.push(variables);
    Ok(())
}

impl<'t> State<'_, '_, 't> {
    /// Runs what stands within something else. Charts have a dozen levels; of more it is unknown how many will come, so they get
    /// a stack of their own.
    pub(super) fn inner<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        self.run.levels += 1;
        let done =
            if self.run.levels == LEVELS_OF_ANY_STACK { stacker::grow(STACK, || work(self)) } else { work(self) };
        self.run.levels -= 1;
        done
    }

    fn items(&mut self, dot: &Dot, items: Seq) -> Result<Flow, Failure> {
        self.inner(|state| state.all(dot, items))
    }

    fn all(&mut self, dot: &Dot, items: Seq) -> Result<Flow, Failure> {
        for item in self.tree.file.items(items) {
            let flow = match item {
                Item::Text(span) => {
                    self.mark(span.start, true);
                    self.write(self.tree.file.text_of(*span))?
                }
                Item::Action(pos, pipe) => {
                    self.mark(*pos, false);
                    self.action(dot, item, *pipe)?
                }
                Item::If(branch) => self.condition(dot, item, branch, false)?,
                Item::With(branch) => self.condition(dot, item, branch, true)?,
                Item::Range(branch) => self.range(dot, item, branch)?,
                Item::Template(call) => {
                    let call = self.tree.file.call(*call);
                    self.mark(call.pos, false);
                    self.template(dot, item, call)?
                }
                Item::Break => Flow::Break,
                Item::Continue => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    /// Notes which place of the file what follows in the output comes from.
    fn mark(&mut self, pos: Pos, text: bool) {
        if self.run.depth == 0
            && let Some(trace) = &mut self.run.trace
        {
            trace.marks.push(Mark { out: self.run.out.len(), pos, text });
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<Flow, Failure> {
        self.run.room(text.len()).map_err(|message| self.error(message))?;
        self.run.out.extend_from_slice(text);
        Ok(Flow::Next)
    }

    fn action(&mut self, dot: &Dot, item: &'t Item, pipe: PipeAt) -> Result<Flow, Failure> {
        if self.tree.file.pipe(pipe).declares() {
            self.pipe(dot, pipe)?;
            return Ok(Flow::Next);
        }
        let value = self.pipe_to(dot, pipe, End::Output)?;
        self.at = At::Item(item);
        if mem::replace(&mut self.run.end, End::Value) == End::Written {
            return self.write(b"");
        }
        if let Value::Text(text) = &value {
            return self.write(text);
        }
        if crate::fmt::print(&value, &mut self.run.out).is_none() {
            return Err(self.error("the value is too large or too deeply nested to be printed"));
        }
        self.run.room(0).map_err(|message| self.error(message))?;
        Ok(Flow::Next)
    }

    fn condition(&mut self, dot: &Dot, item: &'t Item, branch: &'t Branch, with: bool) -> Result<Flow, Failure> {
        self.at = At::Item(item);
        let mark = self.variables.len();
        let value = self.pipe(dot, branch.pipe)?;
        let flow = if value.is_true() {
            if with { self.items(&Dot::plain(value), branch.list) } else { self.items(dot, branch.list) }
        } else {
            self.items(dot, branch.other.unwrap_or_default())
        };
        self.variables.truncate(mark);
        flow
    }

    fn template(&mut self, dot: &Dot, item: &'t Item, call: &'t Call) -> Result<Flow, Failure> {
        self.at = At::Item(item);
        let Some(tree) = self.scope.find(&call.name) else {
            return Err(self.error(format!("template {} not defined", crate::fmt::quote(call.name.as_bytes()))));
        };
        if self.run.depth >= self.run.options.depth {
            return Err(self.error(format!("exceeded maximum template depth ({})", self.run.options.depth)));
        }
        let data = match call.pipe {
            Some(pipe) => self.pipe(dot, pipe)?,
            None => Value::None,
        };
        let key = self.run.key(self.scope, tree, &data);
        let known = self.run.again(key).map_err(|message| self.error(message))?;
        if let Some(text) = known {
            return self.write(&text);
        }
        let (before, start) = (self.run.before(key), self.run.out.len());
        self.run.depth += 1;
        let done = execute(self.run, self.scope, tree, data.clone());
        self.run.depth -= 1;
        done?;
        self.run.keep(before, &data, |run| run.out[start..].into());
        Ok(Flow::Next)
    }

    fn range(&mut self, dot: &Dot, item: &'t Item, branch: &'t Branch) -> Result<Flow, Failure> {
        self.at = At::Item(item);
        let mark = self.variables.len();
        let value = self.pipe(dot, branch.pipe)?;
        let flow = match self.iterate(&value, branch)? {
            Some(flow) => flow,
            None => self.items(dot, branch.other.unwrap_or_default())?,
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    /// The loop itself; `None` if there was nothing to go through.
    fn iterate(&mut self, value: &Value, branch: &'t Branch) -> Result<Option<Flow>, Failure> {
        let value: Cow<'_, Value> = value.underlying();
        let make = match &*value {
            Value::None | Value::Nil => return Ok(None),
            Value::Int(_) => Value::Int,
            Value::Int64(_) => Value::Int64,
            Value::List(list) => {
                let boxed = list.kind() == ListKind::Any;
                let items = list.iter().enumerate().map(|(index, item)| (int(index), item.clone()));
                return self.each(items, boxed, branch);
            }
            Value::Map(map) => {
                let boxed = map.kind().boxes();
                let entries = map.entries().into_iter().map(|(key, item)| (Value::Text(key), item));
                return self.each(entries, boxed, branch);
            }
            Value::Bytes(bytes) => {
                let items = bytes.iter().enumerate().map(|(index, byte)| (int(index), Value::Uint8(*byte)));
                return self.each(items, false, branch);
            }
            Value::Uint64(number) => {
                self.check_single(&value, branch)?;
                return self.each((0..*number).map(|item| (Value::None, Value::Uint64(item))), false, branch);
            }
            Value::Uint8(number) => {
                self.check_single(&value, branch)?;
                return self.each((0..*number).map(|item| (Value::None, Value::Uint8(item))), false, branch);
            }
            other => {
                let shown = crate::fmt::text_of(other).unwrap_or_default();
                let shown = go_lossy(&shown);
                return Err(self.error(format!("range can't iterate over {shown}")));
            }
        };
        self.check_single(&value, branch)?;
        let (Value::Int(end) | Value::Int64(end)) = *value else { return Ok(None) };
        self.each((0..end).map(|item| (Value::None, make(item))), false, branch)
    }

    fn check_single(&self, value: &Value, branch: &Branch) -> Result<(), Failure> {
        if self.tree.file.pipe(branch.pipe).declared[1].is_none() {
            return Ok(());
        }
        let shown = crate::fmt::text_of(value).unwrap_or_default();
        let shown = go_lossy(&shown);
        Err(self.error(format!("can't use {shown} to iterate over more than one variable")))
    }

    fn each(
        &mut self,
        items: impl Iterator<Item = (Value, Value)>,
        boxed: bool,
        branch: &'t Branch,
    ) -> Result<Option<Flow>, Failure> {
        let pipe = self.tree.file.pipe(branch.pipe);
        let mark = self.variables.len();
        let mut ran = false;
        for (index, value) in items {
            ran = true;
            self.run.spend(1).map_err(|message| self.error(message))?;
            let item = Dot { value, boxed };
            self.bind(pipe, index, &item)?;
            let flow = self.items(&item, branch.list)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran.then_some(Flow::Next))
    }

    /// Gives the variables of a loop their values: the item, or its index and the item.
    fn bind(&mut self, pipe: &'t Pipe, index: Value, item: &Dot) -> Result<(), Failure> {
        let [Some(first), second] = pipe.declared else { return Ok(()) };
        if pipe.assign {
            match second {
                None => self.assign(first, item.clone())?,
                Some(second) => {
                    self.assign(first, Dot::plain(index))?;
                    self.assign(second, item.clone())?;
                }
            }
            return Ok(());
        }
        let top = self.variables.len();
        self.variables[top - 1].1 = item.clone();
        if second.is_some() {
            self.variables[top - 2].1 = Dot::plain(index);
        }
        Ok(())
    }
}

fn int(index: usize) -> Value {
    Value::Int(i64::try_from(index).unwrap_or(i64::MAX))
}
