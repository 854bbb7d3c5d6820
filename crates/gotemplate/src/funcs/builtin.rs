//! Go's own functions: logic, `len`, `index`, printing, escaping.

use crate::exec::Context;
use crate::fmt;
use crate::registry::Type::{Reflect, Text};
use crate::registry::{Args, Does, Function, Outcome, fixed, many};
use crate::value::{Kind, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn not(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Bool(!args[0].is_true()))
}

fn len(_: Cx, args: &[Value]) -> Outcome {
    let value = args[0].underlying();
    let length = match &*value {
        Value::Text(text) | Value::Bytes(text) => text.len(),
        Value::Map(map) => map.len(),
        Value::List(list) => list.len(),
        Value::Nil => return Err("len of nil pointer".into()),
        Value::None => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        other => return Err(format!("len of type {}", other.type_name()).into()),
    };
    Ok(int(length))
}

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn index(cx: Cx, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = args[0].clone();
    for key in &args[1..] {
        if let (Value::Map(map), Value::Text(key)) = (&item, key) {
            cx.run.read(map, key);
        }
        item = step(&item, key)?;
    }
    Ok(item)
}

fn step(item: &Value, key: &Value) -> Outcome {
    let item = item.underlying();
    match &*item {
        Value::Nil | Value::None => Err("index of nil pointer".into()),
        Value::Text(bytes) | Value::Bytes(bytes) => {
            let at = position(key, bytes.len())?;
            let byte = bytes.get(at).copied().map(Value::Uint8);
            byte.ok_or_else(|| out_of_range("string").into())
        }
        Value::List(list) => {
            let at = position(key, list.len())?;
            list.get(at).cloned().ok_or_else(|| out_of_range("slice").into())
        }
        Value::Map(map) => match key {
            Value::Text(key) => Ok(map.get(key).unwrap_or_else(|| map.kind().zero())),
            Value::None | Value::Nil => Err("value is nil; should be of type string".into()),
            other => Err(format!("value has type {}; should be string", other.type_name()).into()),
        },
        other => Err(format!("can't index item of type {}", other.type_name()).into()),
    }
}

/// Go's check lets the length itself through; reflection then refuses it.
fn out_of_range(what: &str) -> String {
    format!("reflect: {what} index out of range")
}

fn position(key: &Value, most: usize) -> Result<usize, crate::error::Fault> {
    let at = match key {
        Value::Int(at) | Value::Int64(at) => *at,
        Value::Uint64(at) => i64::try_from(*at).unwrap_or(-1),
        Value::Uint8(at) => i64::from(*at),
        Value::None | Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name()).into()),
    };
    usize::try_from(at).ok().filter(|at| *at <= most).ok_or_else(|| format!("index out of range: {at}").into())
}

/// No value of a template is a function, so that this only finds the words for it; the evaluator adds the expression.
fn call(_: Cx, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Err("call of nil".into());
    }
    Err(format!("non-function  of type {}", args[0].type_name()).into())
}

/// A text that `fmt` writes.
pub(super) fn formatted(cx: Cx, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Outcome {
    const TOO_LARGE: &str = "the text is too large, or a value is nested too deeply";
    cx.text(|out| write(out).ok_or(TOO_LARGE))
}

fn print(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, |out| fmt::sprint(args, out))
}

fn println(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, |out| fmt::sprintln(args, out))
}

fn printf(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, |out| fmt::sprintf(args.text(0), &args[1..], out))
}

/// What `html`, `js` and `urlquery` escape: one string as it is, everything else printed.
fn escaped(args: &[Value], escape: fn(&[u8], &mut Vec<u8>)) -> Outcome {
    let mut out = Vec::new();
    if let [Value::Text(text)] = args {
        escape(text, &mut out);
    } else {
        let printed: Vec<Value> = args.iter().map(printable).collect();
        let mut text = Vec::new();
        fmt::sprint(&printed, &mut text).ok_or("the text is too large")?;
        escape(&text, &mut out);
    }
    Ok(out.into())
}

fn printable(value: &Value) -> Value {
    if value.is_nil() { Value::from("<no value>") } else { value.clone() }
}

fn html(_: Cx, args: &[Value]) -> Outcome {
    escaped(args, |text, out| {
        for byte in text {
            match byte {
                0 => out.extend_from_slice("\u{fffd}".as_bytes()),
                b'"' => out.extend_from_slice(b"&#34;"),
                b'\'' => out.extend_from_slice(b"&#39;"),
                b'&' => out.extend_from_slice(b"&amp;"),
                b'<' => out.extend_from_slice(b"&lt;"),
                b'>' => out.extend_from_slice(b"&gt;"),
                byte => out.push(*byte),
            }
        }
    })
}

fn js(_: Cx, args: &[Value]) -> Outcome {
    escaped(args, |text, out| {
        let mut rest = text;
        while !rest.is_empty() {
            let (character, length) = crate::syntax::unquote::decode(rest);
            match character {
                '\\' => out.extend_from_slice(br"\\"),
                '\'' => out.extend_from_slice(br"\'"),
                '"' => out.extend_from_slice(br#"\""#),
                '<' => out.extend_from_slice(br"\u003C"),
                '>' => out.extend_from_slice(br"\u003E"),
                '&' => out.extend_from_slice(br"\u0026"),
                '=' => out.extend_from_slice(br"\u003D"),
                _ if character < ' ' || !character.is_ascii() && !fmt::is_print(character) => {
                    out.extend_from_slice(format!("\\u{:04X}", u32::from(character)).as_bytes());
                }
                _ => out.extend_from_slice(&rest[..length]),
            }
            rest = &rest[length..];
        }
    })
}

fn urlquery(_: Cx, args: &[Value]) -> Outcome {
    escaped(args, |text, out| {
        for byte in text {
            match byte {
                b' ' => out.push(b'+'),
                b'-' | b'_' | b'.' | b'~' => out.push(*byte),
                byte if byte.is_ascii_alphanumeric() => out.push(*byte),
                byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            }
        }
    })
}

/// Whether values of the kind can be nil.
pub(super) fn nillable(kind: Kind) -> bool {
    matches!(kind, Kind::Func | Kind::Interface | Kind::Map | Kind::Pointer | Kind::Slice | Kind::Invalid)
}

const fn short(name: &'static str, body: Does) -> Function {
    Function { name, params: &[Reflect, Reflect], variadic: true, body }
}

pub(super) const TABLE: &[Function] = &[
    short("and", Does::And),
    short("or", Does::Or),
    fixed("not", &[Reflect], not),
    fixed("len", &[Reflect], len),
    many("index", &[Reflect, Reflect], index),
    many("call", &[Reflect, Reflect], call),
    many("print", &[crate::registry::Type::Any], print),
    many("println", &[crate::registry::Type::Any], println),
    many("printf", &[Text, crate::registry::Type::Any], printf),
    many("html", &[crate::registry::Type::Any], html),
    many("js", &[crate::registry::Type::Any], js),
    many("urlquery", &[crate::registry::Type::Any], urlquery),
];
