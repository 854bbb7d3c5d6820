//! Looks at the objects of a render: are they objects, is nothing encrypted, does any come twice?

use std::collections::HashMap;

use goyaml::{Kind, Value};
use object::{Object, ObjectKey};

use crate::{Diagnostic, decrypt};

/// How an encrypted value of SOPS starts.
const ENCRYPTED: &str = "ENC[AES256_GCM,";

/// What makes it no object, if anything does.
pub(crate) fn fault(object: &Object) -> Option<Diagnostic> {
    let missing: Vec<&str> = [
        ("apiVersion", object.value.str_at(&["apiVersion"]).unwrap_or_default()),
        ("kind", object.kind()),
        ("metadata.name", object.name()),
    ]
    .iter()
    .filter(|(_, value)| value.is_empty())
    .map(|(field, _)| *field)
    .collect();
    if !missing.is_empty() {
        let message =
            format!("failed to decode Kubernetes apiVersion, kind and name: there is no {}", missing.join(" and no "));
        return Some(at(
            object,
            message,
            "Complete the object, or move the file where it is not taken for a manifest.",
        ));
    }
    None
}

/// The same of an object that is to be applied: it must not be encrypted either.
pub(crate) fn fault_of_applied(object: &Object) -> Option<Diagnostic> {
    fault(object).or_else(|| encrypted(object))
}

fn encrypted(object: &Object) -> Option<Diagnostic> {
    (is_encrypted(&object.value) && !decrypt::is_disabled(object)).then(|| {
        let message =
            format!("{} is SOPS encrypted, configuring decryption is required for it to be reconciled", object.key());
        at(
            object,
            message,
            "Set spec.decryption of the Kustomization: provider sops, and secretRef with the Secret that holds the private key.",
        )
    })
}

/// Objects that mean the same one of a cluster.
pub(crate) fn twice(objects: &[Object]) -> Vec<Diagnostic> {
    let mut seen: HashMap<ObjectKey, &Object> = HashMap::with_capacity(objects.len());
    let mut found = Vec::new();
    for object in objects {
        if let Some(first) = seen.insert(object.key(), object) {
            let message = format!("{} is declared twice: here and in {}", object.key(), first.origin);
            found.push(at(object, message, "Remove one of them: only the later one would stay in the cluster."));
        }
    }
    found
}

fn at(object: &Object, message: String, hint: &str) -> Diagnostic {
    Diagnostic {
        file: object.origin.file.to_string(),
        line: object.origin.line,
        column: 0,
        message,
        hint: Some(hint.to_owned()),
    }
}

fn is_encrypted(object: &Value) -> bool {
    if decrypt::is_whole(object) {
        return true;
    }
    ["data", "stringData"].iter().filter_map(|field| object.get(field)).any(has_encrypted)
}

fn has_encrypted(value: &Value) -> bool {
    match value.kind() {
        Kind::String(text) => text.starts_with(ENCRYPTED),
        Kind::Map(map) => map.values().any(has_encrypted),
        Kind::List(items) => items.iter().any(has_encrypted),
        _ => false,
    }
}
