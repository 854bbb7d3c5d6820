//! Lists: each function makes a new one. The plain names and those with `must` fail with the same words.

use super::cast::to_int;
use super::reflection::same;
use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::{Any, Int};
use crate::registry::{Args, Function, Outcome, fixed, items, many, same_kind};
use crate::value::{List, ListKind, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// The items of a list, or what is said of a value that is none.
fn list_of(value: &Value, words: &str) -> Result<Vec<Value>, Fault> {
    if value.is_nil() {
        return Err("runtime error: invalid memory address or nil pointer dereference".into());
    }
    items(value).ok_or_else(|| format!("{words} {}", value.kind().name()).into())
}

fn list(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::list(args.to_vec()))
}

/// Items up to which Go's memory is followed that has room for more than one by one.
const DOUBLED: usize = 32;

fn push(_: Cx, args: &[Value]) -> Outcome {
    let mut items = list_of(&args[0], "Cannot push on type")?;
    items.push(args[1].clone());
    // Go doubles what was exact before.
    let room = 2 * (items.len() - 1);
    Ok(Value::List(List::with_room(ListKind::Any, items, if room <= DOUBLED { room } else { 0 })))
}

fn prepend(_: Cx, args: &[Value]) -> Outcome {
    let mut items = list_of(&args[0], "Cannot prepend on type")?;
    items.insert(0, args[1].clone());
    // From here on Go's memory comes in pieces for two.
    let room = if items.len() > DOUBLED / 2 && items.len() < DOUBLED { items.len().next_multiple_of(2) } else { 0 };
    Ok(Value::List(List::with_room(ListKind::Any, items, room)))
}

fn first(_: Cx, args: &[Value]) -> Outcome {
    let items = list_of(&args[0], "Cannot find first on type")?;
    Ok(items.first().cloned().unwrap_or(Value::Nil))
}

fn last(_: Cx, args: &[Value]) -> Outcome {
    let items = list_of(&args[0], "Cannot find last on type")?;
    Ok(items.last().cloned().unwrap_or(Value::Nil))
}

fn rest(_: Cx, args: &[Value]) -> Outcome {
    let mut items = list_of(&args[0], "Cannot find rest on type")?;
    if items.is_empty() {
        return Ok(Value::List(List::nil(ListKind::Any)));
    }
    items.remove(0);
    Ok(Value::list(items))
}

fn initial(_: Cx, args: &[Value]) -> Outcome {
    let mut items = list_of(&args[0], "Cannot find initial on type")?;
    if items.pop().is_none() {
        return Ok(Value::List(List::nil(ListKind::Any)));
    }
    Ok(Value::list(items))
}

fn reverse(_: Cx, args: &[Value]) -> Outcome {
    let mut items = list_of(&args[0], "Cannot find reverse on type")?;
    items.reverse();
    Ok(Value::list(items))
}

fn compact(_: Cx, args: &[Value]) -> Outcome {
    let mut items = list_of(&args[0], "Cannot compact on type")?;
    items.retain(Value::is_true);
    Ok(Value::List(List::grown(ListKind::Any, items)))
}

fn contains(cx: Cx, items: &[Value], wanted: &Value) -> Result<bool, &'static str> {
    for item in items {
        if same(cx, wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(cx: Cx, args: &[Value]) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    for item in list_of(&args[0], "Cannot find uniq on type")? {
        if !contains(cx, &kept, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::List(List::grown(ListKind::Any, kept)))
}

fn without(cx: Cx, args: &[Value]) -> Outcome {
    let mut kept = Vec::new();
    for item in list_of(&args[0], "Cannot find without on type")? {
        if !contains(cx, &args[1..], &item)? {
            kept.push(item);
        }
    }
    Ok(Value::List(List::grown(ListKind::Any, kept)))
}

fn has(cx: Cx, args: &[Value]) -> Outcome {
    if args[1].is_nil() {
        return Ok(false.into());
    }
    let items = list_of(&args[1], "Cannot find has on type")?;
    Ok(contains(cx, &items, &args[0])?.into())
}

fn slice(_: Cx, args: &[Value]) -> Outcome {
    let list = match &args[0] {
        Value::List(list) => list.clone(),
        other => List::new(same_kind(other), list_of(other, "list should be type of slice or array but")?),
    };
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, other: usize| match args.get(index) {
        Some(value) => usize::try_from(to_int(value)).ok(),
        None => Some(other),
    };
    let part = bound(1, 0).zip(bound(2, list.len())).and_then(|(start, end)| list.part(start, end));
    part.map(Value::List).ok_or_else(|| "reflect.Value.Slice: slice index out of bounds".into())
}

fn concat(_: Cx, args: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for list in args {
        if list.is_nil() {
            return Err("runtime error: invalid memory address or nil pointer dereference".into());
        }
        match items(list) {
            Some(items) => all.extend(items),
            None => return Err(format!("Cannot concat type {} as list", list.kind().name()).into()),
        }
    }
    if all.is_empty() {
        return Ok(Value::List(List::nil(ListKind::Any)));
    }
    Ok(Value::List(List::grown(ListKind::Any, all)))
}

fn chunk(_: Cx, args: &[Value]) -> Outcome {
    let items = list_of(&args[1], "Cannot chunk type")?;
    let size = args.int(0);
    // The library counts the chunks before it looks at their size, and finds none here.
    let none = if size > 0 {
        items.is_empty()
    } else {
        items.len() == 2 && size < 0
            || items.len() > 2 && usize::try_from(-size).is_ok_and(|size| size >= items.len() - 1)
    };
    let lists = ListKind::Lists;
    if none {
        return Ok(Value::List(List::new(lists, Vec::new())));
    }
    match usize::try_from(size) {
        Ok(size) if size > 0 => {
            let chunks = items.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect();
            Ok(Value::List(List::new(lists, chunks)))
        }
        _ => Err("runtime error: makeslice: len out of range".into()),
    }
}

pub(super) const TABLE: &[Function] = &[
    many("list", &[Any], list),
    many("tuple", &[Any], list),
    fixed("append", &[Any, Any], push),
    fixed("mustAppend", &[Any, Any], push),
    fixed("push", &[Any, Any], push),
    fixed("mustPush", &[Any, Any], push),
    fixed("prepend", &[Any, Any], prepend),
    fixed("mustPrepend", &[Any, Any], prepend),
    fixed("first", &[Any], first),
    fixed("mustFirst", &[Any], first),
    fixed("last", &[Any], last),
    fixed("mustLast", &[Any], last),
    fixed("rest", &[Any], rest),
    fixed("mustRest", &[Any], rest),
    fixed("initial", &[Any], initial),
    fixed("mustInitial", &[Any], initial),
    fixed("reverse", &[Any], reverse),
    fixed("mustReverse", &[Any], reverse),
    fixed("compact", &[Any], compact),
    fixed("mustCompact", &[Any], compact),
    fixed("uniq", &[Any], uniq),
    fixed("mustUniq", &[Any], uniq),
    many("without", &[Any, Any], without),
    many("mustWithout", &[Any, Any], without),
    fixed("has", &[Any, Any], has),
    fixed("mustHas", &[Any, Any], has),
    many("slice", &[Any, Any], slice),
    many("mustSlice", &[Any, Any], slice),
    many("concat", &[Any], concat),
    fixed("chunk", &[Int, Any], chunk),
    fixed("mustChunk", &[Int, Any], chunk),
];
