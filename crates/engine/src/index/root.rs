//! The Kustomization whose settings hold for all: no other starts before they are known.

use crate::Name;
use crate::bootstrap::{self, Lockdown};

use super::Index;

/// What is known of the settings that the root Kustomization may bring.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// The Kustomizations have been listed whole, so that it is known whether there is a root.
    listed: bool,
    /// Its settings were read, or an earlier run left them.
    known: Option<Lockdown>,
}

impl Index {
    /// The Kustomizations have been listed whole.
    pub(crate) fn kustomizations_listed(&mut self) {
        self.root.listed = true;
        self.consider_all();
    }

    /// The settings of the root are known; the same again change nothing.
    pub(crate) fn learn(&mut self, lockdown: &Lockdown) {
        if self.root.known.as_ref() == Some(lockdown) {
            return;
        }
        self.settings.no_cross_namespace_refs |= lockdown.no_cross_namespace_refs;
        if let Some(places) = lockdown.concurrent {
            self.runs.resize(places);
        }
        self.root.known = Some(lockdown.clone());
        self.consider_all();
    }

    /// A Kustomization was changed or is gone: where it is the root, the others may have nothing to wait for any more.
    pub(super) fn root_seen(&mut self, name: &Name) {
        if bootstrap::is_root(name) && self.root.known.is_none() {
            self.consider_all();
        }
    }

    /// Whether a delivery has to wait for the settings.
    pub(super) fn awaits_root(&self, name: &Name) -> bool {
        if self.root.known.is_some() || bootstrap::is_root(name) {
            return false;
        }
        let root = self.deliveries.get(&Name::new(bootstrap::ROOT, bootstrap::ROOT));
        !self.root.listed || root.is_some_and(|root| !root.object.spec.suspend && !root.is_deleted())
    }

    fn consider_all(&mut self) {
        for name in self.deliveries.keys().cloned().collect::<Vec<_>>() {
            self.consider(&name);
        }
    }
}
