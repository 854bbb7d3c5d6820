//! Differences between two values, field by field, fit to be shown to people.
//!
//! [`objects`] is the way in for whole objects: it leaves out what the server keeps for itself and redacts Secrets.
//! [`fields`] compares any two values. Lists of named things are compared by name, so that a container put in front
//! of another is one addition, not two changes.

mod display;
mod list_keys;
mod redact;
mod walk;

pub use display::{Table, scalar_text};
pub use redact::{HIDDEN, HIDDEN_CHANGED, is_secret, redact, seal_secret};
pub use walk::{fields, objects, restrict, without_server_fields};

use goyaml::Value;

/// One field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDiff {
    /// Where, such as `.spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// What was there; `None` when the field is new.
    pub before: Option<Value>,
    /// What is there now; `None` when the field is gone.
    pub after: Option<Value>,
}

#[cfg(test)]
mod tests;
