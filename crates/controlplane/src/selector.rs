//! Label and field selectors.

use goyaml::Value;

use crate::status::{ApiError, ApiResult};
use crate::strategy::Path;

/// One condition on labels.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
    Above(String, i64),
    Below(String, i64),
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<Condition>,
    fields: Vec<(Vec<String>, String, bool)>,
}

impl Selector {
    /// Reads the options `labelSelector` and `fieldSelector`; `selectable` are the kind's own fields.
    pub(crate) fn parse(labels: &str, fields: &str, selectable: &Selectable<'_>) -> ApiResult<Self> {
        Ok(Self { labels: parse_labels(labels)?, fields: parse_fields(fields, selectable)? })
    }

    /// Whether there is no condition.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is meant.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = object.at(&["metadata", "labels"]);
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.labels.iter().all(|condition| condition.holds(&label))
            && self.fields.iter().all(|(path, wanted, equal)| (field_text(object, path) == *wanted) == *equal)
    }
}

/// The fields that a kind can be selected by.
#[derive(Debug)]
pub(crate) struct Selectable<'a> {
    /// Built-in ones.
    pub(crate) builtin: &'a [(&'static str, Path)],
    /// Those a CRD declares, as `spec.color`.
    pub(crate) custom: &'a [String],
}

fn field_text(object: &Value, path: &[String]) -> String {
    let found = path.iter().try_fold(object, |node, key| node.get(key));
    match found.map(Value::kind) {
        Some(goyaml::Kind::String(text)) => text.to_string(),
        Some(goyaml::Kind::Bool(value)) => value.to_string(),
        Some(goyaml::Kind::Int(value)) => value.to_string(),
        _ if path.last().is_some_and(|last| last == "hostNetwork" || last == "unschedulable") => "false".into(),
        _ => String::new(),
    }
}

impl Condition {
    fn holds<'a>(&self, label: &impl Fn(&str) -> Option<&'a str>) -> bool {
        let number = |key: &str| label(key).and_then(|text| text.parse::<i64>().ok());
        match self {
            Self::In(key, values) => label(key).is_some_and(|found| values.iter().any(|value| value == found)),
            Self::NotIn(key, values) => label(key).is_none_or(|found| !values.iter().any(|value| value == found)),
            Self::Exists(key) => label(key).is_some(),
            Self::Absent(key) => label(key).is_none(),
            Self::Above(key, bound) => number(key).is_some_and(|found| found > *bound),
            Self::Below(key, bound) => number(key).is_some_and(|found| found < *bound),
        }
    }
}

fn parse_labels(text: &str) -> ApiResult<Vec<Condition>> {
    split_outside(text).into_iter().map(str::trim).filter(|part| !part.is_empty()).map(parse_condition).collect()
}

/// Splits at commas that are not inside parentheses.
fn split_outside(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_u32, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn parse_condition(text: &str) -> ApiResult<Condition> {
    let own = |text: &str| text.trim().to_owned();
    if let Some(key) = text.strip_prefix('!').filter(|rest| !rest.contains('=')) {
        return Ok(Condition::Absent(own(key)));
    }
    if let Some((head, values)) = text.split_once('(') {
        let values = values.strip_suffix(')').ok_or_else(|| unparsable(text))?.split(',').map(own).collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => Ok(Condition::In(own(key), values)),
            (Some(key), Some("notin"), None) => Ok(Condition::NotIn(own(key), values)),
            _ => Err(unparsable(text)),
        };
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(Condition::NotIn(own(key), vec![own(value)]));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Condition::In(own(key), vec![own(value)]));
    }
    let bound = |value: &str| value.trim().parse::<i64>().map_err(|_| unparsable(text));
    if let Some((key, value)) = text.split_once('>') {
        return Ok(Condition::Above(own(key), bound(value)?));
    }
    if let Some((key, value)) = text.split_once('<') {
        return Ok(Condition::Below(own(key), bound(value)?));
    }
    if text.split_whitespace().count() != 1 {
        return Err(unparsable(text));
    }
    Ok(Condition::Exists(own(text)))
}

fn unparsable(text: &str) -> ApiError {
    ApiError::bad_request(format!(
        "unable to parse requirement: found '{text}', expected: a label, 'in', 'notin', '=', '==', '!=', 'gt', 'lt'"
    ))
}

fn parse_fields(text: &str, selectable: &Selectable<'_>) -> ApiResult<Vec<(Vec<String>, String, bool)>> {
    let mut fields = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let split = part.split_once("!=").map(|split| (split, false));
        let split = split.or_else(|| part.split_once("==").map(|split| (split, true)));
        let Some(((label, value), equal)) = split.or_else(|| part.split_once('=').map(|split| (split, true))) else {
            let message = format!("invalid selector: '{text}'; can't understand '{part}'");
            return Err(ApiError::bad_request(format!(
                "unable to find \"{label}\" that match label selector \"\", field selector {text:?}: {message}",
                label = "fieldSelector"
            )));
        };
        let path = selectable_path(label, selectable)?;
        fields.push((path, value.to_owned(), equal));
    }
    Ok(fields)
}

fn selectable_path(label: &str, selectable: &Selectable<'_>) -> ApiResult<Vec<String>> {
    let owned = |path: &[&str]| path.iter().map(|key| (*key).to_owned()).collect();
    if matches!(label, "metadata.name" | "metadata.namespace") || selectable.custom.iter().any(|known| known == label) {
        return Ok(label.split('.').map(str::to_owned).collect());
    }
    let known = selectable.builtin.iter().find(|(known, _)| *known == label);
    known
        .map(|(_, path)| owned(path))
        .ok_or_else(|| ApiError::bad_request(format!("field label not supported: {label}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let object: Value = goyaml::json::parse(br#"{"metadata":{"name":"x","labels":{"a":"b","n":"5"}}}"#).unwrap();
        let cases = [
            ("a=b", true),
            ("a==c", false),
            ("a!=b", false),
            ("z!=b", true),
            ("a in (b, c)", true),
            ("a notin (b)", false),
            ("a", true),
            ("!a", false),
            ("!z", true),
            ("a=b,n>4", true),
            ("n<5", false),
            ("", true),
        ];
        let none = Selectable { builtin: &[], custom: &[] };
        for (text, expect) in cases {
            assert_eq!(Selector::parse(text, "metadata.name=x", &none).unwrap().matches(&object), expect, "{text}");
        }
        assert!(Selector::parse("a in b", "", &none).is_err());
        assert!(Selector::parse("", "spec.x=1", &none).is_err());
    }
}
