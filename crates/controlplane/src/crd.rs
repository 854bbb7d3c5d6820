//! Custom resource definitions: from a definition to served resources.
//!
//! A definition is accepted, established and served within the request that makes it. [`structural`] prunes and
//! defaults custom objects by its schema, [`validation`] holds them against it, [`rules`] against its rules in CEL.

mod accept;
mod rules;
mod structural;
mod validation;

use std::sync::Arc;

use goyaml::Value;

pub(crate) use accept::{accept, resources};

use crate::status::Cause;

/// One version of a custom kind.
#[derive(Debug)]
pub(crate) struct CustomVersion {
    /// Name of the definition.
    pub(crate) definition: String,
    /// `spec.names` of the definition.
    pub(crate) names: Value,
    /// The entry of `spec.versions`.
    pub(crate) version: Value,
    /// `openAPIV3Schema`.
    pub(crate) schema: Option<Value>,
    /// Whether unknown fields are kept everywhere.
    pub(crate) preserve_unknown: bool,
    /// Its rules in CEL.
    pub(crate) rules: Option<rules::Rules>,
    /// Fields that can be selected by, as `spec.color`.
    pub(crate) selectable: Vec<String>,
    /// The types as server-side apply sees them.
    pub(crate) merge: Arc<structured_merge::Schema>,
}

impl CustomVersion {
    /// A path of the scale subresource, such as `specReplicasPath`.
    pub(crate) fn scale_path(&self, name: &str) -> Option<Vec<String>> {
        let path = self.version.str_at(&["subresources", "scale", name])?;
        Some(path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }
}

/// Prunes and defaults a custom object.
pub(crate) fn complete(custom: &CustomVersion, object: &mut Value) {
    let Some(schema) = &custom.schema else {
        return;
    };
    prune(custom, object);
    structural::default(schema, object);
}

/// Drops the fields that the schema does not have.
pub(crate) fn prune(custom: &CustomVersion, object: &mut Value) {
    if let Some(schema) = custom.schema.as_ref().filter(|_| !custom.preserve_unknown) {
        structural::prune(schema, object, &mut structural::Dropped::default());
    }
}

/// Fields of an object that its schema does not have.
pub(crate) fn unknown_fields(custom: &CustomVersion, object: &Value) -> Vec<String> {
    let Some(schema) = custom.schema.as_ref().filter(|_| !custom.preserve_unknown) else {
        return Vec::new();
    };
    let mut dropped = structural::Dropped::default();
    structural::prune(schema, &mut object.clone(), &mut dropped);
    let mut paths = dropped.paths;
    paths.sort();
    paths
}

/// What the schema and its rules say against an object; `live` is what it replaces.
pub(crate) fn validate(custom: &CustomVersion, live: Option<&Value>, object: &Value) -> Vec<Cause> {
    let Some(schema) = &custom.schema else { return Vec::new() };
    let mut faults = validation::validate(schema, object);
    if let Some(rules) = &custom.rules {
        faults.extend(rules.check(object, live, &faults));
    }
    faults
}
