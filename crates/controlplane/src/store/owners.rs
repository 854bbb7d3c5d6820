//! Who is owned by whom, kept up with every change, so that garbage is found without looking at everything.
//!
//! Objects are known by their uid. A change that may make garbage puts the objects concerned among the suspects: the
//! dependents of what was removed, the owners that may have waited for it, what is to be deleted with its dependents,
//! and what names an owner that is not there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use goyaml::{Kind, Value};

use super::{Place, Stored};

type Uid = Arc<str>;

/// The index.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    places: HashMap<Uid, Place>,
    dependents: HashMap<Uid, BTreeSet<Place>>,
    suspects: BTreeSet<Place>,
}

impl Owners {
    /// Takes a change into account; tells whether it added suspects.
    pub(super) fn record(&mut self, place: &Place, before: Option<&Stored>, after: Option<&Stored>) -> bool {
        let (old, new) = (before.map(|stored| &stored.value), after.map(|stored| &stored.value));
        let (had, has) = (owners(old), owners(new));
        if had != has {
            self.forget(place, &had);
            for owner in &has {
                self.dependents.entry(Arc::clone(owner)).or_default().insert(place.clone());
            }
        }
        let known = self.suspects.len();
        match (uid(old), uid(new)) {
            (Some(old), None) => {
                self.places.remove(&old);
                self.suspects.extend(self.dependents.get(&old).into_iter().flatten().cloned());
            }
            (None, Some(new)) => drop(self.places.insert(new, place.clone())),
            _ => {}
        }
        // An owner in the foreground may have waited for this one.
        if had != has {
            let owners = had.iter().filter(|owner| !has.contains(owner));
            self.suspects.extend(owners.filter_map(|owner| self.places.get(owner)).cloned());
        }
        let goes = new.is_some_and(|new| new.at(&["metadata", "deletionTimestamp"]).is_some());
        let lost = has.iter().any(|owner| !self.places.contains_key(owner));
        if goes || lost {
            self.suspects.insert(place.clone());
        }
        self.suspects.len() > known
    }

    fn forget(&mut self, place: &Place, owners: &[Uid]) {
        for owner in owners {
            if let Some(dependents) = self.dependents.get_mut(owner) {
                dependents.remove(place);
                if dependents.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }

    /// What may be garbage; asked once.
    pub(super) fn take_suspects(&mut self) -> BTreeSet<Place> {
        std::mem::take(&mut self.suspects)
    }

    /// Where the object of a uid is.
    pub(super) fn place(&self, uid: &str) -> Option<Place> {
        self.places.get(uid).cloned()
    }

    /// What names this uid as its owner.
    pub(super) fn dependents(&self, uid: &str) -> Vec<Place> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }
}

fn uid(object: Option<&Value>) -> Option<Uid> {
    text(object?.at(&["metadata", "uid"])?)
}

fn owners(object: Option<&Value>) -> Vec<Uid> {
    let list = object.and_then(|object| object.at(&["metadata", "ownerReferences"])?.as_list()).unwrap_or_default();
    list.iter().filter_map(|owner| text(owner.get("uid")?)).collect()
}

fn text(value: &Value) -> Option<Uid> {
    match value.kind() {
        Kind::String(text) => Some(Arc::clone(text)),
        _ => None,
    }
}
