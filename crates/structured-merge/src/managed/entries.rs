//! `metadata.managedFields` in and out.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Kind, Map, Value};

use super::quoted;
use crate::field_set::{FieldSet, FieldsError};
use crate::go_text;

/// The kind of write that an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Server-side apply.
    Apply,
    /// Every other write.
    Update,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// What tells entries apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The field manager.
    pub manager: String,
    /// How it wrote.
    pub action: Action,
    /// The version it wrote in; empty for an apply, which has one entry whatever the version.
    pub api_version: String,
    /// The subresource it wrote to, or the empty text.
    pub subresource: String,
}

impl Identity {
    /// As conflict messages name it: `"kubectl-edit" with subresource "scale" using apps/v1`.
    pub(crate) fn describe(&self) -> String {
        let mut text = quoted(&self.manager);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {}", quoted(&self.subresource));
        }
        match self.action {
            Action::Apply => text,
            Action::Update => format!("{text} using {}", self.api_version),
        }
    }

    /// The text by which upstream sorts managers in messages.
    pub(crate) fn sort_key(&self) -> String {
        let mut out = String::from("{");
        let fields = [
            ("manager", self.manager.as_str()),
            ("operation", self.action.name()),
            ("apiVersion", &self.api_version),
            ("subresource", &self.subresource),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            if out.len() > 1 {
                out.push(',');
            }
            go_text::write_plain_string(&mut out, name);
            out.push(':');
            go_text::write_json(&mut out, &Value::from(value));
        }
        out.push('}');
        out
    }
}

/// The fields of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The fields.
    pub set: FieldSet,
    /// The version in which their names are meant.
    pub api_version: Arc<str>,
    /// Whether they were applied.
    pub applied: bool,
}

/// The entries of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    fields: BTreeMap<Identity, Owned>,
    times: BTreeMap<Identity, Arc<str>>,
}

/// `managedFields` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// The field is not a list of objects.
    #[error("metadata.managedFields must be a list of objects")]
    NotEntries,
    /// Neither `Apply` nor `Update`.
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    /// No version.
    #[error("apiVersion must not be empty")]
    ApiVersion,
    /// No field type.
    #[error("missing fieldsType in managed fields entry {0}")]
    MissingFieldsType(usize),
    /// A field type that is not known.
    #[error("invalid fieldsType {} in managed fields entry {index}", quoted(.name))]
    FieldsType {
        /// The type that was given.
        name: String,
        /// Which entry, from 0.
        index: usize,
    },
    /// Fields that cannot be read.
    #[error("error decoding versioned set: error decoding set: {0}")]
    Fields(#[from] FieldsError),
}

const FIELDS_V1: &str = "FieldsV1";
const PATH: [&str; 2] = ["metadata", "managedFields"];

/// Takes `managedFields` out of an object.
pub(super) fn strip(object: &mut Value) {
    object.remove_at(&PATH);
}

/// Whether the object asks to forget all owners: `managedFields: []` or `[{}]`.
pub(super) fn is_reset(object: &Value) -> bool {
    match object.at(&PATH).and_then(Value::as_list) {
        Some([]) => true,
        Some([only]) => only.as_map().is_some_and(Map::is_empty),
        _ => false,
    }
}

impl Entries {
    /// Reads the entries of an object.
    pub fn decode(object: &Value) -> Result<Self, EntriesError> {
        let list = match object.at(&PATH).map(Value::kind) {
            None | Some(Kind::Null) => return Ok(Self::default()),
            Some(Kind::List(list)) => list,
            Some(_) => return Err(EntriesError::NotEntries),
        };
        let mut entries = Self::default();
        for (index, entry) in list.iter().enumerate() {
            entries.read(index, entry)?;
        }
        Ok(entries)
    }

    fn read(&mut self, index: usize, entry: &Value) -> Result<(), EntriesError> {
        if entry.as_map().is_none() {
            return Err(EntriesError::NotEntries);
        }
        let text = |key: &str| entry.str_at(&[key]).unwrap_or_default();
        let action = match text("operation") {
            "Apply" => Action::Apply,
            "Update" => Action::Update,
            _ => return Err(EntriesError::Operation),
        };
        let api_version = text("apiVersion");
        if api_version.is_empty() {
            return Err(EntriesError::ApiVersion);
        }
        match text("fieldsType") {
            FIELDS_V1 => {}
            "" => return Err(EntriesError::MissingFieldsType(index)),
            name => return Err(EntriesError::FieldsType { name: name.to_owned(), index }),
        }
        let identity = Identity {
            manager: text("manager").to_owned(),
            action,
            api_version: if action == Action::Apply { String::new() } else { api_version.to_owned() },
            subresource: text("subresource").to_owned(),
        };
        let set = match entry.get("fieldsV1") {
            None => FieldSet::new(),
            Some(tree) => FieldSet::from_fields_v1(tree)?,
        };
        match entry.str_at(&["time"]) {
            Some(time) => self.times.insert(identity.clone(), time.into()),
            None => self.times.remove(&identity),
        };
        self.fields.insert(identity, Owned { set, api_version: api_version.into(), applied: action == Action::Apply });
        Ok(())
    }

    /// Puts the entries into an object; without entries the field goes.
    pub fn encode_into(&self, object: &mut Value) {
        if self.fields.is_empty() {
            strip(object);
            return;
        }
        let mut entries: Vec<_> = self.fields.iter().collect();
        entries.sort_by_cached_key(|(identity, owned)| {
            let time = self.times.get(*identity).cloned();
            (identity.action, time, identity.manager.clone(), owned.api_version.clone(), identity.subresource.clone())
        });
        let list: Value = entries.into_iter().map(|(identity, owned)| self.write(identity, owned)).collect();
        object.set_at(&PATH, list);
    }

    fn write(&self, identity: &Identity, owned: &Owned) -> Value {
        let mut entry = Map::new();
        if !identity.manager.is_empty() {
            entry.insert("manager", identity.manager.as_str());
        }
        entry.insert("operation", identity.action.name());
        entry.insert("apiVersion", owned.api_version.clone());
        if let Some(time) = self.times.get(identity) {
            entry.insert("time", time.clone());
        }
        entry.insert("fieldsType", FIELDS_V1);
        entry.insert("fieldsV1", owned.set.to_fields_v1());
        if !identity.subresource.is_empty() {
            entry.insert("subresource", identity.subresource.as_str());
        }
        entry.into()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The entries in the order of their identities.
    pub fn iter(&self) -> impl Iterator<Item = (&Identity, &Owned)> {
        self.fields.iter()
    }

    /// The entry of a manager.
    pub fn get(&self, identity: &Identity) -> Option<&Owned> {
        self.fields.get(identity)
    }

    /// The fields that a manager has applied, through whichever subresource.
    pub fn applied_by(&self, manager: &str) -> FieldSet {
        let own = |identity: &Identity| identity.manager == manager && identity.action == Action::Apply;
        self.fields
            .iter()
            .filter(|(identity, _)| own(identity))
            .fold(FieldSet::new(), |all, (_, owned)| all.union(&owned.set))
    }

    pub(super) fn insert(&mut self, identity: Identity, owned: Owned) -> Option<Owned> {
        self.fields.insert(identity, owned)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Identity, &mut Owned) -> bool) {
        self.fields.retain(|identity, owned| keep(identity, owned));
    }

    pub(super) fn set_time(&mut self, identity: &Identity, time: &str) {
        self.times.insert(identity.clone(), time.into());
    }

    /// Joins fields to the entry of a manager and dates it.
    pub(super) fn add(&mut self, identity: Identity, mut owned: Owned, time: &str) {
        if let Some(previous) = self.fields.get(&identity) {
            owned.set = owned.set.union(&previous.set);
        }
        self.set_time(&identity, time);
        self.fields.insert(identity, owned);
    }

    /// Takes fields out of the entry of a manager; an empty entry goes.
    pub(super) fn without(&mut self, identity: &Identity, fields: &FieldSet) {
        if let Some(owned) = self.fields.get_mut(identity) {
            owned.set = owned.set.difference(fields);
            if owned.set.is_empty() {
                self.fields.remove(identity);
            }
        }
    }

    /// The entries of updates, oldest first.
    pub(super) fn updaters_by_age(&self) -> Vec<Identity> {
        let mut updaters: Vec<_> =
            self.fields.iter().filter(|(_, owned)| !owned.applied).map(|(identity, _)| identity.clone()).collect();
        updaters.sort_by_cached_key(|identity| (self.times.get(identity).cloned(), identity.sort_key()));
        updaters
    }

    /// Moves the entry `from` into `bucket`, which starts out as the entry `first`.
    pub(super) fn fold(&mut self, first: &Identity, from: &Identity, bucket: Identity) {
        if !self.fields.contains_key(&bucket)
            && let Some(owned) = self.fields.remove(first)
        {
            self.fields.insert(bucket.clone(), owned);
        }
        let (Some(mut owned), Some(known)) = (self.fields.get(from).cloned(), self.fields.get(&bucket)) else {
            return;
        };
        owned.set = owned.set.union(&known.set);
        self.fields.insert(bucket.clone(), owned);
        if *from != bucket {
            self.fields.remove(from);
        }
        match self.times.get(from).cloned() {
            Some(time) => self.times.insert(bucket, time),
            None => self.times.remove(&bucket),
        };
    }
}
