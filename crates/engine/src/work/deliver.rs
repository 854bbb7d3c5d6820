//! One run of a delivery: a list of steps of one signature, in the order of the way of the data.
//!
//! Each step reads and writes the [`Run`], and goes on, ends the run, or fails it. The status is written once here, and
//! only where the inventory grows, before the first write to the cluster; all else about status, events and the next run
//! is decided by the index from what the run came to.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use api::KustomizationStatus;
use apply::{ApplyOptions, ChangeSet, DryRun, Owner, Plan, PlanOptions, prune};
use kube::ResourceExt;
use object::ObjectKey;
use render::{Decryption, Rendered};

use super::rendering::{self, Fault};
use super::{ignored, report};
use crate::bootstrap::{self, Lockdown};
use crate::destination::Destination;
use crate::index::{DeliverOrder, Delivered, Held, HeldObject, Outcome, Why};
use crate::status::conditions::Stamp;
use crate::status::kustomization::{self, reason};
use crate::status::patch;
use crate::world::clusters::Target;
use crate::world::{Event, World};
use crate::world::{decryption, variables};
use crate::{DiagnosticState, Phase, PlanState, PlannedChange, Progress};

/// How a step ended.
enum Flow {
    Next,
    Done(Outcome),
}

/// Why a step failed.
struct Trouble {
    reason: &'static str,
    message: String,
    retry: bool,
}

/// All that the steps know.
struct Run<'w> {
    world: &'w World,
    order: DeliverOrder,
    /// What the server has.
    status: KustomizationStatus,
    target: Target,
    variables: BTreeMap<String, String>,
    decryption: Option<Arc<Decryption>>,
    rendered: Arc<Rendered>,
    /// Flux's own components, which are left out.
    components: Vec<ObjectKey>,
    plan: Option<Plan>,
    changes: ChangeSet,
    held: Option<Arc<Held>>,
    diagnostics: Option<Arc<Vec<DiagnosticState>>>,
    shown: Option<Arc<PlanState>>,
}

type Stepped<'r> = Pin<Box<dyn Future<Output = Result<Flow, Trouble>> + Send + 'r>>;
type Step = for<'r> fn(&'r mut Run<'_>) -> Stepped<'r>;

/// The steps and the phases they are shown as.
const STEPS: [(Phase, Step); 10] = [
    (Phase::Rendering, |run| Box::pin(run.claim())),
    (Phase::Rendering, |run| Box::pin(run.reach())),
    (Phase::Rendering, |run| Box::pin(run.read_variables())),
    (Phase::Rendering, |run| Box::pin(run.read_keys())),
    (Phase::Rendering, |run| Box::pin(run.render())),
    (Phase::Rendering, |run| Box::pin(run.take_lockdown())),
    (Phase::Rendering, |run| Box::pin(std::future::ready(run.skip_unchanged()))),
    (Phase::Planning, |run| Box::pin(run.make_plan())),
    (Phase::Planning, |run| Box::pin(run.record())),
    (Phase::Applying(1), |run| Box::pin(run.apply())),
];

/// Runs a delivery and tells the loop what became of it.
pub(crate) async fn run(world: World, order: DeliverOrder) {
    let (name, number, started) = (order.name.clone(), order.run, world.options.clock.elapsed());
    let status = order.status.clone();
    let limit = order.object.spec.timeout();
    let mut run = Run::new(&world, order, status);
    let outcome = match tokio::time::timeout(limit, run.steps()).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Failed {
            reason: reason::RECONCILIATION_FAILED,
            message: format!("not done within the timeout of {}", api::Duration::from(limit)),
            retry: true,
        },
    };
    let log = run.changes.to_string();
    let objects = run.held.as_ref().map(|held| Arc::new(report::objects(world.observer_of(&held.destination), held)));
    let delivered = Delivered {
        run: number,
        status: run.status,
        held: run.held,
        outcome,
        plan: run.shown,
        diagnostics: run.diagnostics,
        objects,
        took: world.options.clock.elapsed().saturating_sub(started),
        log,
    };
    world.send(Event::Delivered(name, Box::new(delivered)));
}

impl<'w> Run<'w> {
    fn new(world: &'w World, order: DeliverOrder, status: KustomizationStatus) -> Self {
        Self {
            world,
            target: world.target_at(&Destination::default(), &order.object),
            order,
            status,
            variables: BTreeMap::new(),
            decryption: None,
            rendered: Arc::default(),
            components: Vec::new(),
            plan: None,
            changes: ChangeSet::default(),
            held: None,
            diagnostics: None,
            shown: None,
        }
    }

    async fn steps(&mut self) -> Outcome {
        let mut shown = Phase::Rendering;
        for (phase, step) in STEPS {
            if phase != shown {
                shown = phase.clone();
                self.world.send(Event::Phase(self.order.name.clone(), self.order.run, phase));
            }
            if let Some(message) = self.world.cluster.gate().why_closed() {
                let message = message.to_string();
                return Outcome::Failed { reason: reason::RECONCILIATION_FAILED, message, retry: true };
            }
            match step(self).await {
                Ok(Flow::Next) => {}
                Ok(Flow::Done(outcome)) => return outcome,
                Err(Trouble { reason, message, retry }) => return Outcome::Failed { reason, message, retry },
            }
        }
        self.outcome()
    }

    /// Puts our finalizer on the object, so that its objects can be deleted with it.
    async fn claim(&mut self) -> Result<Flow, Trouble> {
        let object = &self.order.object;
        if !object.finalizers().iter().any(|finalizer| finalizer == api::FINALIZER) {
            let claimed = self.world.finalize(object, true).await;
            claimed.map_err(|error| Trouble::failed(format!("the finalizer could not be set: {error}")))?;
        }
        Ok(Flow::Next)
    }

    /// Finds the cluster that the objects go to.
    async fn reach(&mut self) -> Result<Flow, Trouble> {
        self.target = self.world.target(&self.order.object).await.map_err(Trouble::failed)?;
        Ok(Flow::Next)
    }

    async fn read_variables(&mut self) -> Result<Flow, Trouble> {
        let cluster = self.world.reader(&self.order.object);
        let read = variables::read(&cluster, &self.order.object).await;
        self.variables = read.map_err(|message| Trouble { reason: reason::BUILD_FAILED, message, retry: true })?;
        Ok(Flow::Next)
    }

    async fn read_keys(&mut self) -> Result<Flow, Trouble> {
        let read = decryption::read(self.world, &self.order.object).await;
        self.decryption = read.map_err(|message| Trouble { reason: reason::BUILD_FAILED, message, retry: true })?;
        Ok(Flow::Next)
    }

    /// Takes the settings of Flux's controllers that the root brings, before anything is applied that they are to hold for.
    async fn take_lockdown(&mut self) -> Result<Flow, Trouble> {
        if !bootstrap::is_root(&self.order.name) {
            return Ok(Flow::Next);
        }
        // Where the controllers are gone from the repository, what they were told still holds.
        let known = Lockdown::of(&self.order.object);
        let told = bootstrap::lockdown(&self.rendered.objects).or_else(|| known.clone()).unwrap_or_default();
        if told != known.unwrap_or_default() {
            let noted = self.world.note_lockdown(&self.order.name, &told.to_text()).await;
            noted.map_err(|error| Trouble::failed(format!("the settings of Flux could not be noted: {error}")))?;
        }
        self.world.send(Event::Lockdown(told));
        Ok(Flow::Next)
    }

    /// Ends the run where nothing that went into the last one has changed.
    #[expect(clippy::unnecessary_wraps, reason = "all steps have one signature")]
    fn skip_unchanged(&mut self) -> Result<Flow, Trouble> {
        let order = &self.order;
        let held = order.held.as_ref().filter(|held| {
            order.why == Why::Change
                && held.destination.id() == self.target.destination.id()
                && held.generation == generation(order)
                && held.approval == order.object.annotations().get(api::APPROVE_PRUNE).cloned()
                && held.inputs == self.rendered.inputs
        });
        if let Some(held) = held {
            let revision = order.revision.clone();
            self.held = Some(Arc::new(Held { revision, ..Held::clone(held) }));
            return Ok(Flow::Done(Outcome::Unchanged));
        }
        self.diagnostics = Some(Arc::new(report::diagnostics(&self.rendered.diagnostics)));
        let (objects, diagnostics) = (self.rendered.objects.len(), self.rendered.diagnostics.len());
        self.world.tell(&order.name, Progress::Rendered { objects, diagnostics });
        Ok(Flow::Next)
    }

    async fn render(&mut self) -> Result<Flow, Trouble> {
        let inputs = (std::mem::take(&mut self.variables), self.decryption.take());
        match rendering::render(self.world, &self.order, inputs).await {
            Ok(rendered) => {
                self.rendered = rendered;
                Ok(Flow::Next)
            }
            Err(Fault::Source { faults, is_remote }) => {
                self.diagnostics = Some(Arc::new(report::diagnostics(&faults)));
                let missing_path = faults.iter().any(|fault| fault.message.starts_with("kustomization path not found"));
                let reason = if missing_path { reason::ARTIFACT_FAILED } else { reason::BUILD_FAILED };
                // Nothing but another commit helps, unless something that is not in the repository went in.
                let retry = is_remote || self.order.object.spec.reads_cluster();
                Err(Trouble { reason, message: report::summary(&faults), retry })
            }
            Err(Fault::Other(message)) => Err(Trouble::failed(message)),
        }
    }

    /// Holds the objects against the live ones.
    async fn make_plan(&mut self) -> Result<Flow, Trouble> {
        let spec = &self.order.object.spec;
        let owner = owner(&self.order);
        self.components = bootstrap::components(&self.rendered.objects);
        let objects = bootstrap::without(&self.rendered.objects, &self.components);
        let recorded = report::inventory(self.status.inventory.as_ref());
        let ignored = ignored::of(spec, &objects).map_err(Trouble::terminal)?;
        let inventory = bootstrap::deletable(&recorded, &self.order.name, &self.components);
        let approval = self.order.object.annotations().get(api::APPROVE_PRUNE).cloned();
        let mut options = PlanOptions::new(&owner, &objects, &inventory);
        options.prune = spec.prune.then_some(prune::Policy::Loss);
        options.approval = approval.as_deref();
        options.force = spec.force;
        options.ignored = &ignored;
        options.default_namespace = self.world.options.default_namespace_of(&self.order.name);
        options.dry_run = match (self.order.why, &self.order.held) {
            (Why::Sweep, _) => DryRun::Always,
            (_, None) => DryRun::WhenUnsure,
            // Something has changed: where it cannot be told what, the apply itself decides.
            (_, Some(_)) => DryRun::Never,
        };
        let plan = apply::plan(&self.target.cluster, &self.target.observer, &options).await;
        let plan = plan.map_err(|error| Trouble::failed(error.to_string()))?;
        self.shown = Some(Arc::new(self.as_shown(&plan, None)));
        self.plan = Some(plan);
        Ok(Flow::Next)
    }

    /// A plan as it is shown, with what is left out of it.
    fn as_shown(&self, plan: &Plan, results: Option<&ChangeSet>) -> PlanState {
        let mut shown = report::plan(plan, results, &self.order.revision, self.world.now());
        shown.changes.extend(self.components.iter().map(|key| PlannedChange {
            key: key.clone(),
            action: "skipped",
            fields: Vec::new(),
            message: "part of Flux itself, whose work setpoint does".into(),
        }));
        shown
    }

    /// Writes the inventory before the first object, if it grows: nothing is made that pruning could not find.
    async fn record(&mut self) -> Result<Flow, Trouble> {
        let Some(plan) = &self.plan else { return Ok(Flow::Next) };
        let known = report::inventory(self.status.inventory.as_ref());
        if plan.inventory.entries().iter().all(|entry| known.entries().contains(entry)) {
            return Ok(Flow::Next);
        }
        let mut status = self.status.clone();
        let stamp = Stamp { now: self.world.now(), generation: generation(&self.order) };
        let message = format!("Detecting drift for revision {}", self.order.revision);
        kustomization::progressing(&mut status, &message, stamp);
        status.inventory = Some(report::recorded(&plan.inventory));
        status.last_attempted_revision = Some(self.order.revision.to_string());
        if let Some(patch) = patch::between(&self.status, &status) {
            let written = self.world.write_delivery_status(&self.order.name, &patch).await;
            written.map_err(|error| {
                Trouble::failed(format!("the inventory could not be recorded, nothing was applied: {error}"))
            })?;
        }
        self.status = status;
        Ok(Flow::Next)
    }

    /// Carries out the plan.
    async fn apply(&mut self) -> Result<Flow, Trouble> {
        let Some(plan) = &self.plan else { return Ok(Flow::Next) };
        let Target { cluster, observer, .. } = &self.target;
        self.changes = apply::apply(cluster, observer, plan, &ApplyOptions::default()).await;
        report::tell(self.world, &self.order.name, plan, &self.changes);
        self.shown = Some(Arc::new(self.as_shown(plan, Some(&self.changes))));
        let order = &self.order;
        self.held = Some(Arc::new(Held {
            destination: self.target.destination.clone(),
            revision: order.revision.clone(),
            generation: generation(order),
            approval: order.object.annotations().get(api::APPROVE_PRUNE).cloned(),
            inputs: self.rendered.inputs.clone(),
            remote: self.rendered.remote.clone(),
            digest: report::digest(plan),
            rules: order.rules.clone(),
            objects: Arc::new(desired(plan)),
            inventory: report::recorded(&plan.inventory_after(&self.changes)),
        }));
        Ok(Flow::Next)
    }

    /// What the run came to, from its changes.
    fn outcome(&self) -> Outcome {
        let Some(plan) = &self.plan else { return Outcome::Applied { changed: false } };
        if let Some(message) = report::failures(plan, &self.changes, false) {
            return Outcome::Failed { reason: reason::RECONCILIATION_FAILED, message, retry: true };
        }
        if let Some(message) = report::failures(plan, &self.changes, true) {
            return Outcome::Failed { reason: reason::PRUNE_FAILED, message, retry: true };
        }
        if let Some(held) = &plan.held {
            self.world.tell(&self.order.name, Progress::PruneHeld { message: held.to_string().into() });
            return Outcome::Failed { reason: reason::PRUNE_HELD, message: held.to_string(), retry: false };
        }
        Outcome::Applied { changed: self.changes.changed() }
    }
}

impl Trouble {
    fn failed(message: String) -> Self {
        Self { reason: reason::RECONCILIATION_FAILED, message, retry: true }
    }

    /// Nothing but another spec helps.
    fn terminal(message: String) -> Self {
        Self { retry: false, ..Self::failed(message) }
    }
}

fn generation(order: &DeliverOrder) -> i64 {
    order.object.metadata.generation.unwrap_or_default()
}

fn owner(order: &DeliverOrder) -> Owner {
    Owner::kustomization(&*order.name.namespace, &*order.name.name)
}

/// The objects of a plan as they were sent.
fn desired(plan: &Plan) -> Vec<HeldObject> {
    let wanted = |change: &apply::Change| Some(HeldObject::new(change.desired.as_ref()?, change.origin.clone()));
    plan.changes.iter().filter_map(wanted).collect()
}
