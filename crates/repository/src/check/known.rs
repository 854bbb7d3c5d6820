//! What a cluster will have.

use std::collections::{BTreeSet, HashMap, HashSet};

use goyaml::{ParseOptions, Value};
use kustomize::{EntryKind, Files};
use object::{Object, ObjectKey};

use crate::entries::is_yaml;
use crate::fields::items;
use crate::{Cluster, GENERATOR_GROUP, HELM_GROUP, KUSTOMIZE_GROUP, follow};

/// Files that are looked through for what they declare.
const MAX_FILES: usize = 100_000;

/// Whether an object will be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It comes from the repository, or every cluster has it.
    There,
    /// Something that is not rendered here may bring it.
    Perhaps,
    /// Nothing brings it.
    Missing,
}

/// All objects of a cluster, and where others may come from.
pub(crate) struct Known<'a> {
    objects: HashMap<ObjectKey, &'a Object>,
    /// Namespaces that charts and other repositories write to.
    open: HashSet<String>,
    /// Kinds and names that files declare which could not be rendered.
    declared: HashSet<(&'a str, &'a str)>,
    /// Secrets that controllers make, by namespace and name.
    made_secrets: HashSet<(String, String)>,
    /// Artifacts that generators make, by namespace and name.
    artifacts: HashSet<(String, String)>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        let units: BTreeSet<&ObjectKey> = cluster.units.iter().map(|unit| &unit.key).collect();
        let mut known = Self {
            objects: HashMap::new(),
            open: HashSet::new(),
            declared: cluster.declared.iter().flatten().map(|(kind, name)| (&**kind, &**name)).collect(),
            made_secrets: HashSet::new(),
            artifacts: HashSet::new(),
        };
        for object in cluster.units.iter().flat_map(|unit| &unit.objects) {
            known.open.extend(opened(object, &units));
            known.made_secrets.extend(made_secrets(object));
            known.artifacts.extend(artifacts(object));
            known.objects.insert(object.key(), object);
        }
        known
    }

    /// The object of this key, if the repository has it.
    pub(crate) fn get(&self, key: &ObjectKey) -> Option<&'a Object> {
        self.objects.get(key).copied()
    }

    /// Whether an object will be there.
    pub(crate) fn presence(&self, key: &ObjectKey) -> Presence {
        let named = (key.namespace.clone(), key.name.clone());
        let is_artifact = key.kind == "ExternalArtifact" && self.artifacts.contains(&named);
        if self.objects.contains_key(key) || is_everywhere(key) || is_artifact {
            return Presence::There;
        }
        let is_made = key.kind == "Secret" && self.made_secrets.contains(&named);
        let is_declared = self.declared.contains(&(key.kind.as_str(), key.name.as_str()));
        let is_open = self.open.contains(&key.namespace) || (key.namespace.is_empty() && !self.open.is_empty());
        if is_made || is_declared || is_open { Presence::Perhaps } else { Presence::Missing }
    }

    /// The objects of a kind, for advice.
    pub(crate) fn names_of(&self, like: &ObjectKey) -> Vec<&str> {
        let same =
            |key: &&ObjectKey| key.group == like.group && key.kind == like.kind && key.namespace == like.namespace;
        let mut names: Vec<&str> = self.objects.keys().filter(same).map(|key| key.name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// The namespace into which something is written that is not rendered here.
fn opened(object: &Object, units: &BTreeSet<&ObjectKey>) -> Option<String> {
    let gvk = object.gvk();
    let is_other = match (gvk.group.as_str(), gvk.kind.as_str()) {
        (HELM_GROUP, "HelmRelease") | (KUSTOMIZE_GROUP, "Kustomization") => !units.contains(&object.key()),
        _ => false,
    };
    let target = object.value.str_at(&["spec", "targetNamespace"]).unwrap_or(object.namespace());
    is_other.then(|| target.to_owned())
}

/// The artifacts that a generator makes.
fn artifacts(object: &Object) -> Vec<(String, String)> {
    let is_generator = object.gvk().group == GENERATOR_GROUP;
    let entries = items(&object.value, &["spec", "artifacts"]).filter(|_| is_generator);
    let key = |name: &str| (object.namespace().to_owned(), name.to_owned());
    entries.filter_map(|entry| entry.str_at(&["name"])).map(key).collect()
}

/// The Secrets that a controller makes out of an object.
fn made_secrets(object: &Object) -> Option<(String, String)> {
    let own = || Some(object.name());
    let name = match object.gvk().kind.as_str() {
        "SealedSecret" => object.value.str_at(&["spec", "template", "metadata", "name"]).or_else(own),
        "ExternalSecret" => object.value.str_at(&["spec", "target", "name"]).or_else(own),
        "Certificate" => object.value.str_at(&["spec", "secretName"]),
        _ => None,
    }?;
    Some((object.namespace().to_owned(), name.to_owned()))
}

/// What every cluster has.
fn is_everywhere(key: &ObjectKey) -> bool {
    match (key.kind.as_str(), key.name.as_str()) {
        ("ServiceAccount" | "Namespace", "default")
        | ("ConfigMap", "kube-root-ca.crt")
        | ("ClusterRole", "cluster-admin" | "admin" | "edit" | "view")
        | ("Namespace", "kube-system" | "kube-public" | "kube-node-lease") => true,
        ("ClusterRole" | "Role" | "PriorityClass", name) if name.starts_with("system") => true,
        ("GitRepository", crate::ROOT) => key.namespace == crate::ROOT,
        ("Kustomization", crate::ROOT) => *key == follow::kustomization(crate::ROOT, crate::ROOT),
        _ => key.namespace.starts_with("kube-"),
    }
}

/// Kinds and names that the manifests of a repository declare, whoever builds them.
pub(crate) fn declared(files: &dyn Files) -> Vec<(String, String)> {
    let (mut found, mut left) = (Vec::new(), MAX_FILES);
    let mut todo = vec![String::new()];
    while let Some(folder) = todo.pop() {
        for name in files.list(&folder) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match files.kind(&path) {
                Some(EntryKind::Dir) => todo.push(path),
                Some(EntryKind::File) if is_yaml(&name) && left > 0 => {
                    left -= 1;
                    found.extend(in_file(files, &path));
                }
                _ => {}
            }
        }
    }
    found
}

fn in_file(files: &dyn Files, path: &str) -> Vec<(String, String)> {
    let text = files.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let documents = goyaml::parse_documents(&text, &ParseOptions::sigs()).unwrap_or_default();
    let mut found = Vec::new();
    for document in &documents {
        found.extend(named(&document.value));
        for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            let names = items(&document.value, &[field]).filter_map(|entry| entry.str_at(&["name"]));
            found.extend(names.map(|name| (kind.to_owned(), name.to_owned())));
        }
    }
    found
}

fn named(value: &Value) -> Option<(String, String)> {
    Some((value.str_at(&["kind"])?.to_owned(), value.str_at(&["metadata", "name"])?.to_owned()))
}
