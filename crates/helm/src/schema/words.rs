//! What is wrong, in the words of Helm's validator.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value as Json;

use super::number::{count, localized};

/// The rank at which Helm's validator comes to a keyword, and its words.
pub(super) fn of(error: &ValidationError<'_>) -> (u8, String) {
    let instance = error.instance().as_ref();
    match error.kind() {
        Kind::Type { kind } => (0, format!("got {}, want {}", type_of(instance), wanted(kind))),
        Kind::Constant { expected_value } => (1, constant(expected_value)),
        Kind::Enum { options } => (2, one_of(options)),
        Kind::Format { format } => (3, format!("{} is not valid {format}", shown(instance))),
        Kind::FalseSchema => (0, "false schema".to_owned()),
        Kind::AdditionalProperties { unexpected } => {
            (16, format!("additional properties {} not allowed", list(unexpected)))
        }
        Kind::PropertyNames { error } => {
            (17, format!("invalid propertyName {}", quote(error.instance().as_str().unwrap_or_default())))
        }
        Kind::AnyOf { .. } => (62, "'anyOf' failed".to_owned()),
        Kind::OneOfNotValid { .. } => (63, "'oneOf' failed, none matched".to_owned()),
        Kind::OneOfMultipleValid { context } => (63, several(context)),
        Kind::Not { .. } => (60, "'not' failed".to_owned()),
        Kind::Pattern { pattern } => {
            let text = quote(instance.as_str().unwrap_or_default());
            (32, format!("{text} does not match pattern {}", quote(pattern)))
        }
        other => size(other, instance).unwrap_or_else(|| (80, error.to_string())),
    }
}

/// Too many, too few, too large, too small.
fn size(kind: &Kind, instance: &Json) -> Option<(u8, String)> {
    let items = || instance.as_array().map_or(0, Vec::len);
    let entries = || instance.as_object().map_or(0, serde_json::Map::len);
    let letters = || instance.as_str().map_or(0, |text| text.chars().count());
    let counted = |rank, what: &str, got: usize, limit: u64| {
        let limit = count(usize::try_from(limit).unwrap_or(usize::MAX));
        Some((rank, format!("{what}: got {}, want {limit}", count(got))))
    };
    let measured = |rank, what: &str, limit: f64| {
        let got = localized(instance.as_f64().unwrap_or_default());
        Some((rank, format!("{what}: got {got}, want {}", localized(limit))))
    };
    let number = |limit: &Json| limit.as_f64().unwrap_or_default();
    match kind {
        Kind::MinProperties { limit } => counted(11, "minProperties", entries(), *limit),
        Kind::MaxProperties { limit } => counted(12, "maxProperties", entries(), *limit),
        Kind::MinItems { limit } => counted(20, "minItems", items(), *limit),
        Kind::MaxItems { limit } => counted(21, "maxItems", items(), *limit),
        Kind::UniqueItems => Some((22, duplicates(instance))),
        Kind::AdditionalItems { limit } => {
            let extra = count(items().saturating_sub(*limit));
            Some((24, format!("last {extra} additionalItem(s) not allowed")))
        }
        Kind::Contains => Some((25, "no items match contains schema".to_owned())),
        Kind::MinLength { limit } => counted(30, "minLength", letters(), *limit),
        Kind::MaxLength { limit } => counted(31, "maxLength", letters(), *limit),
        Kind::Minimum { limit } => measured(40, "minimum", number(limit)),
        Kind::Maximum { limit } => measured(41, "maximum", number(limit)),
        Kind::ExclusiveMinimum { limit } => measured(42, "exclusiveMinimum", number(limit)),
        Kind::ExclusiveMaximum { limit } => measured(43, "exclusiveMaximum", number(limit)),
        Kind::MultipleOf { multiple_of } => measured(44, "multipleOf", *multiple_of),
        _ => None,
    }
}

/// Words for properties that are not there, though another one asks for them.
pub(super) fn missing(names: &[String], owner: Option<&str>) -> String {
    if let Some(owner) = owner {
        return format!("properties {} required, if {} exists", list(names), quote(owner));
    }
    match names {
        [name] => format!("missing property {}", quote(name)),
        names => format!("missing properties {}", list(names)),
    }
}

/// A text between single quotes.
pub(super) fn quote(text: &str) -> String {
    let quoted = crate::text::quoted(text).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(name) => name.to_string(),
        TypeKind::Multiple(names) => {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            let order = ["null", "boolean", "number", "integer", "string", "array", "object"];
            let known = order.into_iter().filter(|name| names.iter().any(|wanted| wanted == name));
            known.collect::<Vec<_>>().join(" or ")
        }
    }
}

fn is_container(value: &Json) -> bool {
    value.is_array() || value.is_object()
}

fn constant(wanted: &Json) -> String {
    if is_container(wanted) { "'const' failed".to_owned() } else { format!("value must be {}", shown(wanted)) }
}

fn one_of(options: &Json) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    match options {
        _ if options.iter().any(is_container) => "'enum' failed".to_owned(),
        [one] => format!("value must be {}", shown(one)),
        _ => format!("value must be one of {}", options.iter().map(shown).collect::<Vec<_>>().join(", ")),
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => quote(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        _ => value.to_string(),
    }
}

/// Branches without errors are those that match.
fn several(context: &[Vec<ValidationError<'_>>]) -> String {
    let matching =
        context.iter().enumerate().filter(|(_, errors)| errors.is_empty()).map(|(index, _)| index.to_string());
    let first: Vec<String> = matching.take(2).collect();
    format!("'oneOf' failed, subschemas {} matched", first.join(", "))
}

fn duplicates(list: &Json) -> String {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let pair = (1..items.len())
        .find_map(|later| (0..later).find(|first| items[*first] == items[later]).map(|first| (first, later)));
    let (first, later) = pair.unwrap_or_default();
    format!("items at {} and {} are equal", count(first), count(later))
}
