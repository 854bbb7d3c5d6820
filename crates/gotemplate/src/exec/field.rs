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
        let Some((last, inner)) = names.split_last() else {
            return Ok(start.unwrap_or_else(|| dot.clone()).value);
        };
        // The dot itself is only looked at, not copied.
        let mut receiver = match (&start, inner.split_first()) {
            (Some(start), _) => start.clone(),
            (None, None) => return Ok(self.field(dot, (dot, *last), operand, given)?.value),
            (None, Some((first, _))) => self.field(dot, (dot, *first), operand, (&[], None))?,
        };
        let skip = usize::from(start.is_none());
        for name in &inner[skip..] {
            receiver = self.field(dot, (&receiver, *name), operand, (&[], None))?;
        }
        Ok(self.field(dot, (&receiver, *last), operand, given)?.value)
    }

    fn field(&mut self, dot: &Dot, path: (&Dot, Span), operand: &'t Operand, given: Given<'t>) -> Result<Dot, Failure> {
        let (receiver, name) = path;
        let name = self.tree.file.text_of(name);
        match &receiver.value {
            Value::Map(map) => self.key(map, name, &given),
            Value::Object(object) => self.member(dot, (receiver, &**object), name, (operand, given)),
            Value::None if self.run.options.missing_key == MissingKey::Error => {
                Err(self.error(format!("nil data; no entry for key {}", crate::fmt::quote(name))))
            }
            Value::None => Ok(Dot::plain(Value::None)),
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
    ) -> Result<Dot, Failure> {
        let word = readable(name);
        match object.member(&word) {
            Some(Member::Field(_)) if has_arguments(&given) => {
                Err(self.error(format!("{word} has arguments but cannot be invoked as function")))
            }
            Some(Member::Field(value)) => Ok(Dot::plain(value)),
            Some(Member::Method { params, variadic }) => {
                let args = self.arguments(dot, &word, (params, variadic), given)?;
                object.call(&word, &args).map(Dot::plain).map_err(|message| {
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

    fn key(&mut self, map: &Map, name: &[u8], given: &Given<'t>) -> Result<Dot, Failure> {
        if has_arguments(given) {
            return Err(self.error(format!("{} is not a method but has arguments", readable(name))));
        }
        let boxed = map.kind().boxes();
        self.run.read(map, name);
        if let Some(value) = map.get(name) {
            return Ok(Dot { value, boxed });
        }
        if self.run.options.missing_key == MissingKey::Error {
            return Err(self.error(format!("map has no entry for key {}", crate::fmt::quote(name))));
        }
        Ok(Dot { value: map.kind().zero(), boxed })
    }

    fn no_field(&self, name: &[u8], receiver: &Dot) -> Failure {
        let type_name = if receiver.boxed { "interface {}".into() } else { receiver.value.type_name() };
        self.error(format!("can't evaluate field {} in type {type_name}", readable(name)))
    }
}

fn has_arguments(given: &Given<'_>) -> bool {
    !given.0.is_empty() || given.1.is_some()
}
