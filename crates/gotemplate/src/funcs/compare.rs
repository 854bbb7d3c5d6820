//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`: numbers, strings and booleans of one basic kind; integers of either sign.

use std::cmp::Ordering;

use super::builtin::nillable;
use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::Reflect;
use crate::registry::{Function, Outcome, fixed, many};
use crate::value::{MapKind, Value, go_lossy};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Other,
    Bool,
    Complex,
    Int,
    Float,
    Text,
    Uint,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Complex(..) => Basic::Complex,
        Value::Int(_) | Value::Int64(_) => Basic::Int,
        Value::Uint64(_) | Value::Uint8(_) => Basic::Uint,
        Value::Float(_) => Basic::Float,
        Value::Text(_) => Basic::Text,
        _ => Basic::Other,
    }
}

/// Integers of both signs in one type.
fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(value) | Value::Int64(value) => Some(i128::from(*value)),
        Value::Uint64(value) => Some(i128::from(*value)),
        Value::Uint8(value) => Some(i128::from(*value)),
        _ => None,
    }
}

fn equal(left: &Value, right: &Value) -> Result<bool, Fault> {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return Ok(left == right);
    }
    let kinds = (basic(left), basic(right));
    if kinds.0 != kinds.1 {
        if left.is_nil() || right.is_nil() {
            return Ok(false);
        }
        return Err(incompatible(left, right));
    }
    #[expect(clippy::float_cmp, reason = "eq compares floats exactly, as Go does")]
    Ok(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Complex(real, imaginary), Value::Complex(other, another)) => real == other && imaginary == another,
        _ => return other_kinds(left, right),
    })
}

/// Nil, maps, lists and objects: only comparison with nil is allowed, and that of objects with themselves.
fn other_kinds(left: &Value, right: &Value) -> Result<bool, Fault> {
    let nil = |value: &Value| match value {
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.kind() == MapKind::Nil,
        _ => value.is_nil(),
    };
    if left.kind() == right.kind() || left.is_nil() || right.is_nil() {
        if nil(left) || nil(right) {
            return Ok(nil(left) && nil(right));
        }
    } else {
        let (left_type, right_type) = (left.type_name(), right.type_name());
        let left = shown(left);
        let right = go_lossy(&crate::fmt::text_of(right).unwrap_or_default());
        return Err(format!("non-comparable types {left}: {left_type}, {right_type}: {right}").into());
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right))
            if !nillable(left.kind()) || left.kind() == crate::Kind::Pointer =>
        {
            Ok(left.type_name() == right.type_name() && left.print() == right.print())
        }
        _ => Err(format!("non-comparable type {}: {}", shown(right), right.type_name()).into()),
    }
}

fn shown(value: &Value) -> String {
    let mut text = Vec::new();
    if crate::fmt::sprintf(b"%s", std::slice::from_ref(value), &mut text).is_none() {
        text.clear();
    }
    go_lossy(&text)
}

fn incompatible(left: &Value, right: &Value) -> Fault {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()).into()
}

fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, Fault> {
    let kinds = (basic(left), basic(right));
    if kinds.0 == Basic::Other || kinds.1 == Basic::Other {
        return Err("invalid type for comparison".into());
    }
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return Ok(Some(left.cmp(&right)));
    }
    match (left, right) {
        (Value::Float(left), Value::Float(right)) => Ok(left.partial_cmp(right)),
        (Value::Text(left), Value::Text(right)) => Ok(Some(left.cmp(right))),
        _ if kinds.0 == kinds.1 => Err("invalid type for comparison".into()),
        _ => Err(incompatible(left, right)),
    }
}

fn eq(_: Cx, args: &[Value]) -> Outcome {
    if args.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    for other in &args[1..] {
        if equal(&args[0], other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn ne(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Bool(!equal(&args[0], &args[1])?))
}

fn lt(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Bool(order(&args[0], &args[1])? == Some(Ordering::Less)))
}

fn le(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Bool(matches!(order(&args[0], &args[1])?, Some(Ordering::Less | Ordering::Equal))))
}

/// The opposite of `le`, so that it holds for numbers that are none.
fn gt(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Bool(!matches!(order(&args[0], &args[1])?, Some(Ordering::Less | Ordering::Equal))))
}

fn ge(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Bool(order(&args[0], &args[1])? != Some(Ordering::Less)))
}

pub(super) const TABLE: &[Function] = &[
    many("eq", &[Reflect, Reflect], eq),
    fixed("ne", &[Reflect, Reflect], ne),
    fixed("lt", &[Reflect, Reflect], lt),
    fixed("le", &[Reflect, Reflect], le),
    fixed("gt", &[Reflect, Reflect], gt),
    fixed("ge", &[Reflect, Reflect], ge),
];
