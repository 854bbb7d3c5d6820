//! The rules of ownership: what an apply prunes, which fields conflict, which an update takes over.

use std::sync::Arc;

use goyaml::Value;

use super::{Conflicts, Convert, Entries, Identity, Owned};
use crate::field_set::FieldSet;
use crate::path;
use crate::schema::Type;
use crate::typed::Comparison;

/// A value and its type.
#[derive(Clone)]
pub(super) struct Typed<'a> {
    pub(super) value: Value,
    pub(super) of: Type<'a>,
}

impl Typed<'_> {
    fn with(&self, value: Value) -> Self {
        Self { value, of: self.of }
    }

    fn field_set(&self) -> FieldSet {
        self.of.field_set(&self.value)
    }

    fn remove(&self, fields: &FieldSet) -> Self {
        self.with(self.of.remove(&self.value, fields))
    }

    /// The set with all declared parents of its fields.
    fn named(&self, set: &FieldSet) -> FieldSet {
        set.with_declared_parents(self.of.schema, Some(self.of.id))
    }
}

pub(super) struct Updater<'a> {
    pub(super) of: Type<'a>,
    pub(super) api_version: Arc<str>,
    pub(super) reset: Option<&'a FieldSet>,
    pub(super) convert: Option<&'a Convert<'a>>,
}

impl<'a> Updater<'a> {
    /// The entries after a write, and the fields that it set.
    pub(super) fn update(&self, live: &Value, new: &Value, managed: Entries) -> (Entries, FieldSet) {
        let (live, new) = (self.typed(live), self.typed(new));
        let mut managed = self.reconcile(&live, managed);
        let change = Change::new(self, &live, &new);
        self.settle(&change, &mut managed, None, true).unwrap_or_default();
        let set = change.own.modified.union(&change.own.added);
        (managed, set)
    }

    /// The merged object (none if it is as before) and the entries after an apply.
    pub(super) fn apply(
        &self,
        live: &Value,
        config: &Value,
        managed: Entries,
        (identity, force): (&Identity, bool),
    ) -> Result<(Option<Value>, Entries), Conflicts> {
        let live = self.typed(live);
        let mut managed = self.reconcile(&live, managed);
        let merged = live.with(self.of.merge(&live.value, config));
        let mut set = self.of.field_set(config);
        if let Some(reset) = self.reset {
            set = set.recursive_difference(reset);
        }
        let last =
            managed.insert(identity.clone(), Owned { set, api_version: self.api_version.clone(), applied: true });
        let new = self.prune(merged, &managed, (identity, last.as_ref()));
        let change = Change::new(self, &live, &new);
        self.settle(&change, &mut managed, Some(identity), force)?;
        let same = path::equal(&live.value, &new.value);
        Ok(((!same).then_some(new.value), managed))
    }

    fn typed(&self, value: &Value) -> Typed<'a> {
        Typed { value: value.clone(), of: self.of }
    }

    /// The object in another version; `None` if that version is gone.
    fn at(&self, object: &Typed<'a>, api_version: &str) -> Option<Typed<'a>> {
        match self.convert {
            Some(convert) if object.value.str_at(&["apiVersion"]) != Some(api_version) => {
                convert(&object.value, api_version).map(|(value, of)| Typed { value, of })
            }
            _ => Some(object.clone()),
        }
    }

    /// Adapts what is recorded to types that have changed; entries of versions that are gone go.
    fn reconcile(&self, live: &Typed<'a>, mut managed: Entries) -> Entries {
        managed.retain(|_, owned| {
            let Some(live) = self.at(live, &owned.api_version) else {
                return false;
            };
            if let Some(set) = live.of.reconcile(&owned.set) {
                owned.set = set;
            }
            true
        });
        managed
    }

    /// Takes changed and removed fields from everybody but `workflow`. Without `force`, changed ones are conflicts.
    fn settle(
        &self,
        change: &Change<'_, 'a>,
        managed: &mut Entries,
        workflow: Option<&Identity>,
        force: bool,
    ) -> Result<(), Conflicts> {
        let mut conflicts = Vec::new();
        let mut gone = Vec::new();
        let others = managed.iter().filter(|(identity, _)| Some(*identity) != workflow);
        for (identity, owned) in others {
            let Some(comparison) = change.at(self, &owned.api_version) else {
                gone.push(identity.clone());
                continue;
            };
            let conflict = owned.set.intersection(&comparison.modified.union(&comparison.added));
            if !conflict.is_empty() {
                conflicts.push((identity.clone(), conflict));
            }
        }
        if !force && !conflicts.is_empty() {
            return Err(Conflicts::of(conflicts));
        }
        managed.retain(|identity, owned| {
            if Some(identity) != workflow {
                if gone.contains(identity) {
                    return false;
                }
                if let Some((_, lost)) = conflicts.iter().find(|(other, _)| other == identity) {
                    owned.set = owned.set.difference(lost);
                }
                if let Some(comparison) = change.at(self, &owned.api_version)
                    && !comparison.removed.is_empty()
                {
                    owned.set = owned.set.difference(&comparison.removed);
                }
            }
            !owned.set.is_empty()
        });
        Ok(())
    }

    /// Removes what the applier applied last time and does not now, unless somebody else owns it.
    fn prune(&self, merged: Typed<'a>, managed: &Entries, (identity, last): (&Identity, Option<&Owned>)) -> Typed<'a> {
        let Some(last) = last.filter(|last| !last.set.is_empty()) else {
            return merged;
        };
        let kept = |new: &Owned| {
            (self.convert.is_none() || new.api_version == last.api_version) && last.set.difference(&new.set).is_empty()
        };
        if managed.get(identity).is_some_and(kept) {
            return merged;
        }
        let Some(merged_then) = self.at(&merged, &last.api_version) else {
            return merged;
        };
        let last_named = merged_then.named(&last.set);
        let pruned = merged_then.remove(&last_named);
        let pruned = self.add_back_owned(&merged_then, pruned, &last.api_version, managed);
        let pruned = match self.at(&pruned, &last.api_version) {
            None => merged_then,
            Some(pruned) => {
                let pruned_set = pruned.named(&pruned.field_set());
                let merged_set = merged_then.named(&merged_then.field_set());
                merged_then.remove(&merged_set.difference(&pruned_set).intersection(&last_named))
            }
        };
        self.at(&pruned, &self.api_version).unwrap_or(pruned)
    }

    /// Puts back what somebody owns, version by version, the version of the last apply first.
    fn add_back_owned(&self, merged: &Typed<'a>, pruned: Typed<'a>, first: &str, managed: &Entries) -> Typed<'a> {
        let mut by_version: Vec<(Arc<str>, FieldSet)> = Vec::new();
        for (_, owned) in managed.iter() {
            match by_version.iter_mut().find(|(version, _)| *version == owned.api_version) {
                Some((_, set)) => *set = set.union(&owned.set),
                None => by_version.push((owned.api_version.clone(), owned.set.clone())),
            }
        }
        by_version.sort_by(|left, right| (*left.0 != *first, &left.0).cmp(&(*right.0 != *first, &right.0)));
        let (mut merged, mut pruned) = (merged.clone(), pruned);
        for (version, owned) in by_version {
            let (Some(merged_there), Some(pruned_there)) = (self.at(&merged, &version), self.at(&pruned, &version))
            else {
                continue;
            };
            let merged_set = merged_there.named(&merged_there.field_set());
            let pruned_set = pruned_there.named(&pruned_there.field_set());
            let kept = pruned_set.union(&merged_there.named(&owned));
            pruned = merged_there.remove(&merged_set.difference(&kept));
            merged = merged_there;
        }
        pruned
    }
}

/// What a write changes, seen in the version of each entry.
struct Change<'c, 'a> {
    live: &'c Typed<'a>,
    new: &'c Typed<'a>,
    /// In the version of the request.
    own: Comparison,
}

impl<'c, 'a> Change<'c, 'a> {
    fn new(updater: &Updater<'a>, live: &'c Typed<'a>, new: &'c Typed<'a>) -> Self {
        Self { live, new, own: filtered(updater, live.of.compare(&live.value, &new.value)) }
    }

    fn at(&self, updater: &Updater<'a>, api_version: &str) -> Option<std::borrow::Cow<'_, Comparison>> {
        use std::borrow::Cow::{Borrowed, Owned};
        if updater.convert.is_none() || *api_version == *updater.api_version {
            return Some(Borrowed(&self.own));
        }
        let (live, new) = (updater.at(self.live, api_version)?, updater.at(self.new, api_version)?);
        Some(Owned(filtered(updater, live.of.compare(&live.value, &new.value))))
    }
}

fn filtered(updater: &Updater<'_>, comparison: Comparison) -> Comparison {
    match updater.reset {
        Some(reset) => comparison.without(reset),
        None => comparison,
    }
}
