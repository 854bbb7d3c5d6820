//! What one Kustomization or HelmRelease renders to.

use std::collections::BTreeMap;

use goyaml::Value;
use goyaml::origin::{Origins, Place, Step};
use object::{FieldPath, FieldPathError, Object, ObjectKey};
use render::Traced;

use crate::{Finding, Rule};

/// The objects of one Kustomization, with the origin of every field, or of one HelmRelease.
#[derive(Debug)]
pub struct Unit {
    /// The Kustomization or HelmRelease.
    pub key: ObjectKey,
    /// The namespace of objects that live in one and name none; `None` if they are refused.
    pub default_namespace: Option<String>,
    /// Whether objects that it no longer has are deleted from the cluster.
    pub prunes: bool,
    /// Its objects, in the order of the build.
    pub objects: Vec<Object>,
    origins: Origins,
    /// Paths in the repository of files that were rendered under others.
    places: BTreeMap<String, String>,
}

impl Unit {
    pub(crate) fn new((key, prunes): (ObjectKey, bool), rendered: Traced, places: BTreeMap<String, String>) -> Self {
        Self { key, default_namespace: None, prunes, objects: rendered.objects, origins: rendered.origins, places }
    }

    pub(crate) fn in_namespace(self, namespace: String) -> Self {
        Self { default_namespace: Some(namespace), ..self }
    }

    /// Whether the origins of fields are known: of what a chart renders to, only the template is.
    pub fn is_traced(&self) -> bool {
        self.key.kind != "HelmRelease"
    }

    /// The objects with the origin of every field. Files of an artifact have the names that they have there.
    pub fn into_traced(self) -> Traced {
        Traced { objects: self.objects, origins: self.origins }
    }

    /// The file of the repository that an object was read from.
    pub(crate) fn file_of(&self, object: &Object) -> String {
        self.in_repository(&object.origin.file)
    }

    /// `FILE:LINE` of an object.
    pub(crate) fn place_shown(&self, object: &Object) -> String {
        format!("{}:{}", self.file_of(object), object.origin.line)
    }

    fn in_repository(&self, file: &str) -> String {
        self.places.get(file).map_or(file, String::as_str).to_owned()
    }

    /// A finding about a field of an object, at the place that decides the field. A field that is not there stands where
    /// the nearest one above it does.
    pub fn place(&self, object: &Object, path: &FieldPath, rule: Rule, message: impl Into<String>) -> Finding {
        let node = match path.find(&object.value) {
            Ok(node) => node,
            Err(FieldPathError::Missing { reached, .. }) => reached.find(&object.value).unwrap_or(&object.value),
            Err(FieldPathError::Form(_)) => &object.value,
        };
        self.at(object, node, rule, message)
    }

    /// A finding about a node of an object.
    pub(crate) fn at(&self, object: &Object, node: &Value, rule: Rule, message: impl Into<String>) -> Finding {
        let (file, line) = match self.place_of(node) {
            Some(place) => (place.file.to_string(), place.line),
            None => (self.file_of(object), object.origin.line),
        };
        Finding { file, line, rule, message: message.into(), hint: None }
    }

    /// Where a value is to be changed: the last of what decides it that stands in a file.
    pub(crate) fn place_of(&self, node: &Value) -> Option<Place> {
        let steps = self.origins.steps(node);
        let place = steps.iter().rev().find_map(in_file).or_else(|| self.origins.place(node.pos()));
        place
            .filter(|place| place.line > 0)
            .map(|place| Place { file: self.in_repository(&place.file).into(), ..place })
    }
}

fn in_file(step: &Step) -> Option<Place> {
    let own = step.place.clone().filter(|place| place.line > 0);
    own.or_else(|| step.inputs.iter().find_map(|way| way.iter().rev().find_map(in_file)))
}

impl Finding {
    /// The same finding with what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
