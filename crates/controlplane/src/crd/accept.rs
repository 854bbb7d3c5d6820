//! A definition is completed, established and turned into resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Map, Value};
use structured_merge::{Gvk, Schema};

use super::CustomVersion;
use super::rules::Rules;
use crate::registry::{Registry, Resource, Shape, join};
use crate::store::GroupResource;
use crate::strategy;

const VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const SUBRESOURCE_VERBS: [&str; 3] = ["get", "patch", "update"];

/// Fills in the status of a definition: accepted names, conditions, stored versions. Names of another kind are refused
/// by a condition, as upstream's naming controller does.
pub(crate) fn accept(definition: &mut Value, registry: &Registry) {
    let now = crate::fields::now();
    let conflict = conflict(definition, registry);
    let names = definition.at(&["spec", "names"]).cloned().unwrap_or_default();
    let accepted = match &conflict {
        None => ("True", "NoConflicts", "no conflicts found".to_owned()),
        Some(why) => ("False", "MultipleNamesNotAllowed", why.clone()),
    };
    let established = match &conflict {
        None => ("True", "InitialNamesAccepted", "the initial names have been accepted".to_owned()),
        Some(_) => ("False", "NotAccepted", "not all names are accepted".to_owned()),
    };
    let conditions = [("NamesAccepted", accepted), ("Established", established)];
    let before = definition.at(&["status", "conditions"]).cloned().unwrap_or_default();
    let conditions: Value = conditions.into_iter().map(|(kind, state)| condition(&before, kind, state, &now)).collect();
    definition.set_at(&["status", "conditions"], conditions);
    definition.set_at(&["status", "acceptedNames"], if conflict.is_none() { names } else { Value::empty_map() });
    let mut stored: Vec<Value> = definition
        .at(&["status", "storedVersions"])
        .and_then(Value::as_list)
        .map(<[Value]>::to_vec)
        .unwrap_or_default();
    let storage: Value = storage_version(definition).into();
    if !stored.contains(&storage) {
        stored.push(storage);
    }
    definition.set_at(&["status", "storedVersions"], stored);
}

fn condition(before: &Value, kind: &str, (status, reason, message): (&str, &str, String), now: &str) -> Value {
    let found = before.as_list().unwrap_or_default().iter().find(|one| one.str_at(&["type"]) == Some(kind));
    let since =
        found.filter(|one| one.str_at(&["status"]) == Some(status)).and_then(|one| one.str_at(&["lastTransitionTime"]));
    let entries = [
        ("lastTransitionTime", since.unwrap_or(now)),
        ("message", &message),
        ("reason", reason),
        ("status", status),
        ("type", kind),
    ];
    entries.into_iter().collect()
}

fn conflict(definition: &Value, registry: &Registry) -> Option<String> {
    let own = definition.str_at(&["metadata", "name"]).unwrap_or_default();
    let group = definition.str_at(&["spec", "group"]).unwrap_or_default();
    let plural = definition.str_at(&["spec", "names", "plural"]).unwrap_or_default();
    let kind = definition.str_at(&["spec", "names", "kind"]).unwrap_or_default();
    let others = registry.all().filter(|other| &*other.name.group == group);
    let foreign = |other: &Arc<Resource>| other.custom().is_none_or(|custom| custom.definition != own);
    let mut others = others.filter(|other| foreign(other));
    others.find_map(|other| match () {
        () if &*other.name.resource == plural => Some(format!("\"{plural}\" is already in use")),
        () if other.kind == kind => Some(format!("\"{kind}\" is already in use")),
        () => None,
    })
}

fn storage_version(definition: &Value) -> &str {
    let mut versions = versions(definition).iter();
    let stored = versions.find(|version| super::structural::on(version, "storage"));
    stored.and_then(|version| version.str_at(&["name"])).unwrap_or_default()
}

fn versions(definition: &Value) -> &[Value] {
    definition.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default()
}

/// Whether a definition is served.
fn is_established(definition: &Value) -> bool {
    let conditions = definition.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    conditions.iter().any(|one| one.str_at(&["type"]) == Some("Established") && one.str_at(&["status"]) == Some("True"))
}

/// The resources that a definition serves: one per served version.
pub(crate) fn resources(definition: &Value) -> Vec<Arc<Resource>> {
    if !is_established(definition) {
        return Vec::new();
    }
    let served = versions(definition).iter().filter(|version| super::structural::on(version, "served"));
    served.map(|version| Arc::new(resource(definition, version))).collect()
}

fn resource(definition: &Value, version: &Value) -> Resource {
    let text = |path: &[&str]| definition.str_at(path).unwrap_or_default().to_owned();
    let group = text(&["spec", "group"]);
    let plural = text(&["spec", "names", "plural"]);
    let kind = text(&["spec", "names", "kind"]);
    let version_name = version.str_at(&["name"]).unwrap_or_default();
    let name = GroupResource::new(&group, &plural);
    let list_kind = text(&["spec", "names", "listKind"]);
    let subresources = version.get("subresources").and_then(Value::as_map).into_iter().flat_map(Map::keys);
    let verbs = |verbs: &[&str]| verbs.iter().map(|verb| (*verb).to_owned()).collect::<Vec<_>>();
    let subresources: BTreeMap<_, _> =
        subresources.map(|key| (key.as_str().to_owned(), verbs(&SUBRESOURCE_VERBS))).collect();
    Resource {
        storage: name.clone(),
        storage_version: join(&group, storage_version(definition)),
        name,
        version: version_name.to_owned(),
        list_kind: if list_kind.is_empty() { format!("{kind}List") } else { list_kind },
        kind: kind.clone(),
        namespaced: text(&["spec", "scope"]) == "Namespaced",
        verbs: verbs(&VERBS),
        subresources,
        strategy: strategy::CUSTOM,
        shape: Shape::Custom(Arc::new(custom_version(definition, version, &Gvk::new(&group, version_name, &kind)))),
    }
}

fn custom_version(definition: &Value, version: &Value, gvk: &Gvk) -> CustomVersion {
    let schema = version.at(&["schema", "openAPIV3Schema"]).cloned();
    let preserve_unknown =
        super::structural::on(definition.get("spec").unwrap_or(&Value::NULL), "preserveUnknownFields");
    let mut merge = Schema::new();
    if let Err(error) = merge.add_crd(gvk, schema.as_ref(), preserve_unknown) {
        tracing::warn!(kind = %gvk.kind, %error, "the schema of a custom kind is not understood; its lists are merged as a whole");
    }
    let fields = version.get("selectableFields").and_then(Value::as_list).unwrap_or_default();
    let selectable = fields.iter().filter_map(|field| field.str_at(&["jsonPath"]));
    CustomVersion {
        definition: definition.str_at(&["metadata", "name"]).unwrap_or_default().to_owned(),
        names: definition.at(&["spec", "names"]).cloned().unwrap_or_default(),
        version: version.clone(),
        rules: schema.as_ref().and_then(Rules::of),
        schema,
        preserve_unknown,
        selectable: selectable.map(|path| path.trim_start_matches('.').to_owned()).collect(),
        merge: Arc::new(merge),
    }
}
