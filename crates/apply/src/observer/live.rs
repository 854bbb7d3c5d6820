//! One object as the index keeps it.

use std::fmt::Write as _;
use std::sync::Arc;

use goyaml::Value;
use object::{Gvk, Health, ObjectKey, Packed, diff};
use sha2::{Digest as _, Sha256};
use structured_merge::FieldSet;

use crate::managers::Undo;
use crate::ownership::Interner;
use crate::record::{AppliedRecord, Digest};
use crate::{Owner, Pointer, cluster, ignore};

/// Bytes of a sealed value that are kept: enough to see a change.
const SEAL_LENGTH: usize = 12;

/// An object of the cluster, last seen by watch or in an answer.
#[derive(Clone, Debug)]
pub struct Live {
    /// Which object.
    pub key: ObjectKey,
    /// The version it was read at.
    pub gvk: Gvk,
    /// Uid.
    pub uid: String,
    /// Revision.
    pub resource_version: String,
    /// The object without `managedFields`; values of a Secret are sealed.
    value: Packed,
    /// Whose labels it carries.
    pub owner: Option<Owner>,
    /// Who manages which fields; writers of the status are left out.
    pub managers: Vec<Manager>,
    /// Digest of the fields we own, where our entry speaks the object's version.
    pub owned: Option<Digest>,
}

/// An entry of `managedFields`.
#[derive(Clone, Debug)]
pub struct Manager {
    /// Name of the manager.
    pub name: Arc<str>,
    /// Whether it applied (else it updated).
    pub applied: bool,
    /// When it last changed something, RFC 3339.
    pub time: String,
    /// Version its fields are written in.
    pub api_version: String,
    /// Whether it is one of our field managers.
    pub ours: bool,
    /// Its fields.
    pub fields: Arc<FieldSet>,
}

/// Makes digests of secret values that mean nothing outside this process.
#[derive(Clone)]
pub(crate) struct Seal {
    salt: [u8; 16],
}

impl Seal {
    /// A seal with a salt of its own.
    pub(crate) fn random() -> Self {
        let mut salt = [0; 16];
        // Without randomness sealed values are still one-way, only comparable between processes.
        let _ = getrandom::fill(&mut salt);
        Self { salt }
    }

    /// The value with secret values replaced.
    pub(crate) fn sealed(&self, value: &Value) -> Value {
        if !diff::is_secret(value) {
            return value.clone();
        }
        let mut value = value.clone();
        diff::seal_secret(&mut value, &|bytes| self.digest(bytes));
        value
    }

    fn digest(&self, bytes: &[u8]) -> String {
        let digest = Sha256::new().chain_update(self.salt).chain_update(bytes).finalize();
        let mut text = String::with_capacity(SEAL_LENGTH * 2);
        for byte in &digest[..SEAL_LENGTH] {
            write!(text, "{byte:02x}").expect("because a String takes everything");
        }
        text
    }
}

impl Live {
    pub(crate) fn read(value: &Value, ours: &[String], interner: &Interner, seal: &Seal) -> Self {
        let (gvk, key) = cluster::identity(value);
        let managers = managers(value, ours, interner);
        let text = |name| value.str_at(&["metadata", name]).unwrap_or("").to_owned();
        let (uid, resource_version) = (text("uid"), text("resourceVersion"));
        let mut value = seal.sealed(value);
        value.remove_at(&["metadata", "managedFields"]);
        let owner = Owner::of(&value);
        let mut live =
            Self { key, owner, uid, resource_version, value: Packed::of(&value), managers, owned: None, gvk };
        live.owned = live.project(&value).map(|projection| Digest::of(&projection));
        live
    }

    /// The fields we own; `None` when we have applied nothing, or at another version.
    pub fn projection(&self) -> Option<Value> {
        self.projection_without(&[])
    }

    /// The fields we own but those that are left to others.
    pub(crate) fn projection_without(&self, ignored: &[Pointer]) -> Option<Value> {
        self.project(&ignore::without(&self.value(), ignored))
    }

    /// What we own of the object's value, which may lack what is left to others.
    pub(crate) fn project(&self, value: &Value) -> Option<Value> {
        Some(structured_merge::project(value, self.own_fields()?))
    }

    /// The object without `managedFields`; values of a Secret are sealed. It is kept packed, so whoever looks at it often
    /// keeps what this gives.
    pub fn value(&self) -> Value {
        self.value.value()
    }

    /// Whether it is a Secret.
    pub(crate) fn is_secret(&self) -> bool {
        self.key.kind == "Secret" && self.key.group.is_empty()
    }

    /// Our field set, where it speaks the object's version.
    pub(crate) fn own_fields(&self) -> Option<&Arc<FieldSet>> {
        let api_version = self.gvk.api_version();
        let is_own = |manager: &&Manager| manager.ours && manager.applied && manager.api_version == api_version;
        Some(&self.managers.iter().find(is_own)?.fields)
    }

    /// How the object is doing.
    pub fn health(&self) -> Health {
        object::health::status(&self.value())
    }

    /// Whether the object is being deleted.
    pub fn is_terminating(&self) -> bool {
        self.value().at(&["metadata", "deletionTimestamp"]).is_some_and(|time| !time.is_null())
    }

    /// Whether somebody has edited it whose edits are undone.
    pub(crate) fn has_foreign(&self, undo: &Undo) -> bool {
        let is_own = |manager: &Manager| manager.ours && manager.applied;
        self.managers.iter().any(|manager| !is_own(manager) && undo.concerns(&manager.name, manager.applied))
    }

    /// The record of having applied `desired` with this object as the answer.
    pub(crate) fn record(&self, desired: Digest, ignored: &Arc<[Pointer]>) -> Option<AppliedRecord> {
        let projection = self.projection_without(ignored)?;
        Some(AppliedRecord {
            desired,
            answer: self.owned?,
            ignored: ignored.clone(),
            fields: self.own_fields()?.clone(),
            projection: goyaml::json::to_string(&projection).into_bytes().into(),
            resource_version: self.resource_version.clone(),
            uid: self.uid.clone(),
        })
    }

    /// Whether this is an older state than `other` of the same object.
    pub(crate) fn is_older_than(&self, other: &str) -> bool {
        is_older(&self.resource_version, other)
    }
}

/// Whether one `resourceVersion` is before another; false where they cannot be compared.
pub(crate) fn is_older(left: &str, right: &str) -> bool {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left < right,
        _ => false,
    }
}

fn managers(value: &Value, ours: &[String], interner: &Interner) -> Vec<Manager> {
    let entries = value.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    entries
        .iter()
        // Status is never ours; `scale` writes spec.replicas, which may be.
        .filter(|entry| entry.str_at(&["subresource"]) != Some("status"))
        .map(|entry| {
            let text = |name: &str| entry.str_at(&[name]).unwrap_or("");
            Manager {
                name: text("manager").into(),
                applied: text("operation") == "Apply",
                time: text("time").into(),
                api_version: text("apiVersion").into(),
                ours: ours.iter().any(|name| name == text("manager")),
                fields: interner.get(entry.get("fieldsV1").unwrap_or(&Value::NULL)),
            }
        })
        .collect()
}
