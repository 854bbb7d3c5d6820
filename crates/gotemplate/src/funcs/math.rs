//! Arithmetic on integers and floats; what is not a number counts as 0.

use super::cast::{to_float, to_int};
use super::decimal::Decimal;
use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::{Any, Float, Int, Text};
use crate::registry::{Args, Function, Outcome, fixed, many};
use crate::value::{List, ListKind, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn add(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(args.iter().map(to_int).fold(0, i64::wrapping_add)))
}

fn add1(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(to_int(&args[0]).wrapping_add(1)))
}

fn sub(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(to_int(&args[0]).wrapping_sub(to_int(&args[1]))))
}

fn mul(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(args.iter().map(to_int).fold(1, i64::wrapping_mul)))
}

fn div(_: Cx, args: &[Value]) -> Outcome {
    match to_int(&args[1]) {
        0 => Err("runtime error: integer divide by zero".into()),
        by => Ok(Value::Int64(to_int(&args[0]).wrapping_div(by))),
    }
}

fn modulo(_: Cx, args: &[Value]) -> Outcome {
    match to_int(&args[1]) {
        0 => Err("runtime error: integer divide by zero".into()),
        by => Ok(Value::Int64(to_int(&args[0]).wrapping_rem(by))),
    }
}

fn max(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(args.iter().map(to_int).max().unwrap_or(0)))
}

fn min(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(args.iter().map(to_int).min().unwrap_or(0)))
}

fn maxf(_: Cx, args: &[Value]) -> Outcome {
    let larger = |left: f64, right: f64| if left.is_nan() || right.is_nan() { f64::NAN } else { left.max(right) };
    Ok(Value::Float(args.iter().map(to_float).reduce(larger).unwrap_or(0.0)))
}

fn minf(_: Cx, args: &[Value]) -> Outcome {
    let smaller = |left: f64, right: f64| if left.is_nan() || right.is_nan() { f64::NAN } else { left.min(right) };
    Ok(Value::Float(args.iter().map(to_float).reduce(smaller).unwrap_or(0.0)))
}

fn ceil(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Float(to_float(&args[0]).ceil()))
}

fn floor(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Float(to_float(&args[0]).floor()))
}

/// Rounds at a digit: up from one half, or from the third argument.
fn round(_: Cx, args: &[Value]) -> Outcome {
    let from = args.get(2).map_or(0.5, to_float);
    let power = 10f64.powf(to_float(&args[1]));
    let digit = power * to_float(&args[0]);
    let rounded = if digit.fract() >= from { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

fn int(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int(to_int(&args[0])))
}

fn int64(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Int64(to_int(&args[0])))
}

fn float64(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Float(to_float(&args[0])))
}

/// Decimal digits with a sign; a number too large is the largest there is, anything else 0.
fn atoi(_: Cx, args: &[Value]) -> Outcome {
    let text = args.str(0);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Value::Int(0));
    }
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(Value::Int(text.parse().unwrap_or(limit)))
}

/// Reads octal digits.
fn to_decimal(_: Cx, args: &[Value]) -> Outcome {
    let text = crate::fmt::text_of(&args[0]).unwrap_or_default();
    let number = str::from_utf8(&text).ok().and_then(|text| i64::from_str_radix(text, 8).ok());
    Ok(Value::Int64(number.unwrap_or(0)))
}

fn decimals(args: &[Value], start: Option<&Value>, by: fn(&Decimal, &Decimal) -> Result<Decimal, String>) -> Outcome {
    let zero = Value::Float(0.0);
    let mut result = Decimal::from_float(to_float(start.unwrap_or(&zero)))?;
    for arg in args {
        result = by(&result, &Decimal::from_float(to_float(arg))?)?;
    }
    Ok(Value::Float(result.to_float()))
}

fn addf(_: Cx, args: &[Value]) -> Outcome {
    decimals(args, None, Decimal::add)
}

fn add1f(_: Cx, args: &[Value]) -> Outcome {
    decimals(&[Value::Int(1)], Some(&args[0]), Decimal::add)
}

fn subf(_: Cx, args: &[Value]) -> Outcome {
    decimals(&args[1..], Some(&args[0]), Decimal::sub)
}

fn mulf(_: Cx, args: &[Value]) -> Outcome {
    decimals(&args[1..], Some(&args[0]), Decimal::mul)
}

fn divf(_: Cx, args: &[Value]) -> Outcome {
    decimals(&args[1..], Some(&args[0]), Decimal::div)
}

/// Integers from one bound to the other, the second one left out.
fn steps(cx: Cx, start: i64, stop: i64, by: i64) -> Result<Vec<i64>, Fault> {
    let mut numbers = Vec::new();
    if (stop < start && by >= 0) || (stop >= start && by <= 0) {
        return Ok(numbers);
    }
    let mut number = start;
    while if by > 0 { number < stop } else { number > stop } {
        cx.run.spend(1)?;
        numbers.push(number);
        match number.checked_add(by) {
            Some(next) => number = next,
            None => break,
        }
    }
    cx.run.allocate(numbers.len() * 8)?;
    Ok(numbers)
}

fn ints(numbers: Vec<i64>) -> Value {
    Value::List(List::grown(ListKind::Int, numbers.into_iter().map(Value::Int).collect()))
}

fn until(cx: Cx, args: &[Value]) -> Outcome {
    let stop = args.int(0);
    Ok(ints(steps(cx, 0, stop, if stop < 0 { -1 } else { 1 })?))
}

fn until_step(cx: Cx, args: &[Value]) -> Outcome {
    Ok(ints(steps(cx, args.int(0), args.int(1), args.int(2))?))
}

fn seq(cx: Cx, args: &[Value]) -> Outcome {
    let numbers = match args.len() {
        1 => {
            let stop = args.int(0);
            let by = if stop < 1 { -1 } else { 1 };
            steps(cx, 1, stop.saturating_add(by), by)?
        }
        2 => {
            let (start, stop) = (args.int(0), args.int(1));
            let by = if stop < start { -1 } else { 1 };
            steps(cx, start, stop.saturating_add(by), by)?
        }
        3 => {
            let (start, by, stop) = (args.int(0), args.int(1), args.int(2));
            if stop < start && by > 0 {
                return Ok("".into());
            }
            let end = stop.saturating_add(if stop < start { -1 } else { 1 });
            steps(cx, start, end, by)?
        }
        _ => Vec::new(),
    };
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}

pub(super) const TABLE: &[Function] = &[
    many("add", &[Any], add),
    fixed("add1", &[Any], add1),
    fixed("sub", &[Any, Any], sub),
    many("mul", &[Any, Any], mul),
    fixed("div", &[Any, Any], div),
    fixed("mod", &[Any, Any], modulo),
    many("max", &[Any, Any], max),
    many("biggest", &[Any, Any], max),
    many("min", &[Any, Any], min),
    many("maxf", &[Any, Any], maxf),
    many("minf", &[Any, Any], minf),
    fixed("ceil", &[Any], ceil),
    fixed("floor", &[Any], floor),
    many("round", &[Any, Int, Float], round),
    fixed("int", &[Any], int),
    fixed("int64", &[Any], int64),
    fixed("float64", &[Any], float64),
    fixed("atoi", &[Text], atoi),
    fixed("toDecimal", &[Any], to_decimal),
    many("addf", &[Any], addf),
    fixed("add1f", &[Any], add1f),
    many("subf", &[Any, Any], subf),
    many("mulf", &[Any, Any], mulf),
    many("divf", &[Any, Any], divf),
    fixed("until", &[Int], until),
    fixed("untilStep", &[Int, Int, Int], until_step),
    many("seq", &[Int], seq),
];
