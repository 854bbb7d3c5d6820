//! `values.schema.json`: whether the coalesced values are what the charts expect.
//!
//! Schemas of every draft are read by the `jsonschema` crate, patterns by an engine that cannot be made to run away.
//! Nothing is fetched: what a schema refers to by an address outside itself is an error that says so. What is wrong is
//! worded as Helm's own validator words it ([`report`]).

mod number;
mod tree;
mod words;

use std::fmt;
use std::sync::{Arc, OnceLock};

use goyaml::{Kind, Value};
use jsonschema::{PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value as Json;

use crate::Chart;
use crate::text::printed_type;

/// A chart's schema; it is compiled once, at the first use.
pub struct Schema {
    text: Arc<[u8]>,
    compiled: OnceLock<Result<(Validator, Json), String>>,
}

impl Schema {
    /// A schema with this text, not yet looked at.
    pub fn new(text: Arc<[u8]>) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// The bytes of `values.schema.json`.
    pub fn text(&self) -> &Arc<[u8]> {
        &self.text
    }

    fn compiled(&self) -> Result<&(Validator, Json), &str> {
        self.compiled.get_or_init(|| compile(&self.text)).as_ref().map_err(String::as_str)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Schema({} bytes)", self.text.len())
    }
}

/// What is wrong with the values of one chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFault {
    /// The chart's name.
    pub chart: String,
    /// Helm's words, a line for each violation: `- at '/replicas': got string, want integer`.
    pub message: String,
}

/// Checks coalesced values against the schemas of a chart and of the charts in it, parents first.
pub fn validate(chart: &Chart, values: &Value) -> Vec<SchemaFault> {
    let mut faults = Vec::new();
    check(chart, values, &mut faults);
    faults
}

/// All faults as Helm prints them behind its heading.
pub fn report(faults: &[SchemaFault]) -> String {
    faults.iter().flat_map(|fault| [&fault.chart, ":\n", &fault.message, "\n"]).collect()
}

fn check(chart: &Chart, values: &Value, faults: &mut Vec<SchemaFault>) {
    if let Some(schema) = &chart.schema {
        let message = match schema.compiled() {
            Ok((validator, schema)) => violations(validator, schema, values),
            Err(message) => Some(message.to_owned()),
        };
        faults.extend(message.map(|message| SchemaFault { chart: chart.name().to_owned(), message }));
    }
    for child in &chart.dependencies {
        match values.get(child.name()) {
            None => {}
            Some(found) if found.is_null() => {}
            Some(found) if found.as_map().is_some() => check(child, found, faults),
            Some(found) => {
                let message = format!("invalid type for values: expected object (map), got {}", printed_type(found));
                faults.push(SchemaFault { chart: child.name().to_owned(), message });
            }
        }
    }
}

/// Helm's words for all that is wrong, `None` if nothing is.
fn violations(validator: &Validator, schema: &Json, values: &Value) -> Option<String> {
    let instance = json(values);
    let mut errors = validator.iter_errors(&instance).peekable();
    errors.peek()?;
    let mut root = tree::Node::default();
    for error in errors {
        root.add(&error, 0, schema);
    }
    Some(root.report())
}

fn compile(text: &[u8]) -> Result<(Validator, Json), String> {
    let schema: Json =
        serde_json::from_slice(text).map_err(|error| format!("values.schema.json is not JSON: {error}"))?;
    let patterns = PatternOptions::regex();
    let options = jsonschema::options().with_retriever(Nothing).with_pattern_options(patterns);
    let validator = options.build(&schema).map_err(|error| {
        let place = error.instance_path().as_str();
        let place = if place.is_empty() { String::new() } else { format!(" at '{place}'") };
        format!("values.schema.json is not a valid schema{place}: {error}")
    })?;
    Ok((validator, schema))
}

/// Gives no schema from elsewhere; an unknown `urn:` allows everything, as for Helm.
struct Nothing;

impl Retrieve for Nothing {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.as_str().starts_with("urn:") {
            return Ok(Json::Bool(true));
        }
        let remedy =
            "schemas are not fetched: copy the definition into values.schema.json, or render without the check";
        Err(format!("{uri} is outside the chart; {remedy}").into())
    }
}

/// Values as the validator reads them; a whole number is one, however it was written.
fn json(value: &Value) -> Json {
    match value.kind() {
        Kind::Null => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        Kind::Int(number) => (*number).into(),
        Kind::Uint(number) => (*number).into(),
        Kind::Float(number) => number::json(*number),
        Kind::String(text) => Json::String(text.to_string()),
        Kind::List(items) => Json::Array(items.iter().map(json).collect()),
        Kind::Map(map) => Json::Object(map.iter().map(|(key, item)| (key.to_owned(), json(item))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, violations};

    fn check(schema: &str, values: &str) -> Result<Option<String>, String> {
        let schema = Schema::new(schema.as_bytes().into());
        let values = goyaml::json::parse(values.as_bytes()).map_err(|error| error.to_string())?;
        let (validator, json) = schema.compiled().map_err(str::to_owned)?;
        Ok(violations(validator, json, &values))
    }

    #[test]
    fn schemas_that_refer_to_themselves_end() {
        for schema in [
            r##"{"$ref": "#"}"##,
            r##"{"allOf": [{"$ref": "#"}]}"##,
            r##"{"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"oneOf": [{"$ref": "#"}, {"$ref": "#/$defs/a"}]}}}"##,
            r##"{"properties": {"a": {"$ref": "#"}}, "required": ["a"]}"##,
        ] {
            check(schema, r#"{"a": {"a": {}}}"#).ok();
        }
    }

    #[test]
    fn nothing_is_fetched() {
        for schema in [r#"{"$ref": "https://example.com/a.json"}"#, r#"{"$ref": "file:///etc/hostname"}"#] {
            let message = check(schema, "{}").expect_err("the schema is refused");
            assert!(message.contains("not fetched"), "{message}");
        }
        assert_eq!(check(r#"{"$ref": "urn:example:a"}"#, "{}"), Ok(None));
    }

    #[test]
    fn what_is_no_schema_is_said_to_be_none() {
        for schema in ["", "{", r#"{"type": "text"}"#, r#"{"properties": []}"#, r#"{"pattern": "("}"#] {
            check(schema, "{}").expect_err(schema);
        }
        assert_eq!(check("true", "{}"), Ok(None));
    }
}
