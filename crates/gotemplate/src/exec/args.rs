//! Calls: arguments by their declared types, the function itself, and the cost of both.

use super::eval::{Dot, State};
use super::field::Given;
use super::place::At;
use super::walk::Failure;
use super::{Context, End};
use crate::error::Fault;
use crate::registry::{Does, Function, Type};
use crate::syntax::ast::{Operand, Term};
use crate::value::{Value, go_lossy};

/// Bytes of arguments that cost one step.
const BYTES_PER_STEP: usize = 256;

/// Bytes that one item of a list takes.
const ITEM_BYTES: usize = 32;

impl<'t> State<'_, '_, 't> {
    /// Calls a function and says what its text becomes; `node` is where its own errors are placed.
    pub(super) fn call(
        &mut self,
        dot: &Dot,
        (function, to): (&'static Function, End),
        node: At<'t>,
        given: Given<'t>,
    ) -> Result<Value, Failure> {
        let (rest, last) = given;
        let body = match function.body {
            Does::And => return self.logic(dot, function, (rest, last), false),
            Does::Or => return self.logic(dot, function, (rest, last), true),
            Does::Run(body) => body,
        };
        let args = self.arguments(dot, function.name, (function.params, function.variadic), (rest, last))?;
        let size: usize = args.iter().map(size).sum();
        let paid = self.run.spend(size / BYTES_PER_STEP);
        self.run.end = to;
        let mut context = Context { run: &mut *self.run, scope: self.scope };
        let outcome = paid.map_err(Fault::from).and_then(|()| body(&mut context, &args));
        if self.run.end == End::Output {
            self.run.end = End::Value;
        }
        let outcome = outcome.and_then(|value| {
            self.run.allocate(self::size(&value))?;
            Ok(value)
        });
        match outcome {
            Ok(value) => {
                self.give_back(args);
                Ok(value)
            }
            Err(mut fault) => {
                self.at = node;
                if function.name == "call" {
                    let shown = self.callee(rest.first(), args.last());
                    fault.message = fault.message.replacen("non-function ", &format!("non-function {shown}"), 1);
                }
                Err(self.fault(function.name, fault))
            }
        }
    }

    /// Keeps the room of a list of arguments for the next call.
    fn give_back(&mut self, mut args: Vec<Value>) {
        args.clear();
        self.run.spare.push(args);
    }

    /// `and` and `or`: the first argument that decides, else the last one.
    fn logic(&mut self, dot: &Dot, function: &Function, given: Given<'t>, decides: bool) -> Result<Value, Failure> {
        let (rest, last) = given;
        self.count(function.name, (function.params, true), rest.len(), last.is_some())?;
        let mut value = Value::None;
        for operand in rest {
            value = self.argument(dot, Type::Reflect, operand)?;
            if value.is_true() == decides {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn count(&self, name: &str, params: (&[Type], bool), written: usize, last: bool) -> Result<(), Failure> {
        let (params, variadic) = params;
        let given = written + usize::from(last);
        if variadic {
            let fixed = params.len() - 1;
            if given < fixed {
                return Err(self.error(format!("wrong number of args for {name}: want at least {fixed} got {written}")));
            }
        } else if given != params.len() {
            let want = params.len();
            return Err(self.error(format!("wrong number of args for {name}: want {want} got {given}")));
        }
        Ok(())
    }

    /// The arguments, evaluated and checked.
    pub(super) fn arguments(
        &mut self,
        dot: &Dot,
        name: &str,
        params: (&'static [Type], bool),
        given: Given<'t>,
    ) -> Result<Vec<Value>, Failure> {
        let (rest, last) = given;
        self.count(name, params, rest.len(), last.is_some())?;
        let type_at = |index: usize| params.0.get(index).or(params.0.last()).copied().unwrap_or(Type::Any);
        let mut args = self.run.spare.pop().unwrap_or_default();
        for (index, operand) in rest.iter().enumerate() {
            args.push(self.argument(dot, type_at(index), operand)?);
        }
        if let Some(mut last) = last {
            self.check(&mut last, type_at(rest.len()))?;
            args.push(last);
        }
        Ok(args)
    }

    /// One argument of a type.
    pub(super) fn argument(&mut self, dot: &Dot, wanted: Type, operand: &'t Operand) -> Result<Value, Failure> {
        self.at = At::Operand(operand);
        let mut value = match &operand.term {
            Term::Dot => Ok(dot.value.clone()),
            Term::Nil if wanted.takes_nil() => return Ok(nil_of(wanted)),
            Term::Nil => return Err(self.error(format!("cannot assign nil to {}", wanted.name()))),
            Term::Field(_) | Term::Variable(..) | Term::Chain(..) => self.path(dot, operand, &[], None),
            Term::Pipe(pipe) => self.parenthesis(dot, *pipe),
            Term::Function(function) => self.call(dot, (function, End::Value), At::Operand(operand), (&[], None)),
            Term::Bool(_) | Term::Number(_) | Term::Text(_) => return self.literal(dot, wanted, operand),
        };
        if let Ok(value) = &mut value {
            self.check(value, wanted)?;
        }
        value
    }

    /// A constant as the type that is wanted.
    fn literal(&mut self, dot: &Dot, wanted: Type, operand: &'t Operand) -> Result<Value, Failure> {
        let found = match (wanted, &operand.term) {
            (Type::Any | Type::Reflect, _) => return self.constant(dot, operand),
            (Type::Bool, Term::Bool(value)) => Some(Value::Bool(*value)),
            (Type::Text, Term::Text(index)) => Some(Value::Text(self.tree.file.literal(*index).clone())),
            (_, Term::Number(index)) => self.tree.file.number(*index).of_type(wanted),
            _ => None,
        };
        found.ok_or_else(|| self.not_of_type(wanted, operand))
    }

    fn not_of_type(&self, wanted: Type, operand: &Operand) -> Failure {
        let expected = match wanted {
            Type::Bool => "bool",
            Type::Text => "string",
            Type::Int | Type::Int64 => "integer",
            Type::Uint32 => "unsigned integer",
            Type::Float => "float",
            _ => "",
        };
        let shown = self.tree.file.shown(operand);
        if expected.is_empty() {
            return self.error(format!("can't handle {shown} for arg of type {}", wanted.name()));
        }
        self.error(format!("expected {expected}; found {shown}"))
    }

    /// Refuses a value that is not of the type, in Go's words; no value becomes the nil of the type.
    fn check(&self, value: &mut Value, wanted: Type) -> Result<(), Failure> {
        match value {
            Value::None if wanted.takes_nil() => *value = nil_of(wanted),
            Value::None => return Err(self.error(format!("invalid value; expected {}", wanted.name()))),
            Value::Nil if matches!(wanted, Type::Any | Type::Reflect) => {}
            value if !value.is_nil() && wanted.takes(value) => {}
            value => {
                let got = value.type_name();
                return Err(self.error(format!("wrong type for value; expected {}; got {got}", wanted.name())));
            }
        }
        Ok(())
    }

    /// How `call` names what it was given.
    fn callee(&self, operand: Option<&Operand>, last: Option<&Value>) -> String {
        match (operand, last) {
            (Some(operand), _) => self.tree.file.shown(operand),
            (None, Some(Value::Text(text))) => go_lossy(text),
            (None, Some(value)) => format!("<{} Value>", value.type_name()),
            (None, None) => String::new(),
        }
    }
}

/// The nil of a type.
fn nil_of(wanted: Type) -> Value {
    match wanted {
        Type::Reflect => Value::None,
        Type::Map => Value::Map(crate::value::Map::new(crate::value::MapKind::Nil)),
        _ => Value::Nil,
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len() * ITEM_BYTES,
        _ => 0,
    }
}
