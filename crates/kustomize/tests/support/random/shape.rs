//! What is where in a random object, so that most of what is done to it finds something to work on.

use goyaml::{Kind, ParseOptions, Value};

use super::objects::Object;

/// The value of an object.
pub(crate) fn value(of: &Object) -> Value {
    goyaml::parse_first(&of.text, &ParseOptions::default()).ok().flatten().map(|read| read.value).unwrap_or_default()
}

/// What stands at the end of a path of keys and positions.
fn find<'a>(value: &'a Value, parts: &[String]) -> Option<&'a Value> {
    parts.iter().try_fold(value, |node, part| match node.kind() {
        Kind::Map(map) => map.get(part),
        Kind::List(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// What stands at a path of a replacement or a variable, if it is one of keys and positions.
pub(crate) fn at(of: &Object, path: &str) -> Option<Value> {
    let path = if path.is_empty() { "metadata.name" } else { path };
    let path = path.replace("\\.", "\0").replace("[0]", ".0").replace("[1]", ".1");
    let parts: Vec<String> = path.split('.').map(|part| part.replace('\0', ".")).collect();
    find(&value(of), &parts).filter(|found| !is_nothing(found)).cloned()
}

fn is_nothing(value: &Value) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Map(map) => map.is_empty(),
        Kind::List(items) => items.is_empty(),
        _ => false,
    }
}

pub(crate) fn is_scalar(value: &Value) -> bool {
    !matches!(value.kind(), Kind::Map(_) | Kind::List(_))
}

/// Whether an operation of a JSON patch finds its way in an object.
pub(crate) fn fits(operation: &str, of: &Object) -> bool {
    let read = goyaml::parse_first(operation, &ParseOptions::default()).ok().flatten();
    let Some(operation) = read.map(|read| read.value) else { return false };
    let object = value(of);
    let parts = |key: &str| -> Option<Vec<String>> {
        let path = operation.str_at(&[key])?.strip_prefix('/')?;
        Some(path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
    };
    let Some(path) = parts("path") else { return false };
    let parent = find(&object, &path[..path.len() - 1]);
    let verb = operation.str_at(&["op"]).unwrap_or_default();
    let is_there = find(&object, &path).is_some();
    let has_source = parts("from").is_none_or(|from| find(&object, &from).is_some());
    match verb {
        "test" => false,
        "remove" | "replace" => is_there,
        _ => has_source && parent.is_some_and(|parent| !is_scalar(parent)),
    }
}
