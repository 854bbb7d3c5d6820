//! What others see of the engine: an immutable snapshot, cheap to share.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use api::{HistoryEntry, Kustomization};
use jiff::Timestamp;
use kube::Resource;
use object::ObjectKey;

use crate::{Name, Phase, SourceName};

/// All sources and deliveries at one moment. Parts that did not change are shared between snapshots.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Grows by one with each snapshot.
    pub version: u64,
    /// Whether the first list of sources and Kustomizations has been read.
    pub synced: bool,
    /// Why nothing is written at all: Flux's own controllers run on the cluster.
    pub held_back: Option<Arc<str>>,
    /// Sources by name.
    pub sources: BTreeMap<SourceName, Arc<SourceState>>,
    /// Deliveries by name.
    pub deliveries: BTreeMap<Name, Arc<DeliveryState>>,
    /// What the engine did since its start.
    pub counters: Counters,
}

impl State {
    /// Whether every delivery that is not suspended is settled, the Kustomizations among their objects included, and
    /// there is at least one.
    pub fn all_settled(&self) -> bool {
        let active = || self.deliveries.values().filter(|delivery| delivery.phase != Phase::Suspended);
        self.synced
            && active().next().is_some()
            && active().all(|delivery| delivery.phase == Phase::Settled)
            // One that was made a moment ago may not have been seen by the watch.
            && active().flat_map(|delivery| delivery.objects.iter()).all(|object| self.is_known(&object.key))
    }

    fn is_known(&self, key: &ObjectKey) -> bool {
        let is_delivery = key.kind == "Kustomization" && key.group == Kustomization::group(&());
        !is_delivery || self.deliveries.contains_key(&Name::new(&key.namespace, &key.name))
    }
}

/// What the engine did since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Fetches.
    pub fetches: u64,
    /// Renders.
    pub renders: u64,
    /// Deliveries that were written to the cluster.
    pub applies: u64,
    /// Deliveries whose inputs had not changed, so that nothing was rendered or sent.
    pub skips: u64,
    /// Drifts put right.
    pub heals: u64,
    /// Writes of status.
    pub status_writes: u64,
}

/// One source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceState {
    /// Kind, namespace and name.
    pub name: SourceName,
    /// Address, without credentials.
    pub url: Arc<str>,
    /// Branch, tag, range or commit that is asked for, in words.
    pub reference: Arc<str>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Revision of the last good fetch.
    pub revision: Option<Arc<str>>,
    /// Digest of the last good fetch.
    pub digest: Option<Arc<str>>,
    /// Id of the commit.
    pub commit: Option<Arc<str>>,
    /// First line of the commit's message.
    pub subject: Option<Arc<str>>,
    /// Author of the commit.
    pub author: Option<Arc<str>>,
    /// Time of the commit.
    pub committed: Option<Timestamp>,
    /// When this revision was fetched first.
    pub fetched: Option<Timestamp>,
    /// When the source was last asked.
    pub checked: Option<Timestamp>,
    /// Conditions as in status.
    pub conditions: Vec<StatusCondition>,
}

/// A condition as in status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCondition {
    /// Type, such as `Ready`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Reason, one word.
    pub reason: String,
    /// Message.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// One delivery: a Kustomization and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryState {
    /// Namespace and name.
    pub name: Name,
    /// Its source.
    pub source: SourceName,
    /// Folder in the source.
    pub path: Arc<str>,
    /// Where it stands.
    pub phase: Phase,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Names of the Kustomizations it waits for.
    pub depends_on: Vec<Name>,
    /// Revision that was last applied whole.
    pub applied: Option<Arc<str>>,
    /// Revision that was last tried.
    pub attempted: Option<Arc<str>>,
    /// Counts of the objects' health.
    pub health: HealthCount,
    /// The objects of the inventory, in apply order.
    pub objects: Arc<Vec<ObjectState>>,
    /// The last plan; `None` before the first.
    pub plan: Option<Arc<PlanState>>,
    /// Findings of the last render: what is broken in the repository.
    pub diagnostics: Arc<Vec<DiagnosticState>>,
    /// Drifts that were put right, newest last; bounded.
    pub drift: Arc<VecDeque<HealedDrift>>,
    /// The last outcomes, newest first.
    pub history: Vec<HistoryEntry>,
    /// Conditions as in status.
    pub conditions: Vec<StatusCondition>,
    /// How long the last run from render to outcome took.
    pub duration: Option<Duration>,
}

/// Counts of objects by health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HealthCount {
    /// As wanted.
    pub current: usize,
    /// On their way.
    pub in_progress: usize,
    /// Failed.
    pub failed: usize,
    /// Gone, being deleted, or not known.
    pub unknown: usize,
}

/// Health of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// As wanted.
    Current,
    /// On its way.
    InProgress,
    /// Failed.
    Failed,
    /// Being deleted.
    Terminating,
    /// Does not exist.
    Missing,
    /// Not known.
    Unknown,
}

/// One object of an inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectState {
    /// Which.
    pub key: ObjectKey,
    /// API version without group, as applied.
    pub version: Arc<str>,
    /// Where it comes from, `file:line`; empty when only the inventory knows it.
    pub origin: Arc<str>,
    /// Health.
    pub health: HealthState,
    /// Why, in words; may be empty.
    pub message: Arc<str>,
}

/// A plan: what was different and what was done about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanState {
    /// When it was made.
    pub at: Option<Timestamp>,
    /// Revision it is of.
    pub revision: Arc<str>,
    /// Changes; objects that stay as they are are only counted.
    pub changes: Vec<PlannedChange>,
    /// Objects that stay as they are.
    pub kept: usize,
}

/// One change of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedChange {
    /// Which object.
    pub key: ObjectKey,
    /// `created`, `configured`, `deleted`, `skipped`, `refused`.
    pub action: &'static str,
    /// Differences, one field a line; values of Secrets are masked.
    pub fields: Vec<String>,
    /// Why it was refused or skipped; empty otherwise.
    pub message: Arc<str>,
}

/// One finding of a render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosticState {
    /// File in the source.
    pub file: Arc<str>,
    /// Line, from 1; 0 when not known.
    pub line: u32,
    /// Column, from 1; 0 when not known.
    pub column: u32,
    /// What is wrong.
    pub message: Arc<str>,
    /// What to do; may be empty.
    pub hint: Arc<str>,
}

/// A drift that was put right.
#[derive(Clone, Debug, PartialEq)]
pub struct HealedDrift {
    /// Which object.
    pub object: ObjectKey,
    /// Fields with what they were changed to and what they were put back to; values of Secrets are masked.
    pub fields: Vec<String>,
    /// Who had changed them; empty when not known.
    pub manager: Arc<str>,
    /// When it was noticed.
    pub at: Timestamp,
    /// How long it took to put right.
    pub took: Duration,
    /// Whether the object was deleted rather than changed.
    pub deleted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(name: &str, phase: Phase, objects: &[&str]) -> (Name, Arc<DeliveryState>) {
        let object = |name: &&str| ObjectState {
            key: ObjectKey {
                group: "kustomize.toolkit.fluxcd.io".into(),
                kind: "Kustomization".into(),
                namespace: "flux-system".into(),
                name: (*name).to_owned(),
            },
            version: "v1".into(),
            origin: "".into(),
            health: HealthState::Current,
            message: "".into(),
        };
        let name = Name::new("flux-system", name);
        let state = DeliveryState {
            name: name.clone(),
            source: SourceName::git(&name),
            path: "./".into(),
            phase,
            since: Timestamp::UNIX_EPOCH,
            depends_on: Vec::new(),
            applied: None,
            attempted: None,
            health: HealthCount::default(),
            objects: Arc::new(objects.iter().map(object).collect()),
            plan: None,
            diagnostics: Arc::default(),
            drift: Arc::default(),
            history: Vec::new(),
            conditions: Vec::new(),
            duration: None,
        };
        (name, Arc::new(state))
    }

    #[test]
    fn all_is_settled_when_what_was_made_is() {
        let settled = |deliveries: Vec<(Name, Arc<DeliveryState>)>| {
            State { synced: true, deliveries: deliveries.into_iter().collect(), ..State::default() }.all_settled()
        };
        let root = || delivery("root", Phase::Settled, &["part"]);
        assert!(!settled(Vec::new()));
        assert!(!settled(vec![root()]), "the watch has not shown it");
        assert!(!settled(vec![root(), delivery("part", Phase::Rendering, &[])]));
        assert!(settled(vec![root(), delivery("part", Phase::Settled, &[])]));
        assert!(settled(vec![root(), delivery("part", Phase::Suspended, &["lost"])]));
    }
}
