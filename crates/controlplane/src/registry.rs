//! Which resources are served: the built-in ones and those of custom resource definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::Value;

use crate::crd::CustomVersion;
use crate::schema::BuiltinSchemas;
use crate::schema::types::{TypeId, Types};
use crate::store::GroupResource;
use crate::strategy::{self, Strategy};

/// One resource in one version.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Group and plural name as requests say them.
    pub(crate) name: GroupResource,
    /// Version, such as `v1`.
    pub(crate) version: String,
    /// Kind.
    pub(crate) kind: String,
    /// Kind of its list.
    pub(crate) list_kind: String,
    /// Whether objects live in namespaces.
    pub(crate) namespaced: bool,
    /// Verbs of the main resource.
    pub(crate) verbs: Vec<String>,
    /// Subresources with their verbs.
    pub(crate) subresources: BTreeMap<String, Vec<String>>,
    /// Where the objects are kept.
    pub(crate) storage: GroupResource,
    /// In which version they are kept, such as `apps/v1`.
    pub(crate) storage_version: String,
    /// How they are treated.
    pub(crate) strategy: Strategy,
    /// What their fields are.
    pub(crate) shape: Shape,
}

/// Where the fields of a kind are described.
#[derive(Debug)]
pub(crate) enum Shape {
    /// In a recorded document.
    Builtin(Arc<BuiltinSchemas>),
    /// In a CustomResourceDefinition.
    Custom(Arc<CustomVersion>),
}

impl Resource {
    /// `apps/v1`
    pub(crate) fn api_version(&self) -> String {
        join(&self.name.group, &self.version)
    }

    /// The compiled types of a built-in kind.
    pub(crate) fn types(&self) -> Option<(Arc<Types>, TypeId)> {
        let Shape::Builtin(schemas) = &self.shape else {
            return None;
        };
        let types = schemas.types(&self.api_version())?;
        let id = types.kind(&self.kind)?;
        Some((types, id))
    }

    /// The version of a custom kind.
    pub(crate) fn custom(&self) -> Option<&Arc<CustomVersion>> {
        match &self.shape {
            Shape::Builtin(_) => None,
            Shape::Custom(version) => Some(version),
        }
    }

    /// Whether status is changed only through its subresource.
    pub(crate) fn has_status(&self) -> bool {
        self.subresources.contains_key("status")
    }
}

/// `apps/v1`, or `v1` for the core group.
pub(crate) fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Everything that is served, by group version and plural name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    resources: BTreeMap<(String, String), Arc<Resource>>,
    /// Custom definitions by name of the CRD.
    pub(crate) custom: BTreeMap<String, Vec<Arc<Resource>>>,
}

impl Registry {
    /// The built-in resources.
    pub(crate) fn builtin(schemas: &Arc<BuiltinSchemas>) -> Self {
        let mut registry = Self::default();
        for (group_version, list) in schemas.resource_lists() {
            for resource in builtin_resources(schemas, group_version, list) {
                let key = (group_version.to_owned(), resource.name.resource.to_string());
                registry.resources.insert(key, Arc::new(resource));
            }
        }
        registry
    }

    /// The resource of this plural name in a group version.
    pub(crate) fn get(&self, group_version: &str, resource: &str) -> Option<&Arc<Resource>> {
        self.resources.get(&(group_version.to_owned(), resource.to_owned()))
    }

    /// Any version of a stored resource: its storage version where it is served.
    pub(crate) fn by_storage(&self, storage: &GroupResource) -> Option<&Arc<Resource>> {
        let mut of_storage = self.resources.values().filter(|resource| resource.storage == *storage);
        let first = of_storage.next()?;
        let stored = std::iter::once(first).chain(of_storage).find(|one| one.api_version() == one.storage_version);
        Some(stored.unwrap_or(first))
    }

    /// All resources, sorted by group version and name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.values()
    }

    /// Serves the versions of a CRD in place of those it had.
    pub(crate) fn set_custom(&mut self, definition: &str, versions: Vec<Arc<Resource>>) {
        self.remove_custom(definition);
        for resource in &versions {
            let key = (resource.api_version(), resource.name.resource.to_string());
            self.resources.insert(key, Arc::clone(resource));
        }
        self.custom.insert(definition.to_owned(), versions);
    }

    /// Ends serving a CRD.
    pub(crate) fn remove_custom(&mut self, definition: &str) {
        for resource in self.custom.remove(definition).unwrap_or_default() {
            self.resources.remove(&(resource.api_version(), resource.name.resource.to_string()));
        }
    }
}

fn builtin_resources(schemas: &Arc<BuiltinSchemas>, group_version: &str, list: &Value) -> Vec<Resource> {
    let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
    let entries = list.get("resources").and_then(Value::as_list).unwrap_or_default();
    let name = |entry: &Value| entry.str_at(&["name"]).unwrap_or_default().to_owned();
    let mut resources = Vec::new();
    for entry in entries.iter().filter(|entry| !name(entry).contains('/')) {
        let plural = name(entry);
        let group_resource = GroupResource::new(group, &plural);
        let (storage, storage_version) = strategy::storage(&group_resource);
        let prefix = format!("{plural}/");
        let subresource = |entry: &Value| Some((name(entry).strip_prefix(&prefix)?.to_owned(), verbs(entry)));
        let kind = entry.str_at(&["kind"]).unwrap_or_default().to_owned();
        resources.push(Resource {
            strategy: strategy::of(&group_resource),
            name: group_resource,
            version: version.into(),
            list_kind: format!("{kind}List"),
            kind,
            namespaced: entry.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
            verbs: verbs(entry),
            subresources: entries.iter().filter_map(subresource).collect(),
            storage,
            storage_version: storage_version.unwrap_or(group_version).into(),
            shape: Shape::Builtin(Arc::clone(schemas)),
        });
    }
    resources
}

fn verbs(entry: &Value) -> Vec<String> {
    let verbs = entry.get("verbs").and_then(Value::as_list).unwrap_or_default();
    verbs.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
