//! Values in place of empty ones: zero, "", false, nil and empty collections.

use crate::exec::Context;
use crate::registry::Type::{Any, Bool};
use crate::registry::{Function, Outcome, fixed, many};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn default(_: Cx, args: &[Value]) -> Outcome {
    match args.get(1) {
        Some(given) if given.is_true() => Ok(given.clone()),
        _ => Ok(args[0].clone()),
    }
}

fn empty(_: Cx, args: &[Value]) -> Outcome {
    Ok((!args[0].is_true()).into())
}

fn coalesce(_: Cx, args: &[Value]) -> Outcome {
    Ok(args.iter().find(|value| value.is_true()).cloned().unwrap_or(Value::Nil))
}

fn all(_: Cx, args: &[Value]) -> Outcome {
    Ok(args.iter().all(Value::is_true).into())
}

fn any(_: Cx, args: &[Value]) -> Outcome {
    Ok(args.iter().any(Value::is_true).into())
}

fn ternary(_: Cx, args: &[Value]) -> Outcome {
    Ok(args[usize::from(!args[2].is_true())].clone())
}

fn hello(_: Cx, _: &[Value]) -> Outcome {
    Ok("Hello!".into())
}

pub(super) const TABLE: &[Function] = &[
    many("default", &[Any, Any], default),
    fixed("empty", &[Any], empty),
    many("coalesce", &[Any], coalesce),
    many("all", &[Any], all),
    many("any", &[Any], any),
    fixed("ternary", &[Any, Any, Bool], ternary),
    fixed("hello", &[], hello),
];
