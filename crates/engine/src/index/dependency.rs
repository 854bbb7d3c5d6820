//! Who waits for whom.

use std::sync::Arc;

use api::Ready;

use super::{Delivery, Index};
use crate::{Name, Phase};

impl Index {
    /// The first dependency that is not ready, and why, in Flux's words.
    pub(super) fn unready_dependency(&self, delivery: &Delivery) -> Option<(Name, Arc<str>)> {
        delivery.dependencies().into_iter().enumerate().find_map(|(place, name)| {
            let why = self.dependency_trouble((place, &name), delivery)?;
            Some((name, why.into()))
        })
    }

    fn dependency_trouble(&self, (place, name): (usize, &Name), dependent: &Delivery) -> Option<String> {
        let Some(dependency) = self.deliveries.get(name) else {
            return Some(format!("dependency '{name}' not found"));
        };
        // An expression stands in for the usual rules.
        match dependent.expressions.ready(place, || [dependent.shown(), dependency.shown()]) {
            Some(Ok(true)) => return None,
            Some(Ok(false)) => return Some(format!("dependency '{name}' is not ready according to readyExpr eval")),
            Some(Err(error)) => return Some(format!("dependency '{name}': {error}")),
            None => {}
        }
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

    /// Considers those whose expressions may judge this one by anything that stands in it.
    pub(super) fn wake_judging_dependents(&mut self, name: &Name) {
        let judges = |dependent: &&Name| {
            self.deliveries.get(*dependent).is_some_and(|delivery| delivery.expressions.judges_dependencies())
        };
        let dependents: Vec<_> = self.by_dependency.get(name).into_iter().flatten().filter(judges).cloned().collect();
        for dependent in dependents {
            self.consider(&dependent);
        }
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
