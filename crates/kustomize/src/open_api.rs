//! `openapi.path`: a schema of one's own, for the lists of custom resources that are merged by key.

mod check;

use std::collections::HashMap;
use std::sync::Arc;

use goyaml::Value;

use crate::BuildError;
use crate::id::Gvk;
use crate::read::parse;

const STRATEGY: &str = "x-kubernetes-patch-strategy";
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";
const KINDS: &str = "x-kubernetes-group-version-kind";

/// References followed for one field; a longer chain is a circle.
const MAX_REFERENCES: usize = 32;

/// A schema.
#[derive(Debug)]
pub(crate) struct OpenApi {
    definitions: Value,
    kinds: HashMap<Gvk, String>,
    /// The file, if there is nothing in it. To kustomize that is a fault once the schema is used, and not before.
    empty: Option<Arc<str>>,
}

impl OpenApi {
    /// Reads a schema in JSON or YAML.
    pub(crate) fn read(file: &Arc<str>, bytes: &[u8]) -> Result<Self, Vec<BuildError>> {
        let value = parse(file, bytes)?;
        let definitions = value.get("definitions").cloned().unwrap_or_default();
        check::definitions(&definitions, file)?;
        let mut kinds = HashMap::new();
        for (name, definition) in definitions.as_map().into_iter().flat_map(goyaml::Map::iter) {
            for kind in definition.get(KINDS).and_then(Value::as_list).unwrap_or_default() {
                let part = |key: &str| kind.str_at(&[key]).unwrap_or_default().to_owned();
                let gvk = Gvk { group: part("group"), version: part("version"), kind: part("kind") };
                kinds.insert(gvk, name.to_owned());
            }
        }
        Ok(Self { definitions, kinds, empty: bytes.is_empty().then(|| file.clone()) })
    }

    /// Whether objects can be looked up in it.
    pub(crate) fn check(&self) -> Result<(), Vec<BuildError>> {
        let Some(file) = &self.empty else { return Ok(()) };
        let error = BuildError::new(&**file, 0, "invalid schema file: it is empty");
        Err(vec![error.hint("Put `definitions` into it, or take it out of `openapi`.")])
    }

    /// The schema of a kind of object.
    pub(crate) fn of_kind(&self, gvk: &Gvk) -> Option<&Value> {
        self.definitions.get(self.kinds.get(gvk)?)
    }

    /// The schema of a field.
    pub(crate) fn field<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let field = schema
            .at(&["properties", name])
            .or_else(|| schema.get("additionalProperties").filter(|schema| schema.as_map().is_some()))?;
        self.resolved(field)
    }

    /// The schema of a list's items.
    pub(crate) fn items<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        let kind = schema.get("type")?;
        let is_list = kind.as_str() == Some("array")
            || kind.as_list().is_some_and(|kinds| matches!(kinds, [one] if one.as_str() == Some("array")));
        self.resolved(schema.get("items").filter(|_| is_list)?)
    }

    fn resolved<'a>(&'a self, mut schema: &'a Value) -> Option<&'a Value> {
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = schema.str_at(&["$ref"]) else { return Some(schema) };
            let name = reference.strip_prefix("#/definitions/")?.replace("~1", "/").replace("~0", "~");
            schema = self.definitions.get(&name)?;
        }
        None
    }
}

/// The keys by which items of a list are merged; empty for a set of scalars, `None` if the list is replaced.
pub(crate) fn merge_keys(schema: &Value) -> Option<Vec<&str>> {
    let strategy = schema.str_at(&[STRATEGY])?;
    if !strategy.split(',').any(|word| word == "merge") {
        return None;
    }
    if let Some(keys) = schema.get(MAP_KEYS).and_then(Value::as_list) {
        return Some(keys.iter().filter_map(Value::as_str).collect());
    }
    Some(schema.str_at(&[MERGE_KEY]).into_iter().collect())
}
