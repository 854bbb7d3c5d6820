//! Whether this process may change anything on a cluster at all.
//!
//! Whoever decides that (the engine, which watches for other controllers) closes the gate; every clone of a
//! [`Cluster`](crate::Cluster) asks it right before a request leaves, so that also work under way stops writing at once.

use std::sync::{Arc, PoisonError, RwLock};

/// Closed, nothing is written. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    closed: Arc<RwLock<Option<Arc<str>>>>,
}

impl Gate {
    /// Lets no change through from now on, for this reason.
    pub fn close(&self, why: &Arc<str>) {
        self.set(Some(why.clone()));
    }

    /// Lets changes through again.
    pub fn open(&self) {
        self.set(None);
    }

    /// Why nothing is written; `None` while it is open.
    pub fn why_closed(&self) -> Option<Arc<str>> {
        self.closed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, why: Option<Arc<str>>) {
        *self.closed.write().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_state() {
        let gate = Gate::default();
        let other = gate.clone();
        gate.close(&"another controller".into());
        assert_eq!(other.why_closed().as_deref(), Some("another controller"));
        other.open();
        assert_eq!(gate.why_closed(), None);
    }
}
