//! What the index wants done in the world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Kustomization, KustomizationStatus};
use expression::HealthRules;
use object::ObjectKey;
use source::FileTree;

use super::{Fetched, Held};
use crate::source_object::SourceObject;
use crate::{Name, ProgressLine, SourceName};

/// Something to be done in the world; its answer comes back as an event.
#[derive(Debug)]
pub(crate) enum Command {
    /// Fetch a source.
    Fetch(Box<FetchOrder>),
    /// Make what a source needs in the cluster.
    PrepareSource(Arc<SourceObject>),
    /// Render and apply a delivery.
    Deliver(Box<DeliverOrder>),
    /// Follow the health of a delivery until it is well, fails, or its time is over.
    Settle(SettleOrder),
    /// Stop following it.
    Unsettle(Name),
    /// Put drifted objects back.
    Heal(HealOrder),
    /// Delete what a delivery owns and take its finalizer away.
    Remove(RemoveOrder),
    /// Take our finalizer off a source.
    ReleaseSource(Arc<SourceObject>),
    /// Forget what a delivery owns; nothing is deleted.
    Forget(Arc<Held>),
    /// Write a source's status.
    WriteSource(SourceName, serde_json::Value),
    /// Write a delivery's status.
    WriteDelivery(Name, serde_json::Value),
    /// Write a Kubernetes Event.
    Announce(Announcement),
    /// Tell who listens.
    Tell(ProgressLine),
}

/// One fetch.
#[derive(Debug)]
pub(crate) struct FetchOrder {
    pub(crate) name: SourceName,
    pub(crate) object: Arc<SourceObject>,
    pub(crate) allow_file: bool,
    /// What an equal fetch brought.
    pub(crate) known: Option<Fetched>,
    /// The sources that it is made of, and what they have.
    pub(crate) inputs: Vec<(Arc<SourceObject>, Option<Fetched>)>,
    /// What the server has of a generator's artifacts: revision and digest by name.
    pub(crate) artifacts: BTreeMap<String, (String, String)>,
}

/// Why a delivery is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// An input may have changed: nothing is rendered or sent if none has.
    Change,
    /// Somebody asked for it, or the last try failed: rendered and compared by what the watches know.
    Again,
    /// A full check: compared with the server's own answers.
    Sweep,
}

/// One run of a delivery.
#[derive(Debug)]
pub(crate) struct DeliverOrder {
    pub(crate) name: Name,
    pub(crate) run: u64,
    pub(crate) object: Arc<Kustomization>,
    /// What the server has.
    pub(crate) status: KustomizationStatus,
    pub(crate) revision: Arc<str>,
    /// The files; `None` in tests without any.
    pub(crate) tree: Option<FileTree>,
    pub(crate) held: Option<Arc<Held>>,
    /// How the health of the objects is judged.
    pub(crate) rules: HealthRules,
    pub(crate) why: Why,
}

/// A delivery whose health is to be followed.
#[derive(Debug)]
pub(crate) struct SettleOrder {
    pub(crate) name: Name,
    pub(crate) run: u64,
    pub(crate) object: Arc<Kustomization>,
    pub(crate) held: Arc<Held>,
    /// Time left of `spec.timeout`.
    pub(crate) timeout: std::time::Duration,
}

/// Drifted objects to be put back.
#[derive(Debug)]
pub(crate) struct HealOrder {
    pub(crate) name: Name,
    pub(crate) object: Arc<Kustomization>,
    pub(crate) held: Arc<Held>,
    pub(crate) keys: BTreeSet<ObjectKey>,
}

/// A delivery to be removed.
#[derive(Debug)]
pub(crate) struct RemoveOrder {
    pub(crate) name: Name,
    pub(crate) object: Arc<Kustomization>,
    pub(crate) status: KustomizationStatus,
}

/// Which object an event is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Source(Arc<SourceObject>),
    Delivery(Arc<Kustomization>),
}

/// A Kubernetes Event.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    pub(crate) subject: Subject,
    pub(crate) warning: bool,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) annotations: BTreeMap<String, String>,
}
