//! How items of a list are told apart: by the keys Kubernetes' own lists use.

use std::collections::BTreeSet;
use std::fmt;

use goyaml::Value;

/// Keys by the name of the list's field; the first candidate that fits all items is used.
const BY_FIELD: &[(&str, &[&[&str]])] = &[
    ("ports", &[&["containerPort", "protocol"], &["containerPort"], &["port", "protocol"], &["port"]]),
    ("volumeMounts", &[&["mountPath"]]),
    ("volumeDevices", &[&["devicePath"]]),
    ("conditions", &[&["type"]]),
    ("hostAliases", &[&["ip"]]),
    ("ownerReferences", &[&["uid"]]),
    ("topologySpreadConstraints", &[&["topologyKey", "whenUnsatisfiable"], &["topologyKey"]]),
    ("podIPs", &[&["ip"]]),
    ("hostIPs", &[&["ip"]]),
    ("taints", &[&["key", "effect"]]),
];

/// Tried for every list after the table.
const GENERAL: &[&[&str]] = &[&["name"], &["id"]];

/// The value of an item under its keys.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ItemKey<'a>(Vec<(&'a str, String)>);

impl<'a> ItemKey<'a> {
    pub(super) fn of(item: &Value, keys: &[&'a str]) -> Self {
        Self(keys.iter().map(|key| (*key, item.get(key).map(super::scalar_text).unwrap_or_default())).collect())
    }
}

/// `[name=web]`, `[containerPort=80,protocol=TCP]`
impl fmt::Display for ItemKey<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[")?;
        for (place, (key, value)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(out, "{comma}{key}={value}")?;
        }
        out.write_str("]")
    }
}

/// The keys that tell all items of both lists apart; `None` where there are none.
pub(super) fn of(field: &str, before: &[Value], after: &[Value]) -> Option<Vec<&'static str>> {
    let table = BY_FIELD.iter().find(|(name, _)| *name == field).map(|(_, keys)| *keys);
    let candidates = table.unwrap_or_default().iter().chain(GENERAL);
    candidates.copied().find(|keys| fit(before, keys) && fit(after, keys)).map(<[_]>::to_vec)
}

fn fit(items: &[Value], keys: &[&str]) -> bool {
    let all = items.iter().all(|item| {
        keys.iter().all(|key| item.get(key).is_some_and(|value| value.as_str().is_some() || value.as_i64().is_some()))
    });
    all && items.iter().map(|item| ItemKey::of(item, keys)).collect::<BTreeSet<_>>().len() == items.len()
}
