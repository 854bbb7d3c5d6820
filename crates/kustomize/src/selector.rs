//! Targets of patches: kinds, names and namespaces by regular expression, labels and annotations by selector.

use goyaml::Value;
use regex::Regex;

use crate::item::Item;

/// Which objects a patch is for. A part that is not given accepts everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    pub(crate) group: Option<Regex>,
    pub(crate) version: Option<Regex>,
    pub(crate) kind: Option<Regex>,
    pub(crate) name: Option<Regex>,
    pub(crate) namespace: Option<Regex>,
    pub(crate) labels: Vec<Requirement>,
    pub(crate) annotations: Vec<Requirement>,
}

impl Selector {
    /// Whether the object, under its original or its present name and namespace, is meant.
    pub(crate) fn selects(&self, item: &Item) -> bool {
        let part = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|regex| regex.is_match(text));
        let (now, original) = (item.id(), item.original_id());
        let either = |pattern: &Option<Regex>, one: &str, other: &str| part(pattern, one) || part(pattern, other);
        either(&self.namespace, original.effective_namespace(), now.effective_namespace())
            && either(&self.name, &original.name, &now.name)
            && part(&self.group, &now.gvk.group)
            && part(&self.version, &now.gvk.version)
            && part(&self.kind, &now.gvk.kind)
            && accepts(&self.labels, (&item.value, "labels"), &|value| item.text(value))
            && accepts(&self.annotations, (&item.value, "annotations"), &|value| item.text(value))
    }
}

/// A regular expression that must match the whole text; nothing for an empty one.
pub(crate) fn anchored(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let limit = 1 << 20;
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(limit)
        .build()
        .map(Some)
        .map_err(|error| format!("'{pattern}' is not a regular expression: {}", reason(&error)))
}

/// The last line of what the regular expressions' reader says; the lines before it draw the place.
pub(crate) fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Whether labels or annotations of an object, the texts of which are asked for, meet all conditions.
pub(crate) fn accepts(
    requirements: &[Requirement],
    (object, field): (&Value, &str),
    text: &dyn Fn(&Value) -> String,
) -> bool {
    requirements.iter().all(|requirement| {
        let value = object.at(&["metadata", field, &requirement.key]).map(text);
        requirement.operator.accepts(value.as_deref())
    })
}

/// One condition of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Operator {
    fn accepts(&self, value: Option<&str>) -> bool {
        let number = value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(values) => value.is_some_and(|value| values.iter().any(|known| known == value)),
            Self::NotIn(values) => value.is_none_or(|value| values.iter().all(|known| known != value)),
            Self::Above(bound) => number.is_some_and(|number| number > *bound),
            Self::Below(bound) => number.is_some_and(|number| number < *bound),
        }
    }
}

/// Reads a label selector such as `app=web,tier in (a, b),!legacy`.
pub(crate) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = end_of_requirement(rest);
        found.push(requirement(rest[..end].trim()).map_err(|error| format!("label selector '{text}': {error}"))?);
        rest = rest[end..].trim_start_matches(',').trim_start();
    }
    Ok(found)
}

/// Where the first requirement ends: at a comma outside of brackets.
fn end_of_requirement(text: &str) -> usize {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn requirement(text: &str) -> Result<Requirement, String> {
    if let Some(key) = text.strip_prefix('!') {
        return Ok(Requirement { key: key_of(key)?, operator: Operator::Absent });
    }
    for (sign, make) in SIGNS {
        if let Some((key, value)) = text.split_once(sign) {
            return Ok(Requirement { key: key_of(key)?, operator: make(value.trim())? });
        }
    }
    let mut words = text.splitn(2, char::is_whitespace);
    let key = key_of(words.next().unwrap_or_default())?;
    let rest = words.next().unwrap_or_default().trim();
    let operator = if rest.is_empty() {
        Operator::Exists
    } else if let Some(list) = rest.strip_prefix("notin") {
        Operator::NotIn(list_of(list)?)
    } else if let Some(list) = rest.strip_prefix("in") {
        Operator::In(list_of(list)?)
    } else {
        return Err(format!("'{text}' is not understood"));
    };
    Ok(Requirement { key, operator })
}

type MakeOperator = fn(&str) -> Result<Operator, String>;

const SIGNS: [(&str, MakeOperator); 5] = [
    ("!=", |value| Ok(Operator::NotIn(vec![value.to_owned()]))),
    ("==", |value| Ok(Operator::In(vec![value.to_owned()]))),
    ("=", |value| Ok(Operator::In(vec![value.to_owned()]))),
    (">", |value| number(value).map(Operator::Above)),
    ("<", |value| number(value).map(Operator::Below)),
];

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("'{text}' is not a whole number"))
}

fn key_of(text: &str) -> Result<String, String> {
    let key = text.trim();
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
    if key.is_empty() || !key.chars().all(fits) {
        return Err(format!("'{key}' is not a label"));
    }
    Ok(key.to_owned())
}

fn list_of(text: &str) -> Result<Vec<String>, String> {
    let inner = text.trim().strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let inner = inner.ok_or_else(|| format!("'{}' should be a list in brackets", text.trim()))?;
    Ok(inner.split(',').map(|value| value.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors() {
        let labels = "{\"metadata\":{\"labels\":{\"app\":\"web\",\"n\":\"5\"}}}";
        let object = goyaml::json::parse(labels.as_bytes()).expect("a test's object is JSON");
        let check = |text: &str, expected: bool| {
            let requirements = requirements(text).expect("a test's selector is valid");
            assert_eq!(accepts(&requirements, (&object, "labels"), &crate::scalar::text), expected, "{text}");
        };
        check("", true);
        check("app=web", true);
        check("app==web,n", true);
        check("app!=web", false);
        check("tier!=x", true);
        check("!tier", true);
        check("app in (a, web)", true);
        check("app notin (a, web),n", false);
        check("n>4,n<6", true);
        check("n>5", false);
        assert!(requirements("app in web").is_err());
        assert!(requirements("a b c").is_err());
    }

    #[test]
    fn patterns_match_the_whole_text() {
        let regex = anchored("web|api").expect("a test's pattern is valid").expect("it is not empty");
        assert!(regex.is_match("api"));
        assert!(!regex.is_match("api2"));
        assert!(anchored("(").is_err());
    }
}
