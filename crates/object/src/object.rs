//! An object: its value and where it comes from.

use goyaml::Value;

use crate::{Gvk, ObjectKey, Origin};

/// A Kubernetes object with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The manifest.
    pub value: Value,
    /// Where it was read from.
    pub origin: Origin,
}

impl Object {
    /// Wraps a manifest.
    pub fn new(value: Value, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Group, version and kind; parts are empty where the manifest lacks them.
    pub fn gvk(&self) -> Gvk {
        Gvk::from_api_version(self.value.str_at(&["apiVersion"]).unwrap_or(""), self.kind())
    }

    /// The kind; empty where the manifest lacks it.
    pub fn kind(&self) -> &str {
        self.value.str_at(&["kind"]).unwrap_or("")
    }

    /// The name; empty where the manifest lacks it.
    pub fn name(&self) -> &str {
        self.value.str_at(&["metadata", "name"]).unwrap_or("")
    }

    /// The namespace; empty where the manifest names none.
    pub fn namespace(&self) -> &str {
        self.value.str_at(&["metadata", "namespace"]).unwrap_or("")
    }

    /// Which object of a cluster this is.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            group: self.gvk().group,
            kind: self.kind().into(),
            namespace: self.namespace().into(),
            name: self.name().into(),
        }
    }

    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.value.str_at(&["metadata", "labels", name])
    }

    /// An annotation's value.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.value.str_at(&["metadata", "annotations", name])
    }
}
