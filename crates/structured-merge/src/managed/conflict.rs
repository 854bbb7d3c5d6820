//! Fields that another manager owns with another value.

use super::Identity;
use crate::field_set::FieldSet;
use crate::path::{PathElement, display};

/// One field in conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Whose it is.
    pub identity: Identity,
    /// Which field.
    pub path: Vec<PathElement>,
}

impl Conflict {
    /// The field as a Status cause names it: `.spec.replicas`.
    pub fn field(&self) -> String {
        display(&self.path)
    }

    /// The message of the Status cause (reason `FieldManagerConflict`).
    pub fn message(&self) -> String {
        format!("conflict with {}", self.identity.describe())
    }
}

/// All conflicts of an apply; `Display` is the message of the Status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    /// The conflicts over these fields, by manager.
    pub(super) fn of(sets: Vec<(Identity, FieldSet)>) -> Self {
        let mut sets: Vec<_> = sets.into_iter().map(|(identity, set)| (identity.sort_key(), identity, set)).collect();
        sets.sort_by(|left, right| left.0.cmp(&right.0));
        let mut conflicts = Vec::new();
        for (_, identity, set) in sets {
            set.for_each(|path| conflicts.push(Conflict { identity: identity.clone(), path: path.to_vec() }));
        }
        Self(conflicts)
    }

    /// All fields in conflict.
    pub fn fields(&self) -> FieldSet {
        let mut set = FieldSet::new();
        for conflict in &self.0 {
            set.insert(&conflict.path);
        }
        set
    }
}

impl std::fmt::Display for Conflicts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let [only] = self.0.as_slice() {
            return write!(out, "Apply failed with 1 conflict: {}: {}", only.message(), only.field());
        }
        write!(out, "Apply failed with {} conflicts: ", self.0.len())?;
        for (number, group) in self.0.chunk_by(|left, right| left.identity == right.identity).enumerate() {
            let separator = if number > 0 { "\n" } else { "" };
            write!(out, "{separator}conflicts with {}:", group[0].identity.describe())?;
            for conflict in group {
                write!(out, "\n- {}", conflict.field())?;
            }
        }
        Ok(())
    }
}
