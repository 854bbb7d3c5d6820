//! Paths to fields as kubectl's users write them: `.spec.template.spec.containers[0].image`,
//! `.metadata.annotations['a.b/c']`.

use std::fmt;

use goyaml::{Kind, Value};

/// Keys that a message lists as what there is instead.
const MAX_NAMED: usize = 12;

/// A path from the root of an object to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<Part>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The entry of a map.
    Key(String),
    /// The item of a list, from 0.
    Index(usize),
    /// The item of a list whose field has this text: `[name=web]`.
    Item(String, String),
}

/// What is wrong with a path, or with what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldPathError {
    /// The text is no path.
    #[error(
        "'{0}' is not a path to a field: write .spec.replicas, .spec.containers[0].image or .metadata.annotations['a.b/c']"
    )]
    Form(String),
    /// There is nothing at the path.
    #[error("there is no {missing}: {reached} {has}")]
    Missing {
        /// The part of the path that is there.
        reached: FieldPath,
        /// That part and the next one, which is not.
        missing: FieldPath,
        /// What is there instead.
        has: String,
    },
}

impl FieldPath {
    /// Reads a path; a leading dot, or braces as in kubectl's `JSONPath`, may be there or not.
    pub fn parse(text: &str) -> Result<Self, FieldPathError> {
        let form = || FieldPathError::Form(text.to_owned());
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        let mut rest = inner.strip_prefix('$').unwrap_or(inner);
        let mut parts = Vec::new();
        if rest == "." {
            return Ok(Self(parts));
        }
        while !rest.is_empty() {
            let (part, after) = match rest.strip_prefix('[') {
                Some(bracket) => in_brackets(bracket),
                None => key(rest.strip_prefix('.').unwrap_or(rest)),
            }
            .ok_or_else(form)?;
            parts.push(part);
            rest = after;
        }
        Ok(Self(parts))
    }

    /// The node that the path leads to.
    pub fn find<'a>(&self, object: &'a Value) -> Result<&'a Value, FieldPathError> {
        let mut node = object;
        for (at, part) in self.0.iter().enumerate() {
            let missing = || FieldPathError::Missing {
                reached: Self(self.0[..at].to_vec()),
                missing: Self(self.0[..=at].to_vec()),
                has: has(node, part),
            };
            node = part.enter(node).ok_or_else(missing)?;
        }
        Ok(node)
    }

    /// The paths of all scalars at and below a node, which this path leads to.
    pub fn scalars<'a>(&self, node: &'a Value) -> Vec<(Self, &'a Value)> {
        let mut found = Vec::new();
        let mut todo = vec![(self.clone(), node)];
        while let Some((path, node)) = todo.pop() {
            let below = |part| Self(path.0.iter().cloned().chain([part]).collect());
            match node.kind() {
                Kind::Map(map) => {
                    let entries = map.sorted().into_iter().rev();
                    todo.extend(entries.map(|(key, child)| (below(Part::Key(key.to_owned())), child)));
                }
                Kind::List(items) => {
                    todo.extend(items.iter().enumerate().rev().map(|(at, child)| (below(Part::Index(at)), child)));
                }
                _ => found.push((path, node)),
            }
        }
        found
    }
}

impl Part {
    fn enter<'a>(&self, node: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Key(key) => node.get(key),
            Self::Index(at) => node.as_list()?.get(*at),
            Self::Item(key, text) => node
                .as_list()?
                .iter()
                .find(|item| item.get(key).is_some_and(|field| crate::diff::scalar_text(field) == *text)),
        }
    }
}

/// A key up to the next dot or bracket; a backslash takes the next character as it is.
fn key(text: &str) -> Option<(Part, &str)> {
    let (mut key, mut end) = (String::new(), text.len());
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => key.push(characters.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            _ => key.push(character),
        }
    }
    (!key.is_empty()).then(|| (Part::Key(key), &text[end..]))
}

/// What stands after an opening bracket: `0]`, `'a.b/c']`, `name=web]`.
fn in_brackets(text: &str) -> Option<(Part, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (key, after) = quoted.split_once(quote)?;
            return Some((Part::Key(key.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (inner, after) = text.split_once(']')?;
    let part = match inner.split_once('=') {
        Some((key, value)) if !key.is_empty() => Part::Item(key.to_owned(), value.to_owned()),
        _ => Part::Index(inner.parse().ok()?),
    };
    Some((part, after))
}

/// What there is where a part is missing.
fn has(node: &Value, part: &Part) -> String {
    match (node.kind(), part) {
        (Kind::Map(map), _) if map.is_empty() => "is an empty map".to_owned(),
        (Kind::Map(map), _) => {
            let mut keys: Vec<&str> = map.keys().map(goyaml::Key::as_str).collect();
            keys.sort_unstable();
            let more = if keys.len() > MAX_NAMED { ", …" } else { "" };
            keys.truncate(MAX_NAMED);
            format!("has {}{more}", keys.join(", "))
        }
        (Kind::List(items), Part::Item(key, _)) => {
            let names: Vec<String> =
                items.iter().filter_map(|item| item.get(key)).map(crate::diff::scalar_text).take(MAX_NAMED).collect();
            format!("is a list of {} items with {key}: {}", items.len(), names.join(", "))
        }
        (Kind::List(items), _) => format!("is a list of {} items, counted from 0", items.len()),
        _ => format!("is a {}", node.kind_name()),
    }
}

/// `.spec.containers[0].image`, `.metadata.annotations['a.b/c']`; the root is `.`
impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str(".");
        }
        self.0.iter().try_for_each(|part| match part {
            Part::Key(key) if key.chars().all(|character| character.is_alphanumeric() || "-_".contains(character)) => {
                write!(out, ".{key}")
            }
            Part::Key(key) if key.contains('\'') => write!(out, "[\"{key}\"]"),
            Part::Key(key) => write!(out, "['{key}']"),
            Part::Index(at) => write!(out, "[{at}]"),
            Part::Item(key, value) => write!(out, "[{key}={value}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_kubectl_users_write_them() {
        let check = |text: &str, shown: &str| {
            assert_eq!(FieldPath::parse(text).map(|path| path.to_string()).as_deref(), Ok(shown), "{text}");
        };
        check(".spec.replicas", ".spec.replicas");
        check("spec.replicas", ".spec.replicas");
        check("{.spec.replicas}", ".spec.replicas");
        check(".spec.containers[0].image", ".spec.containers[0].image");
        check(".spec.containers[name=web].image", ".spec.containers[name=web].image");
        check(".metadata.annotations['a.b/c']", ".metadata.annotations['a.b/c']");
        check(r".metadata.annotations.a\.b/c", ".metadata.annotations['a.b/c']");
        check(".", ".");
        for wrong in ["..", ".a[", ".a[x]", ".a['b]", ".a."] {
            assert!(FieldPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_there() {
        let object =
            goyaml::json::parse(br#"{"spec":{"ports":[{"name":"http"},{"name":"dns"}],"type":"x"}}"#).expect("JSON");
        let check = |path: &str, expected: &str| {
            let found = FieldPath::parse(path).and_then(|path| path.find(&object).map(|_| ()));
            assert_eq!(found.map_err(|error| error.to_string()), Err(expected.to_owned()));
        };
        check(".spec.port", "there is no .spec.port: .spec has ports, type");
        check(".spec.ports[2]", "there is no .spec.ports[2]: .spec.ports is a list of 2 items, counted from 0");
        check(
            ".spec.ports[name=x]",
            "there is no .spec.ports[name=x]: .spec.ports is a list of 2 items with name: http, dns",
        );
        check(".spec.type.x", "there is no .spec.type.x: .spec.type is a string");
        let path = FieldPath::parse(".spec").expect("a path");
        let scalars = path.scalars(path.find(&object).expect("it is there"));
        let shown: Vec<String> = scalars.iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(shown, [".spec.ports[0].name", ".spec.ports[1].name", ".spec.type"]);
    }
}
