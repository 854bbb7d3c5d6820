//! Pipelines, commands and terms.

use super::place::At;
use super::walk::Failure;
use super::{End, Run, Scope};
use crate::registry::Type;
use crate::syntax::ast::{Command, Operand, Pipe, PipeAt, Term, Tree, Variable};
use crate::value::Value;

/// A running template.
pub(super) struct State<'r, 'h, 't> {
    pub(super) run: &'r mut Run<'h>,
    pub(super) scope: &'t Scope<'t>,
    pub(super) tree: Tree<'t>,
    /// Innermost last; each template starts with `$` alone.
    pub(super) variables: Vec<(Variable, Dot)>,
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
    pub(super) fn pipe(&mut self, dot: &Dot, pipe: PipeAt) -> Result<Value, Failure> {
        self.pipe_to(dot, pipe, End::Value)
    }

    /// The same for a pipeline whose text may go to the output without becoming a value.
    pub(super) fn pipe_to(&mut self, dot: &Dot, pipe: PipeAt, to: End) -> Result<Value, Failure> {
        let pipe = self.tree.file.pipe(pipe);
        self.at = At::Pipe(pipe);
        let Some((end, before)) = self.tree.file.commands(pipe).split_last() else { return Ok(Value::None) };
        let mut last = None;
        for command in before {
            let mut value = self.command(dot, command, last, End::Value)?;
            value.none_if_nil();
            last = Some(value);
        }
        let mut value = self.command(dot, end, last, to);
        if let Ok(value) = &mut value {
            value.none_if_nil();
            if pipe.declares() {
                self.declare(pipe, value)?;
            }
        }
        value
    }

    fn declare(&mut self, pipe: &Pipe, value: &Value) -> Result<(), Failure> {
        for variable in pipe.declared.into_iter().flatten() {
            if pipe.assign {
                self.assign(variable, Dot::plain(value.clone()))?;
            } else {
                self.variables.push((variable, Dot::plain(value.clone())));
            }
        }
        Ok(())
    }

    /// Sets the innermost variable of this name.
    pub(super) fn assign(&mut self, variable: Variable, value: Dot) -> Result<(), Failure> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == variable) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.undefined(variable)),
        }
    }

    fn variable(&self, variable: Variable) -> Result<Dot, Failure> {
        match self.variables.iter().rev().find(|(known, _)| *known == variable) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.undefined(variable)),
        }
    }

    /// A variable whose declaration was read, but not run.
    fn undefined(&self, variable: Variable) -> Failure {
        let name = String::from_utf8_lossy(self.tree.file.variable(variable));
        self.error(format!("undefined variable: {name}"))
    }

    fn command(&mut self, dot: &Dot, command: &'t Command, last: Option<Value>, to: End) -> Result<Value, Failure> {
        self.run.spend(1).map_err(|message| self.error(message))?;
        let Some((first, rest)) = self.tree.file.operands(command.args).split_first() else {
            return Ok(Value::None);
        };
        match &first.term {
            Term::Function(function) => {
                self.at = At::Operand(first);
                return self.call(dot, (function, to), At::Command(command), (rest, last));
            }
            Term::Field(_) | Term::Chain(..) | Term::Variable(..) => return self.path(dot, first, rest, last),
            Term::Pipe(pipe) => {
                self.not_a_function(first, rest, last.as_ref())?;
                return self.parenthesis(dot, *pipe);
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
        Err(self.error(format!("can't give argument to non-function {}", self.tree.file.shown(first))))
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
            Term::Field(names) => {
                let names = self.tree.file.names(*names);
                return self.fields(dot, operand, (None, names), (rest, last));
            }
            Term::Variable(variable, names) => {
                let (value, names) = (self.variable(*variable)?, self.tree.file.names(*names));
                if names.is_empty() {
                    self.not_a_function(operand, rest, last.as_ref())?;
                    return Ok(value.value);
                }
                (value, names)
            }
            Term::Chain(inner, names) => {
                let value = self.untyped(dot, self.tree.file.operand(*inner))?;
                (Dot::plain(value), self.tree.file.names(*names))
            }
            _ => return self.constant(dot, operand),
        };
        self.fields(dot, operand, (Some(start), names), (rest, last))
    }

    /// A pipeline in parentheses.
    pub(super) fn parenthesis(&mut self, dot: &Dot, pipe: PipeAt) -> Result<Value, Failure> {
        self.inner(|state| state.pipe(dot, pipe))
    }

    /// What a chain starts with: a function or a pipeline in parentheses.
    fn untyped(&mut self, dot: &Dot, operand: &'t Operand) -> Result<Value, Failure> {
        self.at = At::Operand(operand);
        match &operand.term {
            Term::Pipe(pipe) => self.parenthesis(dot, *pipe),
            Term::Function(function) => self.call(dot, (function, End::Value), At::Operand(operand), (&[], None)),
            _ => self.argument(dot, Type::Any, operand),
        }
    }

    /// A term that stands for itself.
    pub(super) fn constant(&mut self, dot: &Dot, operand: &'t Operand) -> Result<Value, Failure> {
        self.at = At::Operand(operand);
        Ok(match &operand.term {
            Term::Bool(value) => Value::Bool(*value),
            Term::Dot => dot.value.clone(),
            Term::Text(index) => Value::Text(self.tree.file.literal(*index).clone()),
            Term::Number(index) => match self.tree.file.number(*index).ideal() {
                Some(number) => number,
                None => return Err(self.error(format!("{} overflows int", self.tree.file.shown(operand)))),
            },
            _ => Value::None,
        })
    }
}
