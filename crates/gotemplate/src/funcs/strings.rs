//! Strings: trimming, cutting, quoting, indenting, replacing. Lengths are bytes, as in Go.

use super::cast::to_text;
use super::string_lists::find;
use crate::exec::Context;
use crate::fmt::{MAX_TEXT, write_quoted};
use crate::registry::Type::{Any, Int, Text};
use crate::registry::{Args, Function, Outcome, fixed, many};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

const TOO_LARGE: &str = "the text is too large";

/// What Go's `unicode.IsSpace` takes for space.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
        || !character.is_ascii() && character.is_whitespace()
}

/// The bytes without the characters at both ends that `drop` takes.
fn trimmed(text: &[u8], drop: impl Fn(char) -> bool) -> &[u8] {
    let mut rest = text;
    while !rest.is_empty() {
        let (character, length) = crate::syntax::unquote::decode(rest);
        if !drop(character) {
            break;
        }
        rest = &rest[length..];
    }
    while !rest.is_empty() {
        let start = (1..=rest.len().min(4)).map(|back| rest.len() - back).find(|start| rest[*start] & 0xC0 != 0x80);
        let start = start.filter(|start| crate::syntax::unquote::decode(&rest[*start..]).1 == rest.len() - start);
        let start = start.unwrap_or(rest.len() - 1);
        if !drop(crate::syntax::unquote::decode(&rest[start..]).0) {
            break;
        }
        rest = &rest[..start];
    }
    rest
}

fn trim(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::text(trimmed(args.text(0), is_space)))
}

fn trim_all(_: Cx, args: &[Value]) -> Outcome {
    let set = args.str(0);
    Ok(Value::text(trimmed(args.text(1), |character| set.contains(character))))
}

fn trim_suffix(_: Cx, args: &[Value]) -> Outcome {
    match args.text(1).strip_suffix(args.text(0)) {
        Some(rest) => Ok(Value::text(rest)),
        None => Ok(args[1].clone()),
    }
}

fn trim_prefix(_: Cx, args: &[Value]) -> Outcome {
    match args.text(1).strip_prefix(args.text(0)) {
        Some(rest) => Ok(Value::text(rest)),
        None => Ok(args[1].clone()),
    }
}

fn contains(_: Cx, args: &[Value]) -> Outcome {
    Ok(find(args.text(1), args.text(0)).is_some().into())
}

fn has_prefix(_: Cx, args: &[Value]) -> Outcome {
    Ok(args.text(1).starts_with(args.text(0)).into())
}

fn has_suffix(_: Cx, args: &[Value]) -> Outcome {
    Ok(args.text(1).ends_with(args.text(0)).into())
}

fn repeat(_: Cx, args: &[Value]) -> Outcome {
    let Ok(count) = usize::try_from(args.int(0)) else {
        return Err("strings: negative Repeat count".into());
    };
    match count.checked_mul(args.text(1).len()) {
        Some(size) if size <= MAX_TEXT => Ok(args.text(1).repeat(count).into()),
        _ => Err(TOO_LARGE.into()),
    }
}

fn substr(_: Cx, args: &[Value]) -> Outcome {
    let text = args.text(2);
    let (start, end) = (args.int(0), args.int(1));
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (start, end) = match (start, end) {
        (start, end) if start < 0 => (0, end),
        (start, end) if end < 0 || end > length => (start, length),
        both => both,
    };
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range.and_then(|(start, end)| text.get(start..end)) {
        Some(part) => Ok(Value::text(part)),
        None if end > length => Err(bounds(&format!(":{end}"), length).into()),
        None if end < 0 => Err(format!("runtime error: slice bounds out of range [:{end}]").into()),
        None if start > end && args.int(1) >= 0 && args.int(1) <= length => {
            Err(format!("runtime error: slice bounds out of range [{start}:{end}]").into())
        }
        None => Err(format!("runtime error: slice bounds out of range [{start}:{length}]").into()),
    }
}

fn bounds(range: &str, length: i64) -> String {
    format!("runtime error: slice bounds out of range [{range}] with length {length}")
}

fn trunc(_: Cx, args: &[Value]) -> Outcome {
    let text = args.text(1);
    let count = args.int(0);
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= text.len() {
        return Ok(args[1].clone());
    }
    Ok(Value::text(if count < 0 { &text[text.len() - size..] } else { &text[..size] }))
}

/// The arguments that are not nil, with a space between them.
fn each(cx: Cx, args: &[Value], write: impl Fn(&Value, &mut Vec<u8>) -> Result<(), &'static str>) -> Outcome {
    cx.text(|out| {
        for (number, value) in args.iter().filter(|value| !value.is_nil()).enumerate() {
            if number > 0 {
                out.push(b' ');
            }
            write(value, out)?;
        }
        Ok::<(), &'static str>(())
    })
}

fn quote(cx: Cx, args: &[Value]) -> Outcome {
    each(cx, args, |value, out| {
        write_quoted(&to_text(value)?, out);
        Ok(())
    })
}

fn squote(cx: Cx, args: &[Value]) -> Outcome {
    each(cx, args, |value, out| {
        out.push(b'\'');
        crate::fmt::print(value, out).ok_or(TOO_LARGE)?;
        out.push(b'\'');
        Ok(())
    })
}

fn cat(cx: Cx, args: &[Value]) -> Outcome {
    each(cx, args, |value, out| crate::fmt::print(value, out).ok_or(TOO_LARGE))
}

/// The text with spaces before each line, after what is in `out` already.
fn indented(out: &mut Vec<u8>, args: &[Value]) -> Result<(), &'static str> {
    let Ok(spaces) = usize::try_from(args.int(0)) else {
        return Err("strings: negative Repeat count");
    };
    let text = args.text(1);
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    match lines.checked_mul(spaces) {
        Some(size) if size <= MAX_TEXT => out.reserve(size + text.len()),
        _ => return Err(TOO_LARGE),
    }
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text).map(|at| at + 1).chain([text.len()]) {
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(&text[start..end]);
        start = end;
    }
    Ok(())
}

fn indent(cx: Cx, args: &[Value]) -> Outcome {
    cx.text(|out| indented(out, args))
}

fn nindent(cx: Cx, args: &[Value]) -> Outcome {
    cx.text(|out| {
        out.push(b'\n');
        indented(out, args)
    })
}

fn replace(cx: Cx, args: &[Value]) -> Outcome {
    cx.text(|out| replaced([args.text(0), args.text(1), args.text(2)], out))
}

fn replaced([old, new, text]: [&[u8]; 3], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut rest = text;
    if old.is_empty() {
        while !rest.is_empty() {
            let (_, length) = crate::syntax::unquote::decode(rest);
            out.extend_from_slice(new);
            out.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
            room(out)?;
        }
        out.extend_from_slice(new);
        return Ok(());
    }
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
        room(out)?;
    }
    out.extend_from_slice(rest);
    Ok(())
}

fn room(out: &[u8]) -> Result<(), &'static str> {
    if out.len() > MAX_TEXT { Err(TOO_LARGE) } else { Ok(()) }
}

fn plural(_: Cx, args: &[Value]) -> Outcome {
    Ok(args[usize::from(args.int(2) != 1)].clone())
}

fn to_string(_: Cx, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Ok("<nil>".into());
    }
    Ok(Value::Text(to_text(&args[0])?))
}

pub(super) const TABLE: &[Function] = &[
    fixed("trim", &[Text], trim),
    fixed("trimAll", &[Text, Text], trim_all),
    fixed("trimall", &[Text, Text], trim_all),
    fixed("trimSuffix", &[Text, Text], trim_suffix),
    fixed("trimPrefix", &[Text, Text], trim_prefix),
    fixed("contains", &[Text, Text], contains),
    fixed("hasPrefix", &[Text, Text], has_prefix),
    fixed("hasSuffix", &[Text, Text], has_suffix),
    fixed("repeat", &[Int, Text], repeat),
    fixed("substr", &[Int, Int, Text], substr),
    fixed("trunc", &[Int, Text], trunc),
    many("quote", &[Any], quote),
    many("squote", &[Any], squote),
    many("cat", &[Any], cat),
    fixed("indent", &[Int, Text], indent),
    fixed("nindent", &[Int, Text], nindent),
    fixed("replace", &[Text, Text, Text], replace),
    fixed("plural", &[Text, Text, Int], plural),
    fixed("toString", &[Any], to_string),
];
