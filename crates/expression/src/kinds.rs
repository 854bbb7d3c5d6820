//! `type(x)` and the names of kinds that it is compared with, which the library does not have.
//!
//! A kind is stood for by its name: `type(self.port) == int` compares two texts.

use kube_cel::cel::{Context, Value};

/// The names of kinds as expressions have them.
const NAMES: [&str; 8] = ["int", "uint", "double", "bool", "string", "bytes", "list", "map"];

/// Adds the function and the names.
pub(crate) fn add(context: &mut Context<'_>) {
    context.add_function("type", |value: Value| name_of(&value).to_owned());
    for name in NAMES {
        context.add_variable_from_value(name, name);
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Int(_) => "int",
        Value::UInt(_) => "uint",
        Value::Float(_) => "double",
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Null => "null_type",
        _ => "dyn",
    }
}
