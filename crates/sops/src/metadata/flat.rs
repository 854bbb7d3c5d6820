//! Nested entries in formats that have none: `age__list_0__map_enc` is the `enc` of the first entry of `age`.

use std::collections::BTreeMap;

use crate::{Branch, Entry, Fault, Item, SopsError, Value};

const MAP: &str = "__map_";
const LIST: &str = "__list_";
/// Steps that one name may have.
const MAX_STEPS: usize = 32;

/// One step of a name.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Key(&'a str),
    Place(usize),
}

/// What stands at a step.
#[derive(Default)]
struct Node {
    value: Option<Value>,
    keys: BTreeMap<String, Self>,
    places: BTreeMap<usize, Self>,
}

/// Makes one level of entries nested. `escaped`: line breaks are written `\n`.
pub(super) fn unflatten(entries: Branch, escaped: bool) -> Result<Branch, SopsError> {
    if entries.is_empty() {
        return Err(Fault::NotEncrypted.into());
    }
    let mut root = Node::default();
    for item in entries {
        let Some(name) = item.name().map(str::to_owned) else {
            continue;
        };
        let wrong = |why: &str| SopsError::at(item.line, Fault::Metadata(format!("{name}: {why}")));
        let mut node = &mut root;
        let steps =
            steps(&name).ok_or_else(|| wrong("the name has too many parts, or a position that is no number"))?;
        for step in steps {
            node = match step {
                Step::Key(key) => node.keys.entry(key.to_owned()).or_default(),
                Step::Place(place) => node.places.entry(place).or_default(),
            };
        }
        if node.value.is_some() {
            return Err(wrong("it is there twice"));
        }
        let value = match item.value.as_str() {
            Some(text) if escaped => Value::text(text.replace("\\n", "\n")),
            _ => item.value,
        };
        node.value = Some(value);
    }
    match nested(root)? {
        Value::Map(branch) => Ok(branch),
        _ => Err(Fault::Metadata("its names do not make a map".to_owned()).into()),
    }
}

fn steps(name: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = name;
    let mut is_list = false;
    loop {
        let next = [rest.find(MAP).map(|at| (at, MAP)), rest.find(LIST).map(|at| (at, LIST))];
        let next = next.into_iter().flatten().min();
        let own = next.map_or(rest, |(at, _)| &rest[..at]);
        steps.push(if is_list { Step::Place(own.parse().ok()?) } else { Step::Key(own) });
        let Some((at, separator)) = next.filter(|_| steps.len() < MAX_STEPS) else {
            return next.is_none().then_some(steps);
        };
        is_list = separator == LIST;
        rest = &rest[at + separator.len()..];
    }
}

fn nested(node: Node) -> Result<Value, SopsError> {
    let wrong = |why: &str| Err(Fault::Metadata(why.to_owned()).into());
    match (node.value, node.keys.is_empty(), node.places.is_empty()) {
        (Some(value), true, true) => Ok(value),
        (None, false, true) => {
            let items = node.keys.into_iter().map(|(key, node)| Ok(Item::new(key, nested(node)?, 0)));
            Ok(Value::Map(items.collect::<Result<_, SopsError>>()?))
        }
        (None, true, false) => {
            if !node.places.keys().copied().eq(0..node.places.len()) {
                return wrong("a list of it has a gap");
            }
            let entries = node.places.into_values().map(|node| Ok(Entry { value: nested(node)?, line: 0 }));
            Ok(Value::List(entries.collect::<Result<_, SopsError>>()?))
        }
        (None, true, true) => Ok(Value::Map(Branch::new())),
        _ => wrong("a name of it is used for a value and for a list or map"),
    }
}

/// Makes nested entries one level. `escapes`: line breaks are written `\n`.
pub(super) fn flatten(entries: &Branch, prefix: &str, escapes: bool) -> Branch {
    let mut out = Branch::new();
    for item in entries {
        add(&item.value, format!("{prefix}{}", item.name().unwrap_or_default()), escapes, &mut out);
    }
    out
}

fn add(value: &Value, name: String, escapes: bool, out: &mut Branch) {
    match value {
        Value::Map(branch) => {
            for item in branch {
                add(&item.value, format!("{name}{MAP}{}", item.name().unwrap_or_default()), escapes, out);
            }
        }
        Value::List(entries) => {
            for (place, entry) in entries.iter().enumerate() {
                add(&entry.value, format!("{name}{LIST}{place}"), escapes, out);
            }
        }
        leaf => {
            let written = leaf.as_str().filter(|_| escapes).map(|text| Value::text(text.replace('\n', "\\n")));
            out.push(Item::new(name, written.unwrap_or_else(|| leaf.clone()), 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, steps};

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(steps("age__list_0__map_enc"), Some(vec![Step::Key("age"), Step::Place(0), Step::Key("enc")]));
        assert_eq!(steps("mac"), Some(vec![Step::Key("mac")]));
        assert_eq!(steps("age__list_x"), None);
        assert_eq!(steps(&"__map_a".repeat(40)), None);
    }
}
