//! Maps: made, read, changed in place, merged.

use std::rc::Rc;

use super::cast::to_text;
use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::{Any, Map as MapType, Text};
use crate::registry::{Args, Function, Outcome, fixed, many};
use crate::semver::Version;
use crate::value::{List, ListKind, MAX_DEPTH, Map, MapKind, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn dict(_: Cx, args: &[Value]) -> Outcome {
    let map = Map::own(MapKind::Any);
    for pair in args.chunks(2) {
        map.insert(to_text(&pair[0])?, pair.get(1).cloned().unwrap_or_else(|| "".into()));
    }
    Ok(map.into())
}

fn get(cx: Cx, args: &[Value]) -> Outcome {
    cx.run.read(&args.map(0), args.text(1));
    Ok(args.map(0).get(args.text(1)).unwrap_or_else(|| "".into()))
}

fn set(cx: Cx, args: &[Value]) -> Outcome {
    let map = args.map(0);
    if map.kind() == MapKind::Nil {
        return Err("assignment to entry in nil map".into());
    }
    cx.run.alter(&map)?;
    if matches!(args[2], Value::Map(_) | Value::List(_)) {
        cx.run.changed(&map);
    }
    cx.run.allocate(args.text(1).len() + 64)?;
    map.insert(args.text(1), args[2].clone());
    Ok(args[0].clone())
}

fn unset(cx: Cx, args: &[Value]) -> Outcome {
    let map = args.map(0);
    cx.run.alter(&map)?;
    map.remove(args.text(1));
    Ok(args[0].clone())
}

fn has_key(cx: Cx, args: &[Value]) -> Outcome {
    cx.run.read(&args.map(0), args.text(1));
    Ok(args.map(0).contains(args.text(1)).into())
}

fn pluck(_: Cx, args: &[Value]) -> Outcome {
    let found = args[1..].iter().filter_map(|value| value.as_map()?.get(args.text(0)));
    Ok(Value::List(List::grown(ListKind::Any, found.collect())))
}

fn keys(_: Cx, args: &[Value]) -> Outcome {
    let keys = args.iter().filter_map(Value::as_map).flat_map(Map::keys);
    Ok(Value::List(List::grown(ListKind::Text, keys.map(Value::Text).collect())))
}

fn values(_: Cx, args: &[Value]) -> Outcome {
    let values = args.map(0).entries().into_iter().map(|(_, value)| value);
    Ok(Value::List(List::grown(ListKind::Any, values.collect())))
}

fn pick(_: Cx, args: &[Value]) -> Outcome {
    let (from, to) = (args.map(0), Map::own(MapKind::Any));
    for key in args[1..].iter().filter_map(Value::as_text) {
        if let Some(value) = from.get(key) {
            to.insert(key.clone(), value);
        }
    }
    Ok(to.into())
}

fn omit(_: Cx, args: &[Value]) -> Outcome {
    let mut entries = args.map(0).entries();
    entries.retain(|(key, _)| !args[1..].iter().any(|omitted| omitted.as_text() == Some(key)));
    Ok(Map::own_of(MapKind::Any, entries).into())
}

fn dig(cx: Cx, args: &[Value]) -> Outcome {
    let [keys @ .., default, last] = args else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut at = plain_map(last)?;
    for key in keys {
        if key.as_text().is_none() {
            return Err(conversion(key, "string").into());
        }
    }
    for (number, key) in keys.iter().filter_map(Value::as_text).enumerate() {
        cx.run.read(&at, key);
        match at.get(key) {
            None => return Ok(default.clone()),
            Some(value) if number + 1 == keys.len() => return Ok(value),
            Some(value) => at = plain_map(&value)?,
        }
    }
    Ok(default.clone())
}

/// A Go type assertion: named map types do not pass.
fn plain_map(value: &Value) -> Result<Map, Fault> {
    match value {
        Value::Map(map) if matches!(map.kind(), MapKind::Any | MapKind::Nil) => Ok(map.clone()),
        other => Err(conversion(other, "map[string]interface {}").into()),
    }
}

fn conversion(value: &Value, wanted: &str) -> String {
    let got = if value.is_nil() { "nil".into() } else { value.type_name() };
    format!("interface conversion: interface {{}} is {got}, not {wanted}")
}

/// Fills what is empty in the first map, or lets each next one win; the first map itself is changed.
fn merge_all(cx: Cx, args: &[Value], overwrite: bool) -> Outcome {
    let given = args.map(0);
    let target = if given.kind() == MapKind::Nil { Map::own(MapKind::Any) } else { given };
    cx.run.changed(&target);
    for source in args[1..].iter().filter_map(Value::as_map) {
        merge_into(cx, &target, source, overwrite, 0)?;
    }
    Ok(target.into())
}

fn merge_into(cx: Cx, target: &Map, source: &Map, overwrite: bool, depth: usize) -> Result<(), Fault> {
    if target.is(source) {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err("the maps are nested too deeply to be merged".into());
    }
    cx.run.alter(target)?;
    for (key, value) in source.entries() {
        cx.run.spend(1)?;
        let known = target.get(&key);
        if value.is_nil() {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        if let (Some(Value::Map(known)), Value::Map(value)) = (&known, &value)
            && known.kind() == value.kind()
        {
            cx.run.changed(known);
            merge_into(cx, known, value, overwrite, depth + 1)?;
            if !known.is_empty() {
                continue;
            }
        }
        if overwrite || !known.is_some_and(|known| known.is_true()) {
            cx.run.allocate(key.len() + 64)?;
            target.insert(key, value);
        }
    }
    Ok(())
}

fn merge(cx: Cx, args: &[Value]) -> Outcome {
    merge_all(cx, args, false)
}

fn merge_overwrite(cx: Cx, args: &[Value]) -> Outcome {
    merge_all(cx, args, true)
}

fn deep_copy(cx: Cx, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    Ok(copy(cx, &args[0], 0)?)
}

fn copy(cx: Cx, value: &Value, depth: usize) -> Result<Value, &'static str> {
    if depth > MAX_DEPTH {
        return Err("the value is nested too deeply to be copied");
    }
    match value {
        Value::Map(map) => {
            cx.run.spend(map.len() + 1)?;
            cx.run.allocate(map.len() * 64)?;
            let to = Map::own(map.kind());
            for (key, value) in map.entries() {
                to.insert(key, copy(cx, &value, depth + 1)?);
            }
            Ok(to.into())
        }
        Value::List(list) => {
            cx.run.spend(list.len() + 1)?;
            cx.run.allocate(list.len() * 32)?;
            let items: Result<_, _> = list.iter().map(|item| copy(cx, item, depth + 1)).collect();
            Ok(Value::List(List::new(list.kind(), items?)))
        }
        // Its fields have small names in Go, and are left out.
        Value::Object(object) if object.as_any().is::<Version>() => Ok(Value::Object(Rc::new(Version::default()))),
        other => Ok(other.clone()),
    }
}

pub(super) const TABLE: &[Function] = &[
    many("dict", &[Any], dict),
    fixed("get", &[MapType, Text], get),
    fixed("set", &[MapType, Text, Any], set),
    fixed("unset", &[MapType, Text], unset),
    fixed("hasKey", &[MapType, Text], has_key),
    many("pluck", &[Text, MapType], pluck),
    many("keys", &[MapType], keys),
    fixed("values", &[MapType], values),
    many("pick", &[MapType, Text], pick),
    many("omit", &[MapType, Text], omit),
    many("dig", &[Any], dig),
    many("merge", &[MapType, MapType], merge),
    many("mustMerge", &[MapType, MapType], merge),
    many("mergeOverwrite", &[MapType, MapType], merge_overwrite),
    many("mustMergeOverwrite", &[MapType, MapType], merge_overwrite),
    fixed("deepCopy", &[Any], deep_copy),
    fixed("mustDeepCopy", &[Any], deep_copy),
];
