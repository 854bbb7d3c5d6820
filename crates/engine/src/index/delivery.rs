//! One delivery's record.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use api::{Kustomization, KustomizationStatus};
use expression::HealthRules;
use goyaml::Value;
use jiff::Timestamp;
use kube::ResourceExt;
use object::{Entry, Object, ObjectKey, Origin, Packed};
use render::RemoteBase;

use super::expressions::Expressions;
use crate::destination::{ClusterId, Destination};
use crate::status::conditions;
use crate::{
    DeliveryState, DiagnosticState, HealedDrift, HealthCount, HealthState, Name, ObjectState, Phase, PlanState,
    SourceKind, SourceName,
};

/// Drifts that are remembered of one delivery.
const MAX_DRIFT: usize = 50;

/// What a run is made from. Two equal ones make equal runs, variables from the cluster aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) revision: Arc<str>,
    pub(crate) source_digest: Arc<str>,
    pub(crate) generation: i64,
    pub(crate) requested: Option<String>,
    pub(crate) approval: Option<String>,
}

/// What the cluster is held to.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Which cluster that is.
    pub(crate) destination: Destination,
    pub(crate) revision: Arc<str>,
    pub(crate) generation: i64,
    pub(crate) approval: Option<String>,
    /// Digest of all that went into the render.
    pub(crate) inputs: String,
    /// The remote bases among it, which are asked again after each interval.
    pub(crate) remote: Vec<RemoteBase>,
    /// Digest of the objects.
    pub(crate) digest: String,
    /// How their health is judged.
    pub(crate) rules: HealthRules,
    /// The objects as rendered, in apply order.
    pub(crate) objects: Arc<Vec<HeldObject>>,
    /// All objects of the delivery, survivors of pruning included.
    pub(crate) inventory: api::Inventory,
}

/// An object that the cluster is held to.
#[derive(Clone, Debug)]
pub(crate) struct HeldObject {
    pub(crate) entry: Entry,
    pub(crate) origin: Origin,
    manifest: Packed,
}

impl HeldObject {
    pub(crate) fn new(manifest: &Value, origin: Origin) -> Self {
        let object = Object::new(manifest.clone(), origin);
        Self { entry: Entry::of(&object), manifest: Packed::of(manifest), origin: object.origin }
    }

    pub(crate) fn key(&self) -> &ObjectKey {
        &self.entry.key
    }

    /// The object as it was rendered.
    pub(crate) fn object(&self) -> Object {
        Object::new(self.manifest.value(), self.origin.clone())
    }
}

/// One delivery's record.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(super) object: Arc<Kustomization>,
    /// What its spec says in CEL.
    pub(super) expressions: Expressions,
    /// What the status is to be.
    pub(super) status: KustomizationStatus,
    /// What the server has.
    pub(super) stored: KustomizationStatus,
    /// What is being written.
    pub(super) writing: Option<KustomizationStatus>,
    pub(super) write_failures: u32,
    pub(super) phase: Phase,
    pub(super) since: Timestamp,
    /// Number of the run under way, settling included.
    pub(super) run: Option<u64>,
    /// When the run began, and how long its part before settling took.
    pub(super) started: Duration,
    pub(super) applied_in: Duration,
    /// Whether the run under way wrote anything.
    pub(super) run_changed: bool,
    /// What it wrote, as long as no Event has told it.
    pub(super) unsaid: String,
    /// Whether the last run, settling included, went well.
    pub(super) good: bool,
    /// A timer or a person wants it run whatever the inputs say.
    pub(super) due: Option<super::Why>,
    /// What the last run was made from.
    pub(super) tried: Option<Wanted>,
    pub(super) held: Option<Arc<Held>>,
    pub(super) intervals: u32,
    pub(super) healing: bool,
    pub(super) drifted: BTreeSet<ObjectKey>,
    pub(super) contested: Vec<(ObjectKey, String)>,
    pub(super) objects: Arc<Vec<ObjectState>>,
    pub(super) plan: Option<Arc<PlanState>>,
    pub(super) diagnostics: Arc<Vec<DiagnosticState>>,
    pub(super) drift: Arc<VecDeque<HealedDrift>>,
    pub(super) duration: Option<Duration>,
}

impl Delivery {
    pub(super) fn new(object: Arc<Kustomization>, now: Timestamp) -> Self {
        let status = object.status.clone().unwrap_or_default();
        Self {
            expressions: Expressions::of(&object.spec),
            object,
            stored: status.clone(),
            status,
            writing: None,
            write_failures: 0,
            phase: Phase::Fetching,
            since: now,
            run: None,
            started: Duration::ZERO,
            applied_in: Duration::ZERO,
            run_changed: false,
            unsaid: String::new(),
            good: false,
            due: None,
            tried: None,
            held: None,
            intervals: 0,
            healing: false,
            drifted: BTreeSet::new(),
            contested: Vec::new(),
            objects: Arc::default(),
            plan: None,
            diagnostics: Arc::default(),
            drift: Arc::default(),
            duration: None,
        }
    }

    /// The cluster that its objects are held on.
    pub(super) fn destination(&self) -> ClusterId {
        self.held.as_ref().map_or_else(ClusterId::default, |held| held.destination.id())
    }

    /// Another state of the object.
    pub(super) fn replace(&mut self, object: Arc<Kustomization>) {
        if object.spec != self.object.spec {
            self.expressions = Expressions::of(&object.spec);
        }
        self.object = object;
    }

    /// The object with the status as it is now, which the server may not have yet.
    pub(super) fn shown(&self) -> Kustomization {
        Kustomization { status: Some(self.status.clone()), ..Kustomization::clone(&self.object) }
    }

    pub(super) fn name(&self) -> Name {
        Name::of(&*self.object)
    }

    pub(super) fn generation(&self) -> i64 {
        self.object.metadata.generation.unwrap_or_default()
    }

    pub(super) fn annotation(&self, name: &str) -> Option<String> {
        self.object.annotations().get(name).cloned()
    }

    /// The name of its source. One of a kind that is none is refused before it is looked for.
    pub(super) fn source(&self) -> SourceName {
        let reference = &self.object.spec.source_ref;
        let own = self.object.namespace().unwrap_or_default();
        let kind = SourceKind::parse(&reference.kind).unwrap_or(SourceKind::GitRepository);
        SourceName::new(kind, reference.namespace.as_deref().unwrap_or(&own), &reference.name)
    }

    /// The names of the deliveries that must be ready first.
    pub(super) fn dependencies(&self) -> Vec<Name> {
        let own = self.object.namespace().unwrap_or_default();
        let named = |reference: &api::DependencyReference| {
            Name::new(reference.namespace.as_deref().unwrap_or(&own), &reference.name)
        };
        self.object.spec.depends_on.iter().map(named).collect()
    }

    /// Whether a ConfigMap or Secret goes into what is rendered.
    pub(super) fn reads(&self, kind: &str, input: &Name) -> bool {
        let spec = &self.object.spec;
        let variables = spec.post_build.iter().flat_map(|build| &build.substitute_from);
        let keys = spec.decryption.as_ref().and_then(|decryption| decryption.secret_ref.as_ref());
        let named = variables.map(|reference| (reference.kind.as_str(), &reference.name));
        let clusters = spec.kube_config.iter().filter_map(|config| config.secret_ref.as_ref());
        let secrets =
            keys.map(|reference| &reference.name).into_iter().chain(clusters.map(|reference| &reference.name));
        let mut named = named.chain(secrets.map(|name| ("Secret", name)));
        self.object.namespace().as_deref() == Some(&*input.namespace)
            && named.any(|(of, name)| of == kind && **name == *input.name)
    }

    pub(super) fn has_finalizer(&self) -> bool {
        self.object.finalizers().iter().any(|finalizer| finalizer == api::FINALIZER)
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.object.metadata.deletion_timestamp.is_some()
    }

    /// Whether drift may be put right now: nothing else is under way, and nobody switched us off.
    pub(super) fn may_heal(&self) -> bool {
        let at_rest = matches!(self.phase, Phase::Settled | Phase::Settling | Phase::Failed(_));
        at_rest && !self.healing && !self.is_deleted() && !self.object.spec.suspend
    }

    /// Whether health is part of being ready.
    pub(super) fn checks_health(&self) -> bool {
        self.object.spec.wait || !self.object.spec.health_checks.is_empty()
    }

    /// Goes to another phase. Whether it is another one.
    pub(super) fn enter(&mut self, phase: Phase, now: Timestamp) -> bool {
        if self.phase == phase {
            return false;
        }
        self.phase = phase;
        self.since = now;
        true
    }

    /// Remembers drifts that were put right.
    pub(super) fn remember(&mut self, healed: &[HealedDrift]) {
        let ring = Arc::make_mut(&mut self.drift);
        ring.extend(healed.iter().cloned());
        let surplus = ring.len().saturating_sub(MAX_DRIFT);
        ring.drain(..surplus);
    }

    /// Whether the same drift was put right not long ago, so that nobody need be told again.
    pub(super) fn knows(&self, drift: &HealedDrift) -> bool {
        self.drift
            .iter()
            .rev()
            .any(|known| known.object == drift.object && known.fields == drift.fields && known.manager == drift.manager)
    }

    /// What others see of it.
    pub(super) fn view(&self, name: &Name) -> DeliveryState {
        DeliveryState {
            name: name.clone(),
            source: self.source(),
            path: self.object.spec.path.as_deref().unwrap_or("./").into(),
            phase: self.phase.clone(),
            since: self.since,
            depends_on: self.dependencies(),
            applied: self
                .held
                .as_ref()
                .map(|held| held.revision.clone())
                .or_else(|| self.status.last_applied_revision.as_deref().map(Into::into)),
            attempted: self.status.last_attempted_revision.as_deref().map(Into::into),
            health: count(&self.objects),
            objects: self.objects.clone(),
            plan: self.plan.clone(),
            diagnostics: self.diagnostics.clone(),
            drift: self.drift.clone(),
            history: self.status.history.clone(),
            conditions: conditions::shown(&self.status.conditions),
            duration: self.duration,
        }
    }
}

fn count(objects: &[ObjectState]) -> HealthCount {
    let mut count = HealthCount::default();
    for object in objects {
        *match object.health {
            HealthState::Current => &mut count.current,
            HealthState::InProgress => &mut count.in_progress,
            HealthState::Failed => &mut count.failed,
            HealthState::Terminating | HealthState::Missing | HealthState::Unknown => &mut count.unknown,
        } += 1;
    }
    count
}
