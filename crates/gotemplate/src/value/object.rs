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

/// A field of a struct as `fmt` and `encoding/json` see it.
#[derive(Debug)]
pub struct Field {
    /// Its name in Go.
    pub name: &'static str,
    /// Its name in JSON; `None` if it is private or left out there.
    pub json: Option<&'static str>,
    /// What it holds.
    pub value: Value,
}

/// A value with a Go type of its own, with fields and methods.
///
/// A named map or slice type (`engine.files`, `common.VersionSet`) says its plain value in [`Object::underlying`]: then
/// `range`, `index`, `len`, fields that are keys, `printf` and JSON work on that. A struct lists its [`Object::fields`].
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

    /// What an action prints: the text of the `String` method where the type or a pointer to it has one.
    fn print(&self) -> Vec<u8>;

    /// Whether functions print it by [`Object::print`] too. Not so for a struct whose `String` method belongs to the pointer:
    /// an action can take its address, but `printf`, `quote` and the like get a copy, and print the fields.
    fn prints_itself(&self) -> bool {
        true
    }

    /// The fields of a struct in their order, private ones too.
    fn fields(&self) -> Vec<Field> {
        Vec::new()
    }

    /// What JSON has for it: unless it says otherwise, its plain value, its fields, or its text.
    fn json(&self) -> Value {
        if let Some(plain) = self.underlying() {
            return plain;
        }
        let fields = self.fields();
        if fields.is_empty() {
            return Value::text(self.print());
        }
        let named = fields.into_iter().filter_map(|field| Some((field.json?, field.value)));
        Value::Map(named.collect())
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
