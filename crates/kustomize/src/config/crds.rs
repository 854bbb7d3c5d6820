//! `crds`: fields of custom resources, found by the annotations of their `OpenAPI` definitions.

use std::borrow::Cow;
use std::sync::Arc;

use goyaml::{Map, Value};

use super::Config;
use crate::BuildError;
use crate::id::Gvk;
use crate::read::parse;
use crate::table::fields::{self, FieldSpec};
use crate::table::references::Reference;

/// Levels of definitions that name each other; kustomize itself follows a circle until it dies.
const MAX_DEPTH: usize = 32;

/// Reads a file of `crds`: definitions by their name, each with a `Schema`.
pub(crate) fn from_crds(file: &Arc<str>, bytes: &[u8]) -> Result<Config, Vec<BuildError>> {
    let value = parse(file, bytes)?;
    let fail = |message: String| vec![BuildError::new(&**file, 1, message)];
    if bytes.starts_with(b"{") {
        goyaml::json::parse(bytes)
            .map_err(|error| fail(format!("a file of 'crds' that starts with '{{' must be JSON: {error}")))?;
    }
    let definitions =
        value.as_map().ok_or_else(|| fail("a file of 'crds' is a map of OpenAPI definitions by name".to_owned()))?;
    let mut config = Config::default();
    for (name, definition) in definitions.iter() {
        let Some(properties) = properties(definition) else { continue };
        if !["kind", "apiVersion", "metadata"].iter().all(|key| properties.contains_key(key)) {
            continue;
        }
        let kind = name.rsplit('.').next().unwrap_or_default().to_owned();
        Walk { definitions, kind, config: &mut config }.definition(name, &mut Vec::new()).map_err(fail)?;
    }
    Ok(config)
}

fn properties(definition: &Value) -> Option<&Map> {
    let map = definition.as_map()?;
    let schema = map.iter().find(|(key, _)| key.eq_ignore_ascii_case("schema"))?.1;
    schema.get("properties")?.as_map()
}

/// One custom resource, whose definitions are walked.
struct Walk<'a> {
    definitions: &'a Map,
    kind: String,
    config: &'a mut Config,
}

impl Walk<'_> {
    fn definition(&mut self, name: &str, path: &mut Vec<String>) -> Result<(), String> {
        let Some(properties) = self.definitions.get(name).and_then(properties) else { return Ok(()) };
        if path.len() > MAX_DEPTH {
            return Err(format!("the definition '{name}' contains itself"));
        }
        for (name, property) in properties.iter() {
            path.push(name.to_owned());
            self.property(property, path)?;
            if let Some(next) = property.str_at(&["$ref"]) {
                self.definition(next, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &Value, path: &[String]) -> Result<(), String> {
        let extension = |name: &str| {
            let map = property.as_map()?;
            map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str().map(str::to_owned)
        };
        let spec = |path: String| FieldSpec::new(["".into(), "".into(), Cow::Owned(self.kind.clone())], path, false);
        let own = [spec(path.join("/"))];
        if extension("x-kubernetes-annotation").is_some() {
            fields::merge(&mut self.config.annotations, &own)?;
        }
        if extension("x-kubernetes-label-selector").is_some() {
            fields::merge(&mut self.config.common_labels, &own)?;
        }
        if extension("x-kubernetes-identity").is_some() {
            fields::merge(&mut self.config.name_prefix, &own)?;
        }
        let version = extension("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, extension("x-kubernetes-object-ref-kind")) {
            let key = extension("x-kubernetes-object-ref-name-key").unwrap_or_else(|| "name".to_owned());
            let fields = vec![spec(format!("{}/{key}", path.join("/")))];
            let target = Gvk { group: String::new(), version, kind };
            self.config.add_reference(&Reference { target, fields })?;
        }
        Ok(())
    }
}
