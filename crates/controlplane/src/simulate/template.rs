//! Pods from templates, and the hashes that tell templates apart.

use goyaml::Value;

use super::kind::Kind;
use super::world::{World, at, controller, text};
use crate::system;

/// The letters of generated names, as upstream has them.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;
/// How many letters of an owner's name stand before a generated suffix.
const MAX_BASE: usize = 58;

/// A short name for a template. It is not upstream's number, which depends on Go's memory layout; like it, it is the
/// same for the same template.
pub(super) fn hash(template: &Value, collisions: i64) -> String {
    let text = goyaml::json::to_go_string(template);
    let hash = fnv(text.bytes().chain(collisions.to_le_bytes())) & 0xffff_ffff;
    let digits = hash.to_string();
    digits.bytes().map(|digit| char::from(LETTERS[usize::from(digit) % LETTERS.len()])).collect()
}

/// FNV-1a.
pub(super) fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Five letters that differ for each number.
pub(super) fn suffix(base: &str, number: u64) -> String {
    let mut hash = fnv(base.bytes().chain(number.to_le_bytes()));
    let mut letters = String::with_capacity(SUFFIX);
    for _ in 0..SUFFIX {
        let letter = usize::try_from(hash % 27).unwrap_or(0);
        letters.push(char::from(LETTERS[letter]));
        hash = hash.rotate_right(11) ^ (hash / 27);
    }
    letters
}

/// A reference that makes its target the controller.
pub(super) fn owned_by(kind: Kind, owner: &Value) -> Value {
    let mut reference: Value = [("apiVersion", kind.api_version()), ("kind", kind.name())].into_iter().collect();
    reference.set_at(&["name"], text(owner, "metadata.name"));
    reference.set_at(&["uid"], text(owner, "metadata.uid"));
    reference.set_at(&["controller"], true);
    reference.set_at(&["blockOwnerDeletion"], true);
    vec![reference].into()
}

/// A pod of an owner with this name.
pub(super) fn pod(kind: Kind, owner: &Value, template: &Value, name: &str) -> Value {
    let mut pod = system::object("v1", "Pod", text(owner, "metadata.namespace"), name);
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(found) = at(template, "metadata").and_then(|metadata| metadata.get(key)) {
            pod.set_at(&["metadata", key], found.clone());
        }
    }
    pod.set_at(&["metadata", "annotations", super::MARK], "true");
    pod.set_at(&["metadata", "ownerReferences"], owned_by(kind, owner));
    pod.set_at(&["spec"], at(template, "spec").cloned().unwrap_or_else(Value::empty_map));
    pod
}

/// A pod with a generated name: the `number`-th of this moment.
pub(super) fn generated(world: &World<'_>, kind: Kind, owner: &Value, template: &Value, number: u64) -> Value {
    let base: String = format!("{}-", text(owner, "metadata.name")).chars().take(MAX_BASE).collect();
    let name = format!("{base}{}", suffix(&base, world.salt().wrapping_mul(4096).wrapping_add(number)));
    let mut pod = pod(kind, owner, template, &name);
    pod.set_at(&["metadata", "generateName"], base);
    pod
}

/// Why the API server would refuse pods of this template: admission looks up what they name.
pub(super) fn refusal(world: &World<'_>, namespace: &str, base: &str, template: &Value) -> Option<String> {
    let account = Some(text(template, "spec.serviceAccountName")).filter(|name| !name.is_empty()).unwrap_or("default");
    if !world.has(Kind::Account, namespace, account) {
        return Some(format!(
            "pods \"{base}\" is forbidden: error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found"
        ));
    }
    let priority = text(template, "spec.priorityClassName");
    if !priority.is_empty() && !priority.starts_with("system-") && !world.has(Kind::PriorityClass, "", priority) {
        return Some(format!("pods \"{base}\" is forbidden: no PriorityClass with name {priority} was found"));
    }
    None
}

/// The kind and name of the controller of an object.
pub(super) fn owner(object: &Value) -> Option<(Kind, &str)> {
    let reference = controller(object)?;
    Some((Kind::of(text(reference, "kind"))?, text(reference, "name")))
}
