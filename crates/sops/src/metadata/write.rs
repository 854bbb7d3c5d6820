//! Metadata as entries of a document: names in order, those without a value left out where sops leaves them out.

use super::Metadata;
use crate::keys::{KeyGroup, RemoteKind};
use crate::{Branch, Entry, Item, MasterKey, Value};

pub(super) fn written(metadata: &Metadata) -> Branch {
    let mut entries = Branch::new();
    let mut add = |name: &str, value: Value| entries.push(Item::new(name, value, 0));
    add("lastmodified", Value::text(metadata.last_modified.clone()));
    add("mac", Value::text(metadata.mac.clone()));
    add("version", Value::text(metadata.version.clone()));
    let (field, text) = metadata.selection.rule.parts();
    if !text.is_empty() {
        add(field, Value::text(text));
    }
    if metadata.selection.mac_only_encrypted {
        add("mac_only_encrypted", Value::Bool(true));
    }
    if let Ok(threshold @ 1..) = i64::try_from(metadata.threshold) {
        add("shamir_threshold", Value::Int(threshold));
    }
    match metadata.groups.as_slice() {
        [group] => entries.extend(keys(group, &[])),
        groups => {
            let maps = groups.iter().map(|group| Value::Map(sorted(keys(group, &["age", "hc_vault"]))));
            entries.push(Item::new("key_groups", list(maps), 0));
        }
    }
    sorted(entries)
}

/// The keys of a group by kind. `always`: kinds that are written without a key too.
fn keys(group: &KeyGroup, always: &[&str]) -> Branch {
    let kinds = RemoteKind::ALL.iter().map(|kind| kind.field()).chain(["pgp", "age"]);
    let mut entries = Branch::new();
    for kind in kinds {
        let maps: Vec<Value> =
            group.iter().filter(|key| field(key) == kind).map(|key| Value::Map(key_fields(key))).collect();
        if !maps.is_empty() || always.contains(&kind) {
            entries.push(Item::new(kind, list(maps), 0));
        }
    }
    entries
}

fn field(key: &MasterKey) -> &'static str {
    match key {
        MasterKey::Age { .. } => "age",
        MasterKey::Pgp { .. } => "pgp",
        MasterKey::Remote { kind, .. } => kind.field(),
    }
}

fn key_fields(key: &MasterKey) -> Branch {
    let item = |name: &str, text: &str| Item::new(name, Value::text(text), 0);
    match key {
        MasterKey::Age { recipient, enc } => vec![item("enc", enc), item("recipient", recipient)],
        MasterKey::Pgp { fingerprint, created_at, enc } => {
            vec![item("created_at", created_at), item("enc", enc), item("fp", fingerprint)]
        }
        MasterKey::Remote { fields, .. } => fields.clone(),
    }
}

fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::List(values.into_iter().map(|value| Entry { value, line: 0 }).collect())
}

fn sorted(mut entries: Branch) -> Branch {
    entries.sort_by(|one, other| one.name().cmp(&other.name()));
    entries
}
