//! `postBuild`: variables in the text of every object.

use std::collections::BTreeMap;

use goyaml::{Kind, Map, ParseOptions, Value};

use crate::envsubst::{self, EnvsubstError};
use crate::trace::Notes;

/// Label or annotation that keeps an object as it is.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// How variables are substituted.
pub(crate) struct Substitution {
    variables: BTreeMap<String, String>,
    strict: bool,
    /// Also when there are no variables, for the defaults' sake.
    always: bool,
}

impl Substitution {
    /// `None` if the spec asks for none. An error is a name that no variable can have.
    pub(crate) fn new(
        spec: &Value,
        variables: &BTreeMap<String, String>,
        strict: bool,
    ) -> Result<Option<Self>, EnvsubstError> {
        let Some(post_build) = spec.get("postBuild").filter(|value| !value.is_null()) else { return Ok(None) };
        let always = post_build.str_at(&["substituteStrategy"]) == Some("Always");
        if let Some(name) = variables.keys().find(|name| !envsubst::is_name(name)) {
            return Err(EnvsubstError::InvalidName(name.clone()));
        }
        let variables = variables.iter().map(|(name, value)| (name.clone(), value.replace('\n', ""))).collect();
        Ok(Some(Self { variables, strict, always }))
    }

    /// Substitutes in one object. The text is read again as YAML, so that what a variable holds decides the type.
    pub(crate) fn apply(&self, object: &mut Value, notes: &Notes<'_>) -> Result<(), String> {
        if is_disabled(object) || (self.variables.is_empty() && !self.always) {
            return Ok(());
        }
        self.evaluate_object(object, notes)?;
        round(object);
        Ok(())
    }

    fn evaluate_object(&self, object: &mut Value, notes: &Notes<'_>) -> Result<(), String> {
        let text = goyaml::emit(object);
        if !text.contains('$') {
            return Ok(());
        }
        let output = envsubst::evaluate(&text, &self.variables, self.strict).map_err(|error| error.to_string())?;
        if output == text {
            return Ok(());
        }
        let options = ParseOptions::sigs();
        let broken = |errors: Vec<goyaml::YamlError>| {
            let reason = errors.first().map(ToString::to_string).unwrap_or_default();
            format!("the object is no YAML after the substitution: {reason}")
        };
        let documents = goyaml::parse_documents(&output, &options).map_err(broken)?;
        let value = documents.into_iter().next().map(|document| document.value).unwrap_or_default();
        *object = notes.substituted(object, value, self);
        Ok(())
    }

    /// A text with its variables replaced.
    pub(crate) fn evaluate(&self, text: &str) -> Result<String, EnvsubstError> {
        envsubst::evaluate(text, &self.variables, self.strict)
    }

    /// The value of a variable.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// Rounds whole numbers to what a float holds: Flux reads every object that it looks for variables in as JSON.
fn round(value: &mut Value) {
    match value.kind() {
        Kind::Map(map) if map.values().any(is_large) => {
            value.as_map_mut().into_iter().flat_map(Map::iter_mut).for_each(|(_, child)| round(child));
        }
        Kind::List(items) if items.iter().any(is_large) => {
            value.as_list_mut().into_iter().flatten().for_each(round);
        }
        Kind::Int(_) | Kind::Uint(_) if is_large(value) => {
            let pos = value.pos();
            let float = goyaml::json::to_string(value).parse::<f64>().unwrap_or_default();
            let digits = float.to_string();
            let whole = digits.parse::<i64>().map(Value::from).or_else(|_| digits.parse::<u64>().map(Value::from));
            *value = whole.unwrap_or_else(|_| Value::from(float)).with_pos(pos);
        }
        _ => {}
    }
}

/// Whole numbers that every float holds.
const EXACT: u64 = 1 << 53;

/// Whether a value is, or may hold, a whole number that is rounded.
fn is_large(value: &Value) -> bool {
    match value.kind() {
        Kind::Map(_) | Kind::List(_) => true,
        Kind::Int(number) => number.unsigned_abs() > EXACT,
        Kind::Uint(number) => *number > EXACT,
        _ => false,
    }
}

fn is_disabled(object: &Value) -> bool {
    ["labels", "annotations"].iter().any(|field| object.str_at(&["metadata", field, SWITCH]) == Some("disabled"))
}
