//! Operations on values of a known type: validate, merge, compare, turn into a field set, take fields out.

mod compare;
mod field_set;
mod items;
mod merge;
mod reconcile;
mod remove;
mod validate;

use goyaml::Value;

use crate::field_set::FieldSet;
use crate::path::PathElement;
use crate::schema::Type;

pub use compare::Comparison;

/// Whether an associative list may hold two items with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// They are an error, as in what a client applies.
    Refuse,
    /// They are kept, as in objects that are stored already.
    Allow,
}

/// All places where a value is not of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct TypeErrors(pub Vec<TypeError>);

/// One place where a value is not of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// The way to the value.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

fn listed(errors: &[TypeError]) -> String {
    let one = |error: &TypeError| {
        if error.path.is_empty() { error.message.clone() } else { format!("{}: {}", error.path, error.message) }
    };
    match errors {
        [only] => one(only),
        _ => std::iter::once("errors:".to_owned())
            .chain(errors.iter().map(|error| format!("  {}", one(error))))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

impl Type<'_> {
    /// Checks that the value is of this type.
    pub fn validate(self, value: &Value, duplicates: Duplicates) -> Result<(), TypeErrors> {
        validate::validate(self, value, duplicates)
    }

    /// `live` with everything that `config` says. Both must have been validated; nothing is ever removed.
    pub fn merge(self, live: &Value, config: &Value) -> Value {
        merge::merge(self, live, config)
    }

    /// Which fields differ between two validated objects.
    pub fn compare(self, before: &Value, after: &Value) -> Comparison {
        compare::compare(self, before, after)
    }

    /// Every leaf and item that the validated value mentions.
    pub fn field_set(self, value: &Value) -> FieldSet {
        field_set::field_set(self, value)
    }

    /// The value without these fields and items.
    pub fn remove(self, value: &Value, fields: &FieldSet) -> Value {
        remove::remove(self, value, fields)
    }

    /// Only these fields and items of the value; `keys` adds the key fields of list items.
    pub fn extract(self, value: &Value, fields: &FieldSet, keys: bool) -> Value {
        if keys {
            remove::extract(self, value, &self.with_keys(value, fields))
        } else {
            remove::extract(self, value, fields)
        }
    }

    /// The set adapted to a type that has become atomic since it was written; `None` if it fits.
    pub(crate) fn reconcile(self, set: &FieldSet) -> Option<FieldSet> {
        reconcile::reconcile(self, set)
    }

    fn with_keys(self, value: &Value, fields: &FieldSet) -> FieldSet {
        let present = self.field_set(value);
        let mut keys = FieldSet::new();
        fields.for_each(|path| {
            if !present.contains(path) {
                return;
            }
            for (index, element) in path.iter().enumerate() {
                let PathElement::Key(parts) = element else { continue };
                for (name, _) in parts.iter() {
                    keys.insert(&[&path[..=index], &[PathElement::Field(name.clone())]].concat());
                }
            }
        });
        fields.union(&keys)
    }
}
