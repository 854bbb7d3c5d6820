//! Names after dots: keys of maps, fields and methods of objects.

use std::sync::Arc;

use super::eval::{Dot, State};
use super::place::At;
use super::walk::Failure;
use crate::options::MissingKey;
use crate::syntax::ast::Operand;
use crate::value::{Map, Member, Value};

/// Arguments written behind a name, and the one that the pipeline brings.
pub(super) type Given<'t> = (&'t [Operand], Option<Value>);

impl<'t> State<'_, '_, 't> {
    /// Follows the names from a value, or from the dot; the last one may be a method with arguments.
    pub(super) fn fields(
        &mut self,
        dot: &Dot,
        operand: &'t Operand,
        path: (Option<Dot>, &'t [Arc<str>]),
        given: Given<'t>,
    ) -> Result<Value, Failure> {
        let (start, names) = path;
        let Some((last, inner)) = names.split_last() else {
            return Ok(start.unwrap_or_else(|| dot.clone()).value);
        };
        // The dot itself is only looked at, not copied.
        let mut receiver = match (&start, inner.split_first()) {
            (Some(start), _) => start.clone(),
            (None, None) => return Ok(self.field(dot, (dot, last), operand, given)?.value),
            (None, Some((first, _))) => self.field(dot, (dot, first), operand, (&[], None))?,
        };
        let skip = usize::from(start.is_none());
        for name in &inner[skip..] {
            receiver = self.field(dot, (&receiver, name), operand, (&[], None))?;
        }
        Ok(self.field(dot, (&receiver, last), operand, given)?.value)
    }

    fn field(&mut self, dot: &Dot, path: (&Dot, &str), operand: &'t Operand, given: Given<'t>) -> Result<Dot, Failure> {
        let (receiver, name) = path;
        let arguments = !given.0.is_empty() || given.1.is_some();
        match &receiver.value {
            Value::None => {
                if self.run.options.missing_key == MissingKey::Error {
                    return Err(
                        self.error(format!("nil data; no entry for key {}", crate::fmt::quote(name.as_bytes())))
                    );
                }
                Ok(Dot::plain(Value::None))
            }
            Value::Nil => Err(self.error(format!("nil pointer evaluating interface {{}}.{name}"))),
            Value::Map(map) => self.key(map, name, arguments),
            Value::Object(object) => match object.member(name) {
                Some(Member::Field(_)) if arguments => {
                    Err(self.error(format!("{name} has arguments but cannot be invoked as function")))
                }
                Some(Member::Field(value)) => Ok(Dot::plain(value)),
                Some(Member::Method { params, variadic }) => {
                    let args = self.arguments(dot, name, (params, variadic), given)?;
                    match object.call(name, &args) {
                        Ok(value) => Ok(Dot::plain(value)),
                        Err(message) => {
                            self.at = At::Operand(operand);
                            Err(self.fault(name, message.into()))
                        }
                    }
                }
                None => match object.underlying() {
                    Some(Value::Map(map)) => self.key(&map, name, arguments),
                    _ => Err(self.no_field(name, receiver)),
                },
            },
            _ => Err(self.no_field(name, receiver)),
        }
    }

    fn key(&mut self, map: &Map, name: &str, arguments: bool) -> Result<Dot, Failure> {
        if arguments {
            return Err(self.error(format!("{name} is not a method but has arguments")));
        }
        let boxed = map.kind().boxes();
        self.run.read(map, name.as_bytes());
        if let Some(value) = map.get(name.as_bytes()) {
            return Ok(Dot { value, boxed });
        }
        if self.run.options.missing_key == MissingKey::Error {
            return Err(self.error(format!("map has no entry for key {}", crate::fmt::quote(name.as_bytes()))));
        }
        Ok(Dot { value: map.kind().zero(), boxed })
    }

    fn no_field(&self, name: &str, receiver: &Dot) -> Failure {
        let type_name = if receiver.boxed { "interface {}".into() } else { receiver.value.type_name() };
        self.error(format!("can't evaluate field {name} in type {type_name}"))
    }
}
