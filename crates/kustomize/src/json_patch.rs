//! RFC 6902 patches as kustomize applies them.

use goyaml::origin::{Derivation, Tracer};
use goyaml::{Kind, ParseOptions, Pos, Value, json};

use crate::scalar;

/// Operations of one patch.
pub(crate) const MAX_OPERATIONS: usize = 10_000;

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    verb: Verb,
    path: Pointer,
    /// Place in the patch.
    pos: Pos,
}

impl Operation {
    /// Gives the values positions in their text, which they have none of otherwise.
    pub(crate) fn trace(&mut self, tracer: &Tracer, source: u32) {
        self.pos.source = source;
        if let Verb::Add(value) | Verb::Replace(value) = &mut self.verb {
            *value = tracer.each(value.clone(), None, &|scalar, _| {
                let pos = Pos { source, ..scalar.pos() };
                Some(Derivation::default().of(&scalar.clone().with_pos(pos)))
            });
        }
    }
}

#[derive(Clone, Debug)]
enum Verb {
    Add(Value),
    Remove,
    Replace(Value),
    Move(Pointer),
    Copy(Pointer),
    Test(Value),
}

/// A JSON pointer, taken apart.
#[derive(Clone, Debug)]
struct Pointer {
    text: String,
    parts: Vec<String>,
}

impl Pointer {
    fn new(text: &str) -> Self {
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Self { text: text.to_owned(), parts: text.split('/').skip(1).map(unescape).collect() }
    }
}

/// Reads a patch in JSON or YAML. `Err` if the text is no list of operations.
pub(crate) fn parse(text: &str) -> Result<Vec<Operation>, (u32, String)> {
    if text.starts_with('[')
        && let Err(error) = goyaml::json::parse(text.as_bytes())
    {
        return Err((1, format!("a patch that starts with '[' must be JSON: {error}")));
    }
    let options = ParseOptions::sigs();
    let read = goyaml::parse_first(text, &options)
        .map_err(|errors| errors.first().map_or((0, String::new()), |error| (error.pos.line, error.message.clone())))?;
    let Some(document) = read else {
        return Ok(Vec::new());
    };
    let list = document.value.as_list();
    let items = list.ok_or((document.pos.line, "a JSON patch is a list of operations".to_owned()))?;
    if items.len() > MAX_OPERATIONS {
        return Err((document.pos.line, format!("a patch may have at most {MAX_OPERATIONS} operations")));
    }
    items.iter().map(operation).collect()
}

fn operation(item: &Value) -> Result<Operation, (u32, String)> {
    let line = item.pos().line;
    let fail = |message: String| (line, message);
    let map = item.as_map().ok_or_else(|| fail("an operation of a JSON patch is a map with op and path".to_owned()))?;
    let text = |key: &str| {
        map.get(key).and_then(Value::as_str).ok_or_else(|| fail(format!("the operation lacks '{key}' (a text)")))
    };
    let value = || map.get("value").cloned().ok_or_else(|| fail("the operation lacks 'value'".to_owned()));
    let verb = match text("op")? {
        "add" => Verb::Add(value()?),
        "remove" => Verb::Remove,
        "replace" => Verb::Replace(value()?),
        "move" => Verb::Move(Pointer::new(text("from")?)),
        "copy" => Verb::Copy(Pointer::new(text("from")?)),
        "test" => Verb::Test(map.get("value").cloned().unwrap_or_default()),
        other => {
            return Err(fail(format!("unknown operation '{other}': use add, remove, replace, move, copy or test")));
        }
    };
    Ok(Operation { verb, path: Pointer::new(text("path")?), pos: item.pos() })
}

/// Applies the operations in order. An error tells the line of the operation that failed.
pub(crate) fn apply(object: &mut Value, operations: &[Operation], tracer: &Tracer) -> Result<(), (u32, String)> {
    operations
        .iter()
        .try_for_each(|operation| step(object, operation, tracer).map_err(|error| (operation.pos.line, error)))
}

fn step(object: &mut Value, operation: &Operation, tracer: &Tracer) -> Result<(), String> {
    let path = &operation.path;
    match &operation.verb {
        Verb::Add(value) => {
            let value = tracer.replace(find_entry(object, path), value.clone());
            add(object, path, value)
        }
        Verb::Remove => remove(object, path).map(drop),
        Verb::Replace(value) => {
            let value = tracer.replace(find(object, path), value.clone());
            replace(object, path, value)
        }
        Verb::Move(from) => {
            let value = remove(object, from)?;
            let value = moved(operation, &value, find_entry(object, path), tracer);
            add(object, path, value)
        }
        Verb::Copy(from) => {
            let value = find(object, from)
                .cloned()
                .or_else(|| may_be_entry(object, from).then(|| Value::NULL.with_pos(operation.pos)));
            let value = value.ok_or_else(|| format!("copy operation does not apply: nothing at '{}'", from.text))?;
            let value = moved(operation, &value, find_entry(object, path), tracer);
            add(object, path, value)
        }
        Verb::Test(expected) => test(object, path, expected, tracer),
    }
}

/// A value on its way from one place of the object to another.
fn moved(operation: &Operation, value: &Value, before: Option<&Value>, tracer: &Tracer) -> Value {
    let verb = if matches!(operation.verb, Verb::Copy(_)) { "copy" } else { "move" };
    tracer.each(value.clone(), before, &|scalar, before| {
        Some(Derivation::by(verb).over(before).with(scalar).at(operation.pos))
    })
}

/// What an addition would replace: a list grows instead.
fn find_entry<'a>(object: &'a Value, path: &Pointer) -> Option<&'a Value> {
    let (last, parents) = path.parts.split_last()?;
    descend(object, parents)?.get(last)
}

fn find<'a>(object: &'a Value, path: &Pointer) -> Option<&'a Value> {
    descend(object, &path.parts)
}

fn descend<'a>(object: &'a Value, parts: &[String]) -> Option<&'a Value> {
    parts.iter().try_fold(object, |node, part| match node.kind() {
        Kind::Map(map) => map.get(part),
        Kind::List(items) => items.get(index(part, items.len())?),
        _ => None,
    })
}

/// The position a part of a path means in a list; negative ones count from the end.
fn index(part: &str, length: usize) -> Option<usize> {
    let at = part.parse::<i64>().ok()?;
    let length = i64::try_from(length).ok()?;
    usize::try_from(if at < 0 { at + length } else { at }).ok()
}

fn parent<'a>(object: &'a mut Value, path: &Pointer, verb: &str) -> Result<(&'a mut Value, String), String> {
    let Some((last, parents)) = path.parts.split_last() else {
        return Err(format!("{verb} operation does not apply: the path '{}' names the whole object", path.text));
    };
    let mut node = object;
    for part in parents {
        let missing = || format!("{verb} operation does not apply: there is no '{part}' on the way to '{}'", path.text);
        let next = match node.kind() {
            Kind::Map(_) => node.as_map_mut().and_then(|map| map.get_mut(part)),
            Kind::List(_) => node.as_list_mut().and_then(|items| {
                let at = index(part, items.len())?;
                items.get_mut(at)
            }),
            _ => None,
        };
        node = next.ok_or_else(missing)?;
    }
    Ok((node, last.clone()))
}

fn add(object: &mut Value, path: &Pointer, value: Value) -> Result<(), String> {
    let (node, last) = parent(object, path, "add")?;
    let kind = node.kind_name();
    if let Some(map) = node.as_map_mut() {
        map.insert(last, value);
        return Ok(());
    }
    let wrong = || format!("add operation does not apply: the parent of '{}' is a {kind}", path.text);
    let items = node.as_list_mut().ok_or_else(wrong)?;
    if last == "-" {
        items.push(value);
        return Ok(());
    }
    // Counted in the list as it will be, so that -1 is the end.
    let at = index(&last, items.len() + 1).filter(|at| *at <= items.len());
    let at = at.ok_or_else(|| format!("add operation does not apply: no position '{last}' in '{}'", path.text))?;
    items.insert(at, value);
    Ok(())
}

fn remove(object: &mut Value, path: &Pointer) -> Result<Value, String> {
    let missing = || format!("remove operation does not apply: nothing at '{}'", path.text);
    let (node, last) = parent(object, path, "remove")?;
    if let Some(map) = node.as_map_mut() {
        return map.remove(&last).ok_or_else(missing);
    }
    let items = node.as_list_mut().ok_or_else(missing)?;
    let at = index(&last, items.len()).filter(|at| *at < items.len()).ok_or_else(missing)?;
    Ok(items.remove(at))
}

/// Sets what is there; in a map also what is not, as kustomize's library does.
fn replace(object: &mut Value, path: &Pointer, value: Value) -> Result<(), String> {
    let missing = || format!("replace operation does not apply: nothing at '{}'", path.text);
    let (node, last) = parent(object, path, "replace")?;
    if let Some(map) = node.as_map_mut() {
        map.insert(last, value);
        return Ok(());
    }
    let items = node.as_list_mut().ok_or_else(missing)?;
    let at = index(&last, items.len()).filter(|at| *at < items.len()).ok_or_else(missing)?;
    items[at] = value;
    Ok(())
}

/// Whether there could be an entry of a map: nothing passes for null only there.
fn may_be_entry(object: &Value, path: &Pointer) -> bool {
    path.parts.split_last().and_then(|(_, parents)| descend(object, parents)?.as_map()).is_some()
}

fn test(object: &Value, path: &Pointer, expected: &Value, tracer: &Tracer) -> Result<(), String> {
    let found = find(object, path);
    // A whole number may be a float here and none there.
    let is_same = |found: &Value| found == expected || json::to_go_string(found) == json::to_go_string(expected);
    if found.map_or_else(|| expected.is_null() && may_be_entry(object, path), is_same) {
        return Ok(());
    }
    let shown = found.map_or_else(
        || "nothing".to_owned(),
        |found| {
            if scalar::is_scalar(found) {
                let places = tracer.places(found);
                let places = places.first().map_or_else(String::new, |place| format!(" ({place})"));
                format!("'{}'{places}", scalar::text(found))
            } else {
                format!("a {}", found.kind_name())
            }
        },
    );
    Err(format!("testing value {} failed: found {shown}", path.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, patch: &str, expected: Result<&str, &str>) {
        let mut value = goyaml::json::parse(object.as_bytes()).expect("a test's object is JSON");
        let operations = match goyaml::json::parse(patch.as_bytes()) {
            Ok(list) => list.as_list().unwrap_or_default().iter().map(operation).collect::<Result<Vec<_>, _>>(),
            Err(error) => Err((0, error.to_string())),
        };
        let outcome = operations.and_then(|operations| apply(&mut value, &operations, &Tracer::default()));
        match (outcome, expected) {
            (Ok(()), Ok(expected)) => assert_eq!(goyaml::json::to_string(&value), expected, "{patch}"),
            (Err((_, message)), Err(expected)) => assert!(message.contains(expected), "{patch}: {message}"),
            (outcome, _) => panic!("{patch}: {outcome:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn operations() {
        check(r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":2}]"#, Ok(r#"{"a":1,"b":2}"#));
        check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/-","value":3}]"#, Ok(r#"{"a":[1,2,3]}"#));
        check(r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/1","value":3}]"#, Ok(r#"{"a":[1,3,2]}"#));
        check(r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/5","value":3}]"#, Err("no position '5'"));
        check("{}", r#"[{"op":"add","path":"/a/b","value":3}]"#, Err("there is no 'a'"));
        check(r#"{"a":{"x/y":1}}"#, r#"[{"op":"remove","path":"/a/x~1y"}]"#, Ok(r#"{"a":{}}"#));
        check(r#"{"a":1}"#, r#"[{"op":"remove","path":"/b"}]"#, Err("nothing at '/b'"));
        check(r#"{"a":1}"#, r#"[{"op":"replace","path":"/b","value":2}]"#, Ok(r#"{"a":1,"b":2}"#));
        check(r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/b"}]"#, Ok(r#"{"b":1}"#));
        check(r#"{"a":1}"#, r#"[{"op":"copy","from":"/a","path":"/b"}]"#, Ok(r#"{"a":1,"b":1}"#));
        check(r#"{"a":1}"#, r#"[{"op":"copy","from":"/c","path":"/b"}]"#, Ok(r#"{"a":1,"b":null}"#));
        check(r#"{"a":[]}"#, r#"[{"op":"copy","from":"/a/0","path":"/b"}]"#, Err("nothing at '/a/0'"));
        check(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":2}]"#, Err("testing value /a failed"));
        check(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1}]"#, Ok(r#"{"a":1}"#));
        check(r#"{"a":[1,2,3]}"#, r#"[{"op":"remove","path":"/a/-1"}]"#, Ok(r#"{"a":[1,2]}"#));
        check(r#"{"a":1}"#, r#"[{"op":"frob","path":"/a"}]"#, Err("unknown operation 'frob'"));
    }
}
