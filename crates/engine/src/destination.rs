//! The cluster that a delivery is applied to: the engine's own, or one that `spec.kubeConfig` names.

use std::fmt;
use std::sync::Arc;

use apply::{Cluster, Observer};
use tokio::task::AbortHandle;

/// Tells clusters apart; the engine's own is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterId(pub(crate) u32);

/// A cluster other than the engine's own, as one set of credentials shows it. Its watches end with the last clone of
/// the [`Destination`] that names it.
pub(crate) struct Remote {
    pub(crate) id: ClusterId,
    /// In the name of the credentials' own user.
    pub(crate) cluster: Cluster,
    pub(crate) observer: Observer,
    /// Passes on what the watches see.
    pub(crate) follower: AbortHandle,
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// Which cluster; the engine's own by default.
#[derive(Clone, Default)]
pub(crate) struct Destination(Option<Arc<Remote>>);

impl Destination {
    pub(crate) fn to(remote: Arc<Remote>) -> Self {
        Self(Some(remote))
    }

    pub(crate) fn id(&self) -> ClusterId {
        self.0.as_ref().map_or_else(ClusterId::default, |remote| remote.id)
    }

    /// The cluster, if it is not the engine's own.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(out)
    }
}
