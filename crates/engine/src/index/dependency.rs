//! Who waits for whom.

use std::sync::Arc;

use api::Ready;

use super::{Delivery, Index};
use crate::{Name, Phase};

impl Index {
    /// The first dependency that is not ready, and why, in Flux's words.
    pub(super) fn unready_dependency(&self, delivery: &Delivery) -> Option<(Name, Arc<str>)> {
        delivery.dependencies().into_iter().find_map(|name| {
            let why = self.dependency_trouble(&name, delivery)?;
            Some((name, why.into()))
        })
    }

    fn dependency_trouble(&self, name: &Name, dependent: &Delivery) -> Option<String> {
        let Some(dependency) = self.deliveries.get(name) else {
            return Some(format!("dependency '{name}' not found"));
        };
        if !is_ready(dependency) {
            return Some(format!("dependency '{name}' is not ready"));
        }
        let source = dependent.source();
        if dependency.source() != source {
            return None;
        }
        let revision = self.sources.get(&source).and_then(|source| source.revision());
        let applied = match &dependency.held {
            Some(held) => Some(&*held.revision),
            None => dependency.status.last_applied_revision.as_deref(),
        };
        (applied != revision.map(|revision| &**revision))
            .then(|| format!("dependency '{name}' revision is not up to date"))
    }

    /// Considers all that wait for this one.
    pub(super) fn wake_dependents(&mut self, name: &Name) {
        let dependents: Vec<_> = self.by_dependency.get(name).into_iter().flatten().cloned().collect();
        for dependent in dependents {
            self.consider(&dependent);
        }
    }
}

/// Whether a dependency is ready; a suspended one is as its status says.
fn is_ready(dependency: &Delivery) -> bool {
    match dependency.phase {
        Phase::Settled => true,
        Phase::Suspended => {
            dependency.status.observed_generation == Some(dependency.generation())
                && api::ready(&dependency.status.conditions) == Ready::Yes
        }
        _ => false,
    }
}
