//! What identifies an object during a build: group, version, kind, namespace and name.

use std::fmt;

use goyaml::Value;

use crate::raw::Notes;
use crate::scalar;
use crate::table::kinds;

/// Namespace that cluster-scoped objects are compared under; no real namespace can have this name.
const NO_NAMESPACE: &str = "_non_namespaceable_";
const DEFAULT_NAMESPACE: &str = "default";

/// Group, version and kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

impl Gvk {
    pub(crate) fn of(value: &Value) -> Self {
        let api_version = value.get("apiVersion").map(scalar::text).unwrap_or_default();
        let kind = value.get("kind").map(scalar::text).unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Known to be cluster-scoped. Kinds kustomize does not know count as namespaced.
    /// Whether the kind is one of Kubernetes' own that kustomize has in its tables.
    pub(crate) fn is_known(&self) -> bool {
        kinds::merge_type(&self.group, &self.version, &self.kind).is_some()
    }

    pub(crate) fn is_cluster_scoped(&self) -> bool {
        kinds::is_cluster_scoped(&self.group, &self.version, &self.kind)
    }
}

/// `Deployment.v1.apps`, with placeholders for what is missing.
impl fmt::Display for Gvk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &'_ str, none: &'static str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        write!(out, "{}.{}.{}", or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"), or(&self.group, "[noGrp]"))
    }
}

/// A selector of kinds: an empty part matches anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GvkPattern<'a> {
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    pub(crate) kind: &'a str,
}

impl GvkPattern<'_> {
    pub(crate) fn selects(&self, gvk: &Gvk) -> bool {
        let part = |pattern: &str, text: &str| pattern.is_empty() || pattern == text;
        part(self.group, &gvk.group) && part(self.version, &gvk.version) && part(self.kind, &gvk.kind)
    }
}

/// One object of a build.
#[derive(Clone, Debug)]
pub(crate) struct Id {
    pub(crate) gvk: Gvk,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Id {
    /// The id of an object as it prints.
    pub(crate) fn of(value: &Value) -> Self {
        Self::new(value, &scalar::id_text)
    }

    /// The id as kustomize has it, to which a name is the text that was written.
    pub(crate) fn as_written(value: &Value, notes: &Notes) -> Self {
        Self::new(value, &|part| notes.id_text(part))
    }

    fn new(value: &Value, text: &dyn Fn(&Value) -> String) -> Self {
        let part = |key: &str| value.at(&["metadata", key]).map(text).unwrap_or_default();
        Self { gvk: Gvk::of(value), namespace: part("namespace"), name: part("name") }
    }

    /// The namespace to compare with: `default` for none, one of its own for cluster-scoped kinds.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.gvk.is_cluster_scoped() {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            &self.namespace
        }
    }

    /// What two ids must share to be the same.
    pub(crate) fn key(&self) -> IdKey {
        IdKey { gvk: self.gvk.clone(), namespace: self.effective_namespace().to_owned(), name: self.name.clone() }
    }

    /// The same with the namespace as it is written, where kustomize compares ids as they are.
    pub(crate) fn literal_key(&self) -> IdKey {
        IdKey { gvk: self.gvk.clone(), namespace: self.namespace.clone(), name: self.name.clone() }
    }

    pub(crate) fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.same_namespace(other)
    }
}

/// `Deployment.v1.apps/web.prod`
impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        let namespace = if self.namespace.is_empty() { "[noNs]" } else { &self.namespace };
        write!(out, "{}/{name}.{namespace}", self.gvk)
    }
}

/// An [`Id`] in a form that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdKey {
    gvk: Gvk,
    namespace: String,
    name: String,
}
