//! The few fields of a manifest that Helm reads.

use std::collections::BTreeMap;

use goyaml::{Kind, ParseOptions, Value};

use crate::yaml::{field, json_kind};

/// What kind of object a document holds, and its annotations.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Head {
    /// Reads the document as `sigs.k8s.io/yaml` reads it into a struct of these fields.
    ///
    /// # Errors
    /// Its words.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let options = ParseOptions::sigs();
        let document = goyaml::parse_first(text, &options).map_err(|errors| {
            let text = errors.first().map(goyaml::YamlError::go_text).unwrap_or_default();
            format!("error converting YAML to JSON: {text}")
        })?;
        let Some(document) = document else {
            return Ok(Self::default());
        };
        Self::of(&document.value).map_err(|message| format!("error unmarshaling JSON: while decoding JSON: {message}"))
    }

    fn of(value: &Value) -> Result<Self, String> {
        let mut head = Self::default();
        if value.is_null() {
            return Ok(head);
        }
        if value.as_map().is_none() {
            return Err(format!("json: cannot unmarshal {} into Go value of type util.SimpleHead", json_kind(value)));
        }
        head.api_version = text(value, "apiVersion", "SimpleHead.apiVersion")?;
        head.kind = text(value, "kind", "SimpleHead.kind")?;
        let Some(metadata) = field(value, "metadata").filter(|value| !value.is_null()) else {
            return Ok(head);
        };
        if metadata.as_map().is_none() {
            return Err(format!(
                "json: cannot unmarshal {} into Go struct field SimpleHead.metadata of type struct {{ Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }}",
                json_kind(metadata)
            ));
        }
        head.name = text(metadata, "name", ".metadata.name")?;
        let Some(annotations) = field(metadata, "annotations").filter(|value| !value.is_null()) else {
            return Ok(head);
        };
        let place = ".metadata.annotations";
        let Some(annotations) = annotations.as_map() else {
            let kind = json_kind(annotations);
            return Err(format!(
                "json: cannot unmarshal {kind} into Go struct field {place} of type map[string]string"
            ));
        };
        for (key, value) in annotations.iter() {
            head.annotations.insert(key.to_owned(), scalar(value, place)?);
        }
        Ok(head)
    }
}

fn text(value: &Value, name: &str, place: &str) -> Result<String, String> {
    field(value, name).map_or(Ok(String::new()), |value| scalar(value, place))
}

/// Numbers and truth values become text.
fn scalar(value: &Value, place: &str) -> Result<String, String> {
    Ok(match value.kind() {
        Kind::Null => String::new(),
        Kind::String(text) => text.to_string(),
        Kind::List(_) | Kind::Map(_) => {
            let kind = json_kind(value);
            return Err(format!("json: cannot unmarshal {kind} into Go struct field {place} of type string"));
        }
        _ => goyaml::json::to_go_string(value),
    })
}
