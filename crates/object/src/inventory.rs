//! What a delivery owns, in the form Flux keeps it in `status.inventory`.
//!
//! An id is `<namespace>_<name>_<group>_<kind>`. Names of RBAC objects may hold `:`, which is written `__`.

use goyaml::Value;

use crate::{Gvk, Object, ObjectKey};

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const RBAC_KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

/// One object of an inventory: `{id, v}` in the status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// Which object.
    pub key: ObjectKey,
    /// API version without the group at which it was applied.
    pub version: String,
}

/// The objects of a delivery, sorted by id, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    entries: Vec<Entry>,
}

/// The id of an object as Flux writes it.
pub fn encode(key: &ObjectKey) -> String {
    let name = if is_rbac(&key.group, &key.kind) { key.name.replace(':', "__") } else { key.name.clone() };
    format!("{}_{}_{}_{}", key.namespace, name, key.group, key.kind)
}

/// The object an id means; `None` for a text that is no id.
pub fn decode(id: &str) -> Option<ObjectKey> {
    let (namespace, rest) = id.split_once('_')?;
    let (rest, kind) = rest.rsplit_once('_')?;
    let (name, group) = rest.rsplit_once('_')?;
    let name = name.replace("__", ":");
    if name.contains('_') || name.is_empty() || kind.is_empty() {
        return None;
    }
    Some(ObjectKey { group: group.into(), kind: kind.into(), namespace: namespace.into(), name })
}

fn is_rbac(group: &str, kind: &str) -> bool {
    group == RBAC_GROUP && RBAC_KINDS.contains(&kind)
}

impl Entry {
    /// The entry of an object.
    pub fn of(object: &Object) -> Self {
        Self { key: object.key(), version: object.gvk().version }
    }

    /// Group, version and kind of the object.
    pub fn gvk(&self) -> Gvk {
        Gvk { group: self.key.group.clone(), version: self.version.clone(), kind: self.key.kind.clone() }
    }
}

impl Inventory {
    /// The inventory of these entries; of two with one key the later wins.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut all: Vec<(String, Entry)> = entries.into_iter().map(|entry| (encode(&entry.key), entry)).collect();
        all.reverse();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all.dedup_by(|later, first| later.0 == first.0);
        Self { entries: all.into_iter().map(|(_, entry)| entry).collect() }
    }

    /// Reads `status.inventory` (`{entries: [{id, v}]}`); ids that are none are left out and given back.
    pub fn from_value(value: &Value) -> (Self, Vec<String>) {
        let mut entries = Vec::new();
        let mut unknown = Vec::new();
        for item in value.get("entries").and_then(Value::as_list).unwrap_or_default() {
            let id = item.str_at(&["id"]).unwrap_or("");
            match decode(id) {
                Some(key) => entries.push(Entry { key, version: item.str_at(&["v"]).unwrap_or("v1").to_owned() }),
                None => unknown.push(id.to_owned()),
            }
        }
        (Self::new(entries), unknown)
    }

    /// The form of `status.inventory`.
    pub fn to_value(&self) -> Value {
        let entries: Value = self
            .entries
            .iter()
            .map(|entry| -> Value { [("id", encode(&entry.key)), ("v", entry.version.clone())].into_iter().collect() })
            .collect();
        [("entries", entries)].into_iter().collect()
    }

    /// The entries, sorted by id.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the object is in it.
    pub fn contains(&self, key: &ObjectKey) -> bool {
        self.entries.iter().any(|entry| entry.key == *key)
    }

    /// Both inventories together; where both have an object, the version of `newer` stays.
    #[must_use]
    pub fn union(&self, newer: &Self) -> Self {
        Self::new(self.entries.iter().chain(&newer.entries).cloned())
    }
}

impl<'a> FromIterator<&'a Object> for Inventory {
    fn from_iter<I: IntoIterator<Item = &'a Object>>(objects: I) -> Self {
        Self::new(objects.into_iter().map(Entry::of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
        ObjectKey { group: group.into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    fn check(key: &ObjectKey, id: &str) {
        assert_eq!(encode(key), id);
        assert_eq!(decode(id).as_ref(), Some(key));
    }

    #[test]
    fn ids_are_those_of_flux() {
        check(&key("apps", "Deployment", "web", "front"), "web_front_apps_Deployment");
        check(&key("", "Namespace", "", "web"), "_web__Namespace");
        check(&key("", "ConfigMap", "web", "a.b-c"), "web_a.b-c__ConfigMap");
        check(
            &key(RBAC_GROUP, "ClusterRole", "", "system:node"),
            "_system__node_rbac.authorization.k8s.io_ClusterRole",
        );
    }

    #[test]
    fn no_ids() {
        for text in ["", "a", "a_b", "a_b_c", "a_b_x_c_D", "___Kind", "_a__"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn union_keeps_the_newer_version() {
        let old = Inventory::new([Entry { key: key("", "A", "", "x"), version: "v1".into() }]);
        let new = Inventory::new([
            Entry { key: key("", "A", "", "x"), version: "v2".into() },
            Entry { key: key("", "A", "", "b"), version: "v2".into() },
        ]);
        let both = old.union(&new);
        assert_eq!(both.len(), 2);
        assert!(both.entries().iter().all(|entry| entry.version == "v2"));
        assert_eq!(Inventory::from_value(&both.to_value()), (both, Vec::new()));
    }
}
