//! Between strings and lists of them: split, join, sort.

use std::borrow::Cow;

use super::cast::{to_text, write_text};
use crate::exec::Context;
use crate::registry::Type::{Any, Int, Text as TextType};
use crate::registry::{Args, Function, Outcome, fixed, items};
use crate::value::{List, ListKind, Map, MapKind, Text, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// Sprig's `strslice`: the items of a list as texts, nil left out; a single value as a list of one.
pub(super) fn texts(value: &Value) -> Result<Vec<Text>, &'static str> {
    items_of(value).iter().filter(|item| !item.is_nil()).map(to_text).collect()
}

fn to_strings(_: Cx, args: &[Value]) -> Outcome {
    if texts_as_they_are(&args[0]).is_some() {
        return Ok(args[0].clone());
    }
    Ok(Value::texts(texts(&args[0])?))
}

fn join(cx: Cx, args: &[Value]) -> Outcome {
    let items = items_of(&args[1]);
    cx.text(|out| {
        for (number, item) in items.iter().filter(|item| !item.is_nil()).enumerate() {
            if number > 0 {
                out.extend_from_slice(args.text(0));
            }
            write_text(item, out)?;
            if out.len() > crate::fmt::MAX_TEXT {
                return Err("the text is too large");
            }
        }
        Ok(())
    })
}

/// The items of a list, or a single value.
fn items_of(value: &Value) -> Cow<'_, [Value]> {
    match value {
        Value::List(list) => Cow::Borrowed(list),
        _ => items(value).map_or_else(|| Cow::Borrowed(std::slice::from_ref(value)), Cow::Owned),
    }
}

/// Go's `strings.SplitN`: between characters if the separator is empty; all parts if `most` is negative.
pub(super) fn split_parts<'t>(text: &'t [u8], separator: &[u8], most: i64) -> Vec<&'t [u8]> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = text;
    if most == 0 {
        return parts;
    }
    while parts.len() + 1 < most {
        let cut = if separator.is_empty() {
            let (_, length) = crate::syntax::unquote::decode(rest);
            (length < rest.len()).then_some(length)
        } else {
            find(rest, separator)
        };
        let Some(cut) = cut else { break };
        parts.push(&rest[..cut]);
        rest = &rest[cut + separator.len()..];
    }
    if !separator.is_empty() || !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// Where a text is first found in another one.
pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

fn numbered(parts: &[&[u8]]) -> Value {
    let map = Map::own(MapKind::Text);
    for (number, part) in parts.iter().enumerate() {
        map.put(&format!("_{number}"), Value::text(part));
    }
    map.into()
}

fn split(_: Cx, args: &[Value]) -> Outcome {
    Ok(numbered(&split_parts(args.text(1), args.text(0), -1)))
}

fn splitn(_: Cx, args: &[Value]) -> Outcome {
    Ok(numbered(&split_parts(args.text(2), args.text(0), args.int(1))))
}

fn split_list(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::texts(split_parts(args.text(1), args.text(0), -1)))
}

/// A `[]string`, which Sprig does not copy.
fn texts_as_they_are(value: &Value) -> Option<&List> {
    match value {
        Value::List(list) if list.kind() == ListKind::Text => Some(list),
        _ => None,
    }
}

fn sort_alpha(cx: Cx, args: &[Value]) -> Outcome {
    if let Some(list) = texts_as_they_are(&args[0]) {
        cx.run.alter_list(list.is_shared())?;
        list.sort_texts();
        return Ok(args[0].clone());
    }
    let mut texts = match items(&args[0]) {
        Some(_) => texts(&args[0])?,
        None => vec![to_text(&args[0])?],
    };
    texts.sort();
    Ok(Value::texts(texts))
}

pub(super) const TABLE: &[Function] = &[
    fixed("toStrings", &[Any], to_strings),
    fixed("join", &[TextType, Any], join),
    fixed("split", &[TextType, TextType], split),
    fixed("splitn", &[TextType, Int, TextType], splitn),
    fixed("splitList", &[TextType, TextType], split_list),
    fixed("sortAlpha", &[Any], sort_alpha),
];
