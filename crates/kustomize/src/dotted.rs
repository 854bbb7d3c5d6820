//! Fields by dotted paths, as `replacements` and `vars` name them: `spec.containers.[name=web].env.0.value`.

use goyaml::{Kind, Value};
use regex::Regex;

use crate::raw::{self, RawTexts};
use crate::scalar;

/// The parts of a path. `\.` and dots in brackets do not part; brackets without `=` only protect a key.
pub(crate) fn split(path: &str) -> Vec<String> {
    let mut plain: Vec<String> = Vec::new();
    let path = path.strip_prefix('.').filter(|rest| !rest.is_empty()).unwrap_or(path);
    for part in path.split('.') {
        match plain.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(part);
            }
            _ => plain.push(part.to_owned()),
        }
    }
    let mut parts = Vec::new();
    let mut plain = plain.into_iter();
    while let Some(part) = plain.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            parts.push(part);
            continue;
        }
        let mut bracket = part;
        for more in plain.by_ref() {
            bracket.push('.');
            bracket.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        parts.push(if bracket.contains('=') { bracket } else { bracket.trim_matches(['[', ']']).to_owned() });
    }
    parts
}

/// The parts of a path of a variable, in which `ports[0]` is `ports.0`.
pub(crate) fn split_with_indices(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in split(path) {
        let index = part.strip_suffix(']').and_then(|part| part.rsplit_once('['));
        match index.filter(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())) {
            Some((key, digits)) => {
                if !key.is_empty() {
                    parts.push(key.to_owned());
                }
                parts.push(digits.to_owned());
            }
            None => parts.push(part),
        }
    }
    parts
}

fn is_condition(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

fn index(part: &str) -> Option<usize> {
    let digits = part.strip_prefix('+').unwrap_or(part);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Key and value of `[key=value]`.
fn condition(part: &str) -> Result<(&str, &str), String> {
    let inner = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part);
    inner.split_once('=').ok_or_else(|| format!("'{part}' should be [field=value]"))
}

fn wrong_kind(wanted: &str, node: &Value, part: &str) -> String {
    format!("wrong node kind: expected {wanted} but was {} at '{part}'", scalar::node_kind(node))
}

/// The one node a path leads to.
pub(crate) fn lookup<'a>(object: &'a Value, path: &[String], raw: &RawTexts) -> Result<Option<&'a Value>, String> {
    let mut node = object;
    for part in path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match enter(node, part, raw)? {
            Some(next) => node = next,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn enter<'a>(node: &'a Value, part: &str, raw: &RawTexts) -> Result<Option<&'a Value>, String> {
    let items = || match node.kind() {
        Kind::List(items) => Ok(items.as_slice()),
        Kind::Null if !raw::is_no_null(node) => Ok(&[][..]),
        _ => Err(wrong_kind("SequenceNode", node, part)),
    };
    if let Ok(at) = part.parse::<i64>() {
        let at = usize::try_from(at).map_err(|_| format!("array index {at} cannot be negative"))?;
        return Ok(items()?.get(at));
    }
    match part {
        "-" => Ok(items()?.last()),
        "*" => Err("'*' cannot be used for a source: it must be one field".to_owned()),
        _ if is_condition(part) => {
            let (key, value) = condition(part)?;
            let matches = |item: &&Value| {
                let field = if key.is_empty() { Some(*item) } else { item.get(key) };
                field.is_some_and(|field| scalar::is_scalar(field) && raw.text(field) == value)
            };
            Ok(items()?.iter().find(matches))
        }
        _ => match node.kind() {
            Kind::Map(map) => Ok(map.get(part)),
            Kind::Null if !raw::is_no_null(node) => Ok(None),
            _ => Err(wrong_kind("MappingNode", node, part)),
        },
    }
}

/// What is made where the last part of a path is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar,
    List,
    Map,
}

impl Shape {
    pub(crate) fn of(value: &Value) -> Self {
        match value.kind() {
            Kind::List(_) => Self::List,
            Kind::Map(_) => Self::Map,
            _ => Self::Scalar,
        }
    }

    /// An empty node in the place of `part`'s parent, where `next` is to be found in it.
    fn node(self, next: Option<&String>) -> Value {
        let shape = match next {
            None => self,
            Some(next) if is_condition(next) || index(next).is_some() => Self::List,
            Some(_) => Self::Map,
        };
        match shape {
            Self::Scalar => Value::NULL,
            Self::List => Value::from(Vec::new()),
            Self::Map => Value::empty_map(),
        }
    }
}

/// Visits all nodes a path leads to.
pub(crate) struct Visit<'a> {
    pub(crate) raw: &'a RawTexts,
    /// What to make where the path ends and nothing is there; `None` makes nothing.
    pub(crate) create: Option<Shape>,
    /// Called with what a condition in the path makes.
    pub(crate) make: &'a dyn Fn(Value) -> Value,
    /// Called with each node; true if it was just made.
    pub(crate) set: &'a mut dyn FnMut(&mut Value, bool) -> Result<(), String>,
}

impl Visit<'_> {
    /// Gives the number of nodes found.
    pub(crate) fn run(&mut self, node: &mut Value, path: &[String]) -> Result<usize, String> {
        self.walk(node, path, false)
    }

    fn walk(&mut self, node: &mut Value, path: &[String], made: bool) -> Result<usize, String> {
        let Some((part, rest)) = path.split_first() else {
            (self.set)(node, made)?;
            return Ok(1);
        };
        if node.is_null() && !raw::is_no_null(node) {
            return self.null(node, part, rest);
        }
        if let Some(at) = index(part) {
            return self.item(node, (part, at), rest);
        }
        if is_condition(part) {
            return self.matching(node, part, rest);
        }
        if part == "*" {
            let items = items_mut(node, part)?;
            let mut count = 0;
            for item in items {
                count += self.walk(item, rest, false)?;
            }
            return Ok(count);
        }
        self.field(node, part, rest)
    }

    /// Kustomize adds to a null, and does not see that a null has no room.
    fn null(&mut self, node: &mut Value, part: &str, rest: &[String]) -> Result<usize, String> {
        match (self.create.filter(|_| part != "*"), index(part)) {
            (Some(shape), None) if !is_condition(part) => {
                let mut child = shape.node(rest.first());
                self.walk(&mut child, rest, rest.is_empty())?;
                self.raw.hide(node, part, child);
                Ok(1)
            }
            (Some(_), None | Some(0)) => Ok(1),
            _ => nothing(part),
        }
    }

    fn field(&mut self, node: &mut Value, part: &str, rest: &[String]) -> Result<usize, String> {
        if node.as_map().is_none() {
            return Err(wrong_kind("MappingNode", node, part));
        }
        let is_there = node.get(part).is_some();
        let Some(map) = node.as_map_mut() else { return Ok(0) };
        if !is_there {
            let Some(shape) = self.create else { return Ok(0) };
            map.insert(part, shape.node(rest.first()));
        }
        let Some(child) = map.get_mut(part) else { return Ok(0) };
        if rest.is_empty() { self.walk(child, rest, !is_there) } else { self.walk(child, rest, false) }
    }

    fn item(&mut self, node: &mut Value, (part, at): (&str, usize), rest: &[String]) -> Result<usize, String> {
        let items = items_mut(node, part)?;
        let mut made = false;
        if items.len() == at
            && let Some(shape) = self.create
        {
            items.push(shape.node(rest.first()));
            made = rest.is_empty();
        }
        let count = items.len();
        let item = items.get_mut(at).ok_or_else(|| format!("index {at} specified but only {count} elements found"))?;
        self.walk(item, rest, made)
    }

    fn matching(&mut self, node: &mut Value, part: &str, rest: &[String]) -> Result<usize, String> {
        let (key, pattern) = condition(part)?;
        let regex = Regex::new(pattern)
            .map_err(|error| format!("'{pattern}' is not a regular expression: {}", crate::selector::reason(&error)))?;
        let items = items_mut(node, part)?;
        let found = self.matching_items(items, (key, &regex), rest)?;
        if found > 0 || self.create.is_none() {
            return Ok(found);
        }
        let value = (self.make)(raw::untyped(raw::plain(pattern)));
        items.push(if key.is_empty() { value } else { [(key, value)].into_iter().collect() });
        self.matching_items(items, (key, &regex), rest)
    }

    /// What a pattern is held against: a text in quotes has them there.
    fn printed(&self, field: &Value) -> String {
        let text = self.raw.text(field);
        let is_in_quotes = field.is_quoted() && field.as_str().is_some();
        if is_in_quotes { goyaml::json::to_string(&Value::from(text)) } else { text }
    }

    fn matching_items(
        &mut self,
        items: &mut [Value],
        (key, regex): (&str, &Regex),
        rest: &[String],
    ) -> Result<usize, String> {
        let mut count = 0;
        for item in items {
            let field = if key.is_empty() { Some(&*item) } else { item.get(key) };
            if !field.is_some_and(|field| regex.is_match(&self.printed(field))) {
                continue;
            }
            // A condition on the item itself ends the path, whatever follows.
            let rest = if key.is_empty() { &[] } else { rest };
            count += self.walk(item, rest, false)?;
        }
        Ok(count)
    }
}

/// What a part finds in nothing.
fn nothing(part: &str) -> Result<usize, String> {
    match index(part) {
        Some(at) => Err(format!("index {at} specified but only 0 elements found")),
        None => Ok(0),
    }
}

fn items_mut<'a>(node: &'a mut Value, part: &str) -> Result<&'a mut Vec<Value>, String> {
    if node.as_list().is_none() {
        return Err(wrong_kind("SequenceNode", node, part));
    }
    node.as_list_mut().ok_or_else(String::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |path: &str, expected: &[&str]| assert_eq!(split(path), expected, "{path}");
        check("metadata.name", &["metadata", "name"]);
        check(r"metadata.annotations.a\.b/c", &["metadata", "annotations", "a.b/c"]);
        check("metadata.annotations.[a.b/c]", &["metadata", "annotations", "a.b/c"]);
        check("spec.containers.[name=a.b.c].image", &["spec", "containers", "[name=a.b.c]", "image"]);
        assert_eq!(split_with_indices("spec.ports[0].port"), ["spec", "ports", "0", "port"]);
        assert_eq!(split_with_indices("spec.[name=x].port"), ["spec", "[name=x]", "port"]);
    }

    #[test]
    fn visits() {
        let check = |path: &str, create, expected: Result<usize, &str>| {
            let text = r#"{"a":{"l":[{"n":"x","v":1},{"n":"y"},{"n":"xx","v":2}],"s":"t"}}"#;
            let mut object = goyaml::json::parse(text.as_bytes()).expect("a test's object is JSON");
            let raw = &RawTexts::default();
            let found =
                Visit { raw, create, make: &|value| value, set: &mut |_, _| Ok(()) }.run(&mut object, &split(path));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{path}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{path}: {found}"),
                (found, _) => panic!("{path}: {found:?}"),
            }
        };
        check("a.s", None, Ok(1));
        check("a.l.*.n", None, Ok(3));
        check("a.l.[n=x].v", None, Ok(2));
        check("a.l.[n=^x$].v", None, Ok(1));
        check("a.l.1.v", None, Ok(0));
        check("a.l.1.v", Some(Shape::Scalar), Ok(1));
        check("a.l.7.v", None, Err("only 3 elements"));
        check("a.l.v", None, Err("wrong node kind"));
        check("a.l.[n=z].v", Some(Shape::Scalar), Ok(1));
        check("b.c", None, Ok(0));
        check("b.c", Some(Shape::Scalar), Ok(1));
    }
}
