//! YAML in and out, as Helm does it through `sigs.k8s.io/yaml`.

use goyaml::{ParseOptions, Profile};

use super::json::{json_kind, trouble};
use crate::exec::Context;
use crate::registry::Type::{Any, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{Map, MapKind, Value, from_yaml, write_yaml};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn written(cx: Cx, value: &Value, profile: Profile) -> Result<Vec<u8>, String> {
    let mut text = write_yaml(value, profile)?.into_bytes();
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    cx.run.spend(text.len() / 64)?;
    Ok(text)
}

/// What cannot be written is nothing.
fn to_yaml_text(cx: Cx, args: &[Value]) -> Outcome {
    Ok(written(cx, &args[0], Profile::ToYaml).unwrap_or_default().into())
}

fn must_to_yaml(cx: Cx, args: &[Value]) -> Outcome {
    Ok(written(cx, &args[0], Profile::ToYaml)?.into())
}

/// go-yaml v3's own style, with sequences indented and nothing folded. Only a type that it does not know is an error.
fn to_yaml_pretty(cx: Cx, args: &[Value]) -> Outcome {
    match written(cx, &args[0], Profile::Pretty) {
        Err(message) if message.starts_with("cannot marshal type") => Err(message.into()),
        outcome => Ok(outcome.unwrap_or_default().into()),
    }
}

fn read(text: &[u8]) -> Result<Value, String> {
    let options = ParseOptions::sigs();
    let text = String::from_utf8_lossy(text);
    match goyaml::parse_first(&text, &options) {
        Ok(document) => Ok(document.map_or(Value::Nil, |document| from_yaml(&document.value))),
        Err(errors) => {
            let text = errors.first().map(goyaml::YamlError::go_text).unwrap_or_default();
            // Not go-yaml's but those of the step from its values to JSON.
            let text = match text.strip_prefix("yaml: ") {
                Some(own) if own.starts_with("json: ") || own.starts_with("unsupported map key") => own,
                _ => &text,
            };
            Err(format!("error converting YAML to JSON: {text}"))
        }
    }
}

/// Always a map, with the trouble under `Error`.
fn from_yaml_map(_: Cx, args: &[Value]) -> Outcome {
    Ok(match read(args.text(0)) {
        Ok(value @ Value::Map(_)) => value,
        Ok(Value::Nil) => Map::own(MapKind::Any).into(),
        Ok(other) => trouble(&mismatch(&other, "map[string]interface {}")),
        Err(message) => trouble(&message),
    })
}

/// Always a list, with the trouble as its one item.
fn from_yaml_array(_: Cx, args: &[Value]) -> Outcome {
    Ok(match read(args.text(0)) {
        Ok(value @ Value::List(_)) => value,
        Ok(Value::Nil) => Value::list(Vec::new()),
        Ok(other) => Value::list(vec![mismatch(&other, "[]interface {}").into()]),
        Err(message) => Value::list(vec![message.into()]),
    })
}

fn mismatch(value: &Value, wanted: &str) -> String {
    let kind = json_kind(value);
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type {wanted}"
    )
}

/// Helm's functions.
pub(super) const TABLE: &[Function] = &[
    fixed("toYaml", &[Any], to_yaml_text),
    fixed("toYamlPretty", &[Any], to_yaml_pretty),
    fixed("mustToYaml", &[Any], must_to_yaml),
    fixed("fromYaml", &[Text], from_yaml_map),
    fixed("fromYamlArray", &[Text], from_yaml_array),
];
