//! Things that are neither maps nor lists: what the host hands in, times, versions.

use std::any::Any;
use std::borrow::Cow;

use super::{Kind, Value};
use crate::registry::Type;

/// What a name after a dot is.
pub enum Member {
    /// A field with its value.
    Field(Value),
    /// A method: the types of its arguments, and whether the last one may be given many times.
    Method {
        /// Types of the arguments.
        params: &'static [Type],
        /// Whether the last one repeats.
        variadic: bool,
    },
}

/// A value with a Go type of its own, with fields and methods.
pub trait Object: Any {
    /// Go's name of the type, such as `*common.Capabilities`.
    fn type_name(&self) -> Cow<'static, str>;

    /// Go's kind.
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// The field or method of this name.
    fn member(&self, name: &str) -> Option<Member>;

    /// Calls a method that [`Object::member`] named, with arguments of the declared types.
    ///
    /// # Errors
    /// What the method returns as its error.
    fn call(&self, name: &str, args: &[Value]) -> Result<Value, String>;

    /// What `%v` prints.
    fn print(&self) -> Vec<u8>;

    /// What JSON has for it; nil for what has nothing.
    fn json(&self) -> Value {
        Value::text(self.print())
    }

    /// The map or list that a named map or slice type stands for.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// Whether a condition holds for it.
    fn is_true(&self) -> bool {
        self.underlying().is_none_or(|value| value.is_true())
    }

    /// Itself, for functions that know the type.
    fn as_any(&self) -> &dyn Any;
}
