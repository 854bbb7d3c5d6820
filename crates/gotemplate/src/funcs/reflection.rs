//! Types, kinds, and equality all the way down.

use crate::exec::Context;
use crate::registry::Type::{Any, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{MAX_DEPTH, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn type_name(value: &Value) -> std::borrow::Cow<'static, str> {
    if value.is_nil() { "<nil>".into() } else { value.type_name() }
}

fn type_of(_: Cx, args: &[Value]) -> Outcome {
    Ok(type_name(&args[0]).as_ref().into())
}

fn type_is(_: Cx, args: &[Value]) -> Outcome {
    Ok((args.text(0) == type_name(&args[1]).as_bytes()).into())
}

fn type_is_like(_: Cx, args: &[Value]) -> Outcome {
    let name = type_name(&args[1]);
    let target = args.text(0);
    Ok((target == name.as_bytes() || name.strip_prefix('*').is_some_and(|name| target == name.as_bytes())).into())
}

fn kind_name(value: &Value) -> &'static str {
    if value.is_nil() { "invalid" } else { value.kind().name() }
}

fn kind_of(_: Cx, args: &[Value]) -> Outcome {
    Ok(kind_name(&args[0]).into())
}

fn kind_is(_: Cx, args: &[Value]) -> Outcome {
    Ok((args.text(0) == kind_name(&args[1]).as_bytes()).into())
}

fn deep_equal(cx: Cx, args: &[Value]) -> Outcome {
    Ok(same(cx, &args[0], &args[1])?.into())
}

/// `reflect.DeepEqual`: the same types and the same contents.
pub(super) fn same(cx: Cx, left: &Value, right: &Value) -> Result<bool, &'static str> {
    deep(cx, left, right, 0)
}

fn deep(cx: Cx, left: &Value, right: &Value, depth: usize) -> Result<bool, &'static str> {
    cx.run.spend(1)?;
    if depth > MAX_DEPTH {
        return Err("the values are nested too deeply to be compared");
    }
    #[expect(clippy::float_cmp, reason = "DeepEqual compares floats exactly")]
    Ok(match (left, right) {
        (Value::None | Value::Nil, Value::None | Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) | (Value::Int64(left), Value::Int64(right)) => left == right,
        (Value::Uint64(left), Value::Uint64(right)) => left == right,
        (Value::Uint8(left), Value::Uint8(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(real, imaginary), Value::Complex(other, another)) => real == other && imaginary == another,
        (Value::Text(left), Value::Text(right)) | (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            if left.kind() != right.kind() || left.len() != right.len() || left.is_nil() != right.is_nil() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !deep(cx, left, right, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.is(right) {
                return Ok(true);
            }
            if left.kind() != right.kind() || left.len() != right.len() {
                return Ok(false);
            }
            for (key, value) in left.entries() {
                match right.get(&key) {
                    Some(other) if deep(cx, &value, &other, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Object(left), Value::Object(right)) => {
            left.type_name() == right.type_name() && left.print() == right.print()
        }
        _ => false,
    })
}

pub(super) const TABLE: &[Function] = &[
    fixed("typeOf", &[Any], type_of),
    fixed("typeIs", &[Text, Any], type_is),
    fixed("typeIsLike", &[Text, Any], type_is_like),
    fixed("kindOf", &[Any], kind_of),
    fixed("kindIs", &[Text, Any], kind_is),
    fixed("deepEqual", &[Any, Any], deep_equal),
];
