//! Names after dots: keys of maps, fields and methods of objects.

use super::eval::{Dot, State};
use super::place::At;
use super::walk::Failure;
use crate::options::MissingKey;
use crate::registry::readable;
use crate::syntax::ast::{Operand, Span};
use crate::value::{Map, Member, Object, Value};

/// Arguments written behind a name, and the one that the pipeline brings.
pub(super) type Given<'t> = (&'t [Operand], Option<Value>);

/// Names behind one another that are followed through maps without a copy of those in between.
const SHORT: usize = 16;

impl<'t> State<'_, '_, 't> {
    /// Follows the names from a value, or from the dot; the last one may be a method with arguments.
    pub(super) fn fields(
        &mut self,
        dot: &Dot,
        operand: &'t Operand,
        path: (Option<Dot>, &'t [Span]),
        given: Given<'t>,
    ) -> Result<Value, Failure> {
        let (start, names) = path;
        let from = start.as_ref().unwrap_or(dot);
        if !has_arguments(&given)
            && names.len() <= SHORT
            && self.run.trace.is_none()
            && let Some(value) = from.value.at(names.iter().map(|name| self.tree.file.text_of(*name)))
        {
            return Ok(value);
        }
        let Some((last, inner)) = names.split_last() else { return Ok(from.value.clone()) };
        let mut inner = inner.iter();
        // The dot itself is only looked at, not copied.
        let Some(first) = inner.next() else { return self.field(dot, (from, *last), operand, given) };
        let mut receiver = self.inner_field(dot, (from, *first), operand)?;
        for name in inner {
            receiver = self.inner_field(dot, (&receiver, *name), operand)?;
        }
        self.field(dot, (&receiver, *last), operand, given)
    }

    /// A field that another one follows.
    fn inner_field(&mut self, dot: &Dot, path: (&Dot, Span), operand: &'t Operand) -> Result<Dot, Failure> {
        let boxed = matches!(&path.0.value, Value::Map(map) if map.kind().boxes());
        let value = self.field(dot, path, operand, (&[], None))?;
        Ok(Dot { value, boxed })
    }

    fn field(
        &mut self,
        dot: &Dot,
        path: (&Dot, Span),
        operand: &'t Operand,
        given: Given<'t>,
    ) -> Result<Value, Failure> {
        let (receiver, name) = path;
        let name = self.tree.file.text_of(name);
        match &receiver.value {
            Value::Map(map) => self.key(map, name, &given),
            Value::Object(object) => self.member(dot, (receiver, &**object), name, (operand, given)),
            Value::None if self.run.options.missing_key == MissingKey::Error => {
                Err(self.error(format!("nil data; no entry for key {}", crate::fmt::quote(name))))
            }
            Value::None => Ok(Value::None),
            Value::Nil => Err(self.error(format!("nil pointer evaluating interface {{}}.{}", readable(name)))),
            _ => Err(self.no_field(name, receiver)),
        }
    }

    /// A field of an object, what a method of it gives, or a key of the map that it stands for.
    fn member(
        &mut self,
        dot: &Dot,
        (receiver, object): (&Dot, &dyn Object),
        name: &[u8],
        (operand, given): (&'t Operand, Given<'t>),
    ) -> Result<Value, Failure> {
        let word = readable(name);
        match object.member(&word) {
            Some(Member::Field(_)) if has_arguments(&given) => {
                Err(self.error(format!("{word} has arguments but cannot be invoked as function")))
            }
            Some(Member::Field(value)) => Ok(value),
            Some(Member::Method { params, variadic }) => {
                let args = self.arguments(dot, &word, (params, variadic), given)?;
                object.call(&word, &args).map_err(|message| {
                    self.at = At::Operand(operand);
                    self.fault(&word, message.into())
                })
            }
            None => match object.underlying() {
                Some(Value::Map(map)) => self.key(&map, name, &given),
                _ => Err(self.no_field(name, receiver)),
            },
        }
    }

    fn key(&mut self, map: &Map, name: &[u8], given: &Given<'t>) -> Result<Value, Failure> {
        if has_arguments(given) {
            return Err(self.error(format!("{} is not a method but has arguments", readable(name))));
        }
        self.run.read(map, name);
        if let Some(value) = map.get(name) {
            return Ok(value);
        }
        if self.run.options.missing_key == MissingKey::Error {
            return Err(self.error(format!("map has no entry for key {}", crate::fmt::quote(name))));
        }
        Ok(map.kind().zero())
    }

    fn no_field(&self, name: &[u8], receiver: &Dot) -> Failure {
        let type_name = if receiver.boxed { "interface {}".into() } else { receiver.value.type_name() };
        self.error(format!("can't evaluate field {} in type {type_name}", readable(name)))
    }
}

fn has_arguments(given: &Given<'_>) -> bool {
    !given.0.is_empty() || given.1.is_some()
}
