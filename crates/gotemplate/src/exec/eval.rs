//! Pipelines, commands and terms.

use super::place::At;
use super::walk::Failure;
use super::{Run, Scope};
use crate::registry::Type;
use crate::syntax::ast::{Command, Operand, Pipe, Term, Tree};
use crate::value::Value;

/// A running template.
pub(super) struct State<'r, 'h, 't> {
    pub(super) run: &'r mut Run<'h>,
    pub(super) scope: &'t Scope<'t>,
    pub(super) tree: &'t Tree,
    /// Innermost last; each template starts with `$` alone.
    pub(super) variables: Vec<(&'t str, Dot)>,
    pub(super) at: At<'t>,
}

/// A value with what messages say about its type: what a map or list of `interface {}` gave is one.
#[derive(Clone)]
pub(super) struct Dot {
    pub(super) value: Value,
    pub(super) boxed: bool,
}

impl Dot {
    pub(super) fn plain(value: Value) -> Self {
        Self { value, boxed: false }
    }
}

impl<'t> State<'_, '_, 't> {
    /// The value of a pipeline; declared variables are set and stay until the block ends.
    pub(super) fn pipe(&mut self, dot: &Dot, pipe: &'t Pipe) -> Result<Value, Failure> {
        self.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(match self.command(dot, command, value)? {
                Value::Nil => Value::None,
                value => value,
            });
        }
        let value = value.unwrap_or_default();
        for name in &pipe.declared {
            if pipe.assign {
                self.assign(name, Dot::plain(value.clone()))?;
            } else {
                self.variables.push((name, Dot::plain(value.clone())));
            }
        }
        Ok(value)
    }

    /// Sets the innermost variable of this name.
    pub(super) fn assign(&mut self, name: &str, value: Dot) -> Result<(), Failure> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn variable(&self, name: &str) -> Result<Dot, Failure> {
        match self.variables.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn command(&mut self, dot: &Dot, command: &'t Command, last: Option<Value>) -> Result<Value, Failure> {
        self.run.spend(1).map_err(|message| self.error(message))?;
        let (first, rest) = (&command.args[0], &command.args[1..]);
        match &first.term {
            Term::Function(_, function) => {
                self.at = At::Operand(first);
                return self.call(dot, function, At::Command(command), (rest, last));
            }
            Term::Field(_) | Term::Chain(..) | Term::Variable(..) => return self.path(dot, first, rest, last),
            Term::Pipe(pipe) => {
                self.not_a_function(first, rest, last.as_ref())?;
                return self.pipe(dot, pipe);
            }
            _ => {}
        }
        self.at = At::Operand(first);
        self.not_a_function(first, rest, last.as_ref())?;
        match &first.term {
            Term::Nil => Err(self.error("nil is not a command")),
            _ => self.constant(dot, first),
        }
    }

    fn not_a_function(&self, first: &Operand, rest: &[Operand], last: Option<&Value>) -> Result<(), Failure> {
        if rest.is_empty() && last.is_none() {
            return Ok(());
        }
        let mut shown = String::new();
        first.write(&mut shown);
        Err(self.error(format!("can't give argument to non-function {shown}")))
    }

    /// A field, a chain of them, or a variable, with the arguments of the method that it may end in.
    pub(super) fn path(
        &mut self,
        dot: &Dot,
        operand: &'t Operand,
        rest: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        self.at = At::Operand(operand);
        let (start, names) = match &operand.term {
            Term::Field(names) => return self.fields(dot, operand, (None, names), (rest, last)),
            Term::Variable(name, names) => {
                if names.is_empty() {
                    let value = self.variable(name)?;
                    self.not_a_function(operand, rest, last.as_ref())?;
                    return Ok(value.value);
                }
                (self.variable(name)?, names)
            }
            Term::Chain(inner, names) => {
                if let Term::Nil = inner.term {
                    let mut shown = String::new();
                    operand.write(&mut shown);
                    return Err(self.error(format!("indirection through explicit nil in {shown}")));
                }
                (Dot::plain(self.untyped(dot, inner)?), names)
            }
            _ => return self.constant(dot, operand),
        };
        self.fields(dot, operand, (Some(start), names), (rest, last))
    }

    /// What a chain starts with: a function or a pipeline in parentheses.
    fn untyped(&mut self, dot: &Dot, operand: &'t Operand) -> Result<Value, Failure> {
        self.at = At::Operand(operand);
        match &operand.term {
            Term::Pipe(pipe) => self.pipe(dot, pipe),
            Term::Function(_, function) => self.call(dot, function, At::Operand(operand), (&[], None)),
            _ => self.argument(dot, Type::Any, operand),
        }
    }

    /// A term that stands for itself.
    pub(super) fn constant(&mut self, dot: &Dot, operand: &'t Operand) -> Result<Value, Failure> {
        self.at = At::Operand(operand);
        Ok(match &operand.term {
            Term::Bool(value) => Value::Bool(*value),
            Term::Dot => dot.value.clone(),
            Term::Text { text, .. } => Value::Text(text.clone()),
            Term::Number(number) => {
                if let Some((real, imaginary)) = number.complex {
                    Value::Complex(real, imaginary)
                } else if number.looks_like_float() {
                    Value::Float(number.float.unwrap_or_default())
                } else if let Some(int) = number.int {
                    Value::Int(int)
                } else {
                    return Err(self.error(format!("{} overflows int", number.text)));
                }
            }
            _ => Value::None,
        })
    }
}
