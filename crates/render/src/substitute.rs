//! `postBuild`: variables in the text of every object.

use std::collections::BTreeMap;

use goyaml::{ParseOptions, Value};

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

fn is_disabled(object: &Value) -> bool {
    ["labels", "annotations"].iter().any(|field| object.str_at(&["metadata", field, SWITCH]) == Some("disabled"))
}
