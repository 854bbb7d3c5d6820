//! One value out of a document: `["data"]["key"][0]`.

use crate::{Branch, Fault, Format, Indents, SopsError, Text, Value, store};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// The entry of a list, from 0; comments count as entries.
    Place(usize),
}

/// Reads a path as sops takes it: `["key"]`, `['key']` and `[0]` one after the other.
///
/// # Errors
/// What is wrong with it.
pub fn parse_path(text: &str) -> Result<Vec<Step>, String> {
    let wrong = || format!("{text:?} is no path; write it as [\"key\"][0]");
    let mut steps = Vec::new();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find(']').ok_or_else(wrong)?;
        let (step, tail) = (&inner[..end], &inner[end + 1..]);
        let quoted = ['"', '\''].into_iter().find_map(|quote| step.strip_prefix(quote)?.strip_suffix(quote));
        steps.push(match quoted {
            Some(key) => Step::Key(key.to_owned()),
            None => Step::Place(step.parse().map_err(|_| wrong())?),
        });
        rest = tail;
    }
    if rest.is_empty() && !steps.is_empty() { Ok(steps) } else { Err(wrong()) }
}

pub(crate) fn extract(
    branches: &[Branch],
    path: &[Step],
    (format, indents): (Format, Indents),
) -> Result<Text, SopsError> {
    let first = branches.first().cloned().unwrap_or_default();
    let mut value = Value::Map(first);
    for step in path {
        value = child(value, step)?;
    }
    match value {
        Value::Map(branch) => {
            let mut branches = branches.to_vec();
            if let Some(first) = branches.first_mut() {
                *first = branch;
            }
            store::emit(&branches, format, false, indents)
        }
        Value::Text(text) => Ok(text),
        Value::Comment(_) => Err(Fault::NoSuchPath("the entry is a comment".to_owned()).into()),
        other => store::emit_value(&other, format, indents),
    }
}

fn child(value: Value, step: &Step) -> Result<Value, SopsError> {
    let missing = |told: String| Fault::NoSuchPath(told).into();
    match (step, value) {
        (Step::Key(key), Value::Map(branch)) => {
            let found = branch.into_iter().find(|item| item.name() == Some(key));
            found.map(|item| item.value).ok_or_else(|| missing(format!("there is no key {key:?}")))
        }
        (Step::Place(place), Value::List(list)) => {
            let found = list.into_iter().nth(*place);
            found.map(|entry| entry.value).ok_or_else(|| missing(format!("the list has no entry {place}")))
        }
        (Step::Key(key), other) => {
            Err(missing(format!("{key:?} is looked for in {}, which has no keys", other.kind())))
        }
        (Step::Place(place), other) => Err(missing(format!("entry {place} is looked for in {}", other.kind()))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, parse_path};

    #[test]
    fn paths_are_read() {
        assert_eq!(
            parse_path("[\"a b\"][0]['c']"),
            Ok(vec![Step::Key("a b".into()), Step::Place(0), Step::Key("c".into())])
        );
        for wrong in ["", "a", "[", "[a]", "[\"a\"", "[0]x", "[-1]"] {
            assert!(parse_path(wrong).is_err(), "{wrong}");
        }
    }
}
