//! What the work needs of the world: cluster, store, pools, and the way back to the loop.

pub(crate) mod announce;
pub(crate) mod chart;
pub(crate) mod clusters;
pub(crate) mod decryption;
pub(crate) mod fetch;
pub(crate) mod inputs;
pub(crate) mod local;
pub(crate) mod prepare;
pub(crate) mod remotes;
pub(crate) mod rivals;
pub(crate) mod rules;
pub(crate) mod secret;
pub(crate) mod variables;
pub(crate) mod watch;
pub(crate) mod write;

use std::sync::{Arc, PoisonError, RwLock};

use api::Kustomization;
use apply::{Cluster, Observer, Owner};
use jiff::Timestamp;
use object::ObjectKey;
use render::RenderCache;
use source::Store;
use source::charts::ChartStore;
use tokio::sync::{Semaphore, broadcast, mpsc};

use crate::bootstrap::Lockdown;
use crate::destination::ClusterId;
use crate::index::{Delivered, FetchFailure, Fetched, Healed, SettleOutcome};
use crate::rivals::Lease;
use crate::source_object::SourceObject;
use crate::{Name, Options, Phase, Progress, ProgressLine, SourceName};
use clusters::Clusters;
use remotes::Remotes;
use rules::Rules;

/// What the loop is told.
#[derive(Debug)]
pub(crate) enum Event {
    /// A source was seen.
    Source(Box<SourceObject>),
    /// A source is gone.
    SourceGone(SourceName),
    /// What a source of this generation needs in the cluster was made, or not.
    SourcePrepared(SourceName, i64, Result<(), FetchFailure>),
    /// A Kustomization was seen.
    Kustomization(Arc<Kustomization>),
    /// A Kustomization is gone.
    KustomizationGone(Name),
    /// One of the kinds was listed whole.
    Listed(&'static str),
    /// A Lease of one of Flux's controllers was seen.
    Lease(Name, Lease),
    /// A Lease of one of Flux's controllers is gone.
    LeaseGone(Name),
    /// What Flux's controllers in the repository are told, which holds for all.
    Lockdown(Lockdown),
    /// A ConfigMap or Secret that asks to be watched was changed: its kind and name.
    Input(&'static str, Name),
    /// Objects of ours on another cluster were seen to change.
    Objects(ClusterId, Vec<(ObjectKey, Option<Owner>)>),
    /// The local repository has new commits.
    LocalChanged,
    /// A fetch has ended.
    Fetched(SourceName, Result<Box<Fetched>, FetchFailure>),
    /// A run came to a phase.
    Phase(Name, u64, Phase),
    /// A run has ended.
    Delivered(Name, Box<Delivered>),
    /// Following the health has ended.
    Settled(Name, SettleOutcome),
    /// Drift was put right.
    Healed(Name, Healed),
    /// A removal has ended.
    Removed(Name, Option<String>),
    /// A source's status was written, or not.
    SourceWritten(SourceName, bool),
    /// A delivery's status was written, or not.
    DeliveryWritten(Name, bool),
}

/// Shared by all work.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) client: kube::Client,
    pub(crate) cluster: Cluster,
    pub(crate) observer: Observer,
    /// Other clusters, which Kustomizations name.
    pub(crate) clusters: Arc<Clusters>,
    pub(crate) store: Arc<Store>,
    pub(crate) charts: ChartStore,
    pub(crate) options: Arc<Options>,
    pub(crate) rules: Arc<RwLock<Rules>>,
    pub(crate) renders: Arc<Semaphore>,
    pub(crate) cache: Arc<RenderCache>,
    /// What kustomizations name by addresses; `None` where that is off.
    pub(crate) remotes: Option<Arc<Remotes>>,
    pub(crate) events: mpsc::UnboundedSender<Event>,
    pub(crate) progress: broadcast::Sender<ProgressLine>,
}

impl World {
    /// Tells the loop; it may be gone already.
    pub(crate) fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Tells who listens; nobody may.
    pub(crate) fn tell(&self, name: &Name, progress: Progress) {
        let _ = self.progress.send(ProgressLine { at: self.now(), name: name.clone(), progress });
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// The rules that hold for all deliveries.
    pub(crate) fn rules(&self) -> Rules {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the settings of Flux's controllers in the repository.
    pub(crate) fn learn(&self, lockdown: &Lockdown) {
        self.rules.write().unwrap_or_else(PoisonError::into_inner).learn(lockdown);
    }
}
