//! The `sops` entry of a document: which keys it is encrypted for, what is encrypted, when it was changed, and its message
//! authentication code.

mod flat;
mod read;
mod write;

use crate::keys::KeyGroup;
use crate::{Branch, Fault, Format, Item, Selection, SopsError, Value};

/// The name of the entry.
pub(crate) const ENTRY: &str = "sops";
/// What the names of its entries start with in formats without nesting.
pub(crate) const PREFIX: &str = "sops_";

/// What the `sops` entry says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The keys that the data key is encrypted for; several groups hold a part of it each.
    pub groups: Vec<KeyGroup>,
    /// How many of several groups are needed; 0 where nothing is said.
    pub threshold: usize,
    /// Which values are encrypted.
    pub selection: Selection,
    /// When the values were changed, RFC 3339 as Go prints it.
    pub last_modified: String,
    /// The message authentication code, encrypted.
    pub mac: String,
    /// The version of sops that wrote it.
    pub version: String,
}

impl Metadata {
    /// Takes the metadata out of the branches of a document.
    pub(crate) fn extract(branches: &mut [Branch], format: Format) -> Result<Self, SopsError> {
        let entries = match format {
            Format::Dotenv => flat::unflatten(take_prefixed(branches), false)?,
            Format::Ini => flat::unflatten(take_entry(branches)?, true)?,
            Format::Yaml | Format::Json | Format::Binary => take_entry(branches)?,
        };
        read::read(&entries)
    }

    /// Puts the metadata behind each branch, as sops does.
    pub(crate) fn append(&self, branches: &mut [Branch], format: Format) -> Result<(), SopsError> {
        let entries = write::written(self);
        let items = match format {
            Format::Dotenv => flat::flatten(&entries, PREFIX, false),
            Format::Ini => vec![Item::new(ENTRY, Value::Map(flat::flatten(&entries, "", true)), 0)],
            Format::Yaml | Format::Json | Format::Binary => vec![Item::new(ENTRY, Value::Map(entries), 0)],
        };
        for branch in branches {
            if let Some(name) = reserved(branch, format) {
                return Err(Fault::AlreadyEncrypted(name).into());
            }
            branch.extend(items.iter().cloned());
        }
        Ok(())
    }
}

/// The entry of a branch that only metadata may have.
pub(crate) fn reserved(branch: &Branch, format: Format) -> Option<String> {
    let is_reserved = |name: &&str| if format == Format::Dotenv { name.starts_with(PREFIX) } else { *name == ENTRY };
    branch.iter().filter_map(Item::name).find(is_reserved).map(str::to_owned)
}

fn take_entry(branches: &mut [Branch]) -> Result<Branch, SopsError> {
    let mut found = None;
    for (number, branch) in branches.iter_mut().enumerate() {
        let (taken, kept) = std::mem::take(branch).into_iter().partition(|item| item.name() == Some(ENTRY));
        *branch = kept;
        let taken: Branch = taken;
        for item in taken.into_iter().filter(|_| number == 0) {
            if found.is_some() {
                return Err(SopsError::at(item.line, Fault::Metadata("there are two `sops` entries".to_owned())));
            }
            let Value::Map(entries) = item.value else {
                return Err(SopsError::at(item.line, Fault::Metadata("the `sops` entry is not a map".to_owned())));
            };
            found = Some(entries);
        }
    }
    found.ok_or_else(|| Fault::NotEncrypted.into())
}

fn take_prefixed(branches: &mut [Branch]) -> Branch {
    let mut taken = Branch::new();
    if let Some(branch) = branches.first_mut() {
        for item in std::mem::take(branch) {
            match item.name().and_then(|name| name.strip_prefix(PREFIX)).map(str::to_owned) {
                Some(name) => taken.push(Item::new(name, item.value, item.line)),
                None => branch.push(item),
            }
        }
    }
    taken
}
