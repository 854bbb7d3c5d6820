//! What happens to deliveries.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::Kustomization;

use super::source_steps::write_pause;
use super::{Alarm, Announcement, Command, DeliverOrder, Delivery, Index, RemoveOrder, Subject, Wanted, Why};
use crate::bootstrap;
use crate::status::conditions::Stamp;
use crate::status::kustomization::{self, reason};
use crate::status::patch;
use crate::{Name, On, Phase, Progress, SourceName};

/// How long a wait lasts before the status tells of it. Shorter waits are the normal course of a commit, and would cost
/// two writes each.
const GRACE: Duration = Duration::from_secs(5);

/// What is to be done about a delivery, as it is now.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Work is under way; looked at again when it ends.
    Busy,
    /// It is being deleted and its objects are to go.
    Remove,
    /// It is being deleted and we hold nothing of it.
    Leave,
    Suspend,
    Stall(&'static str, String),
    Wait(On),
    Run,
    Rest,
}

impl Index {
    /// A Kustomization was seen, new or changed.
    pub(crate) fn apply_kustomization(&mut self, object: Arc<Kustomization>) {
        let name = Name::of(&*object);
        let now = self.moment.now;
        let before = self.deliveries.get(&name).map(links);
        let delivery = self.deliveries.entry(name.clone()).or_insert_with(|| Delivery::new(object.clone(), now));
        delivery.replace(object);
        let after = links(delivery);
        let is_new = before.is_none();
        if before.as_ref() != Some(&after) {
            self.unlink(&name, before);
            self.by_source.entry(after.0).or_default().insert(name.clone());
            for dependency in after.1 {
                self.by_dependency.entry(dependency).or_default().insert(name.clone());
            }
        }
        if self.held_back.is_some() {
            self.adopt_status(&name);
        }
        self.changed.delivery(&name);
        self.consider(&name);
        if is_new {
            self.wake_dependents(&name);
        } else {
            self.wake_judging_dependents(&name);
        }
        self.root_seen(&name);
    }

    /// A Kustomization is gone.
    pub(crate) fn delete_kustomization(&mut self, name: &Name) {
        let Some(delivery) = self.deliveries.remove(name) else { return };
        self.unlink(name, Some(links(&delivery)));
        if delivery.phase == Phase::Settling {
            self.commands.push(Command::Unsettle(name.clone()));
        }
        for alarm in [Alarm::Interval, Alarm::Retry, Alarm::Grace, Alarm::WriteDelivery, Alarm::Heal] {
            self.timers.cancel(&alarm(name.clone()));
        }
        if let Some(held) = delivery.held {
            self.disown(name, &held);
            self.commands.push(Command::Forget(held));
        }
        self.changed.delivery(name);
        self.wake_dependents(name);
        self.root_seen(name);
    }

    fn unlink(&mut self, name: &Name, links: Option<(SourceName, BTreeSet<Name>)>) {
        let Some((source, dependencies)) = links else { return };
        take(&mut self.by_source, &source, name);
        for dependency in &dependencies {
            take(&mut self.by_dependency, dependency, name);
        }
    }

    /// Finds the next step of a delivery from its record as it is now, and takes it.
    pub(super) fn consider(&mut self, name: &Name) {
        let Some(delivery) = self.deliveries.get(name) else { return };
        let step = self.step(delivery);
        match step {
            Step::Busy => {}
            Step::Rest => self.heal(name),
            Step::Remove | Step::Run => {
                let phase = if step == Step::Run { Phase::Fetching } else { Phase::Deleting };
                self.interrupt(name);
                self.enter(name, phase);
                self.runs.push(name.clone());
            }
            Step::Leave => {
                self.interrupt(name);
                self.enter(name, Phase::Deleting);
            }
            Step::Suspend => {
                self.interrupt(name);
                self.timers.cancel(&Alarm::Interval(name.clone()));
                self.timers.cancel(&Alarm::Retry(name.clone()));
                if self.enter(name, Phase::Suspended) {
                    self.wake_dependents(name);
                }
            }
            Step::Stall(reason, message) => self.stall(name, reason, &message),
            Step::Wait(on) => self.wait(name, on),
        }
    }

    /// The next step: a list of questions, the first that is answered decides.
    fn step(&self, delivery: &Delivery) -> Step {
        if delivery.run.is_some() && delivery.phase != Phase::Settling || delivery.healing || delivery.writing.is_some()
        {
            return Step::Busy;
        }
        if let Some(why) = self.held_back().filter(|_| delivery.is_deleted() || !delivery.object.spec.suspend) {
            return Step::Wait(On::Rivals(why.clone()));
        }
        if delivery.is_deleted() {
            return if delivery.has_finalizer() { Step::Remove } else { Step::Leave };
        }
        if delivery.object.spec.suspend {
            return Step::Suspend;
        }
        if self.awaits_root(&delivery.name()) {
            return Step::Wait(On::Settings);
        }
        self.refusal(delivery).or_else(|| self.obstacle(delivery)).unwrap_or_else(|| self.need(delivery))
    }

    /// What only another spec can help.
    fn refusal(&self, delivery: &Delivery) -> Option<Step> {
        let spec = &delivery.object.spec;
        let unsupported = spec.unsupported();
        if !unsupported.is_empty() {
            let fields: Vec<_> = unsupported.iter().map(|field| format!("spec.{field}")).collect();
            let message =
                format!("not supported yet: {}; nothing is applied until the fields are removed", fields.join(", "));
            return Some(Step::Stall(reason::UNSUPPORTED, message));
        }
        if let Some(fault) = &delivery.expressions.fault {
            let message = format!("{}: {fault}", kustomization::TERMINAL);
            return Some(Step::Stall(reason::INVALID_CEL_EXPRESSION, message));
        }
        let (own, source) = (delivery.name(), delivery.source());
        if self.settings.no_cross_namespace_refs && own.namespace != source.namespace {
            let message = format!("can't access '{source}', cross-namespace references have been blocked");
            return Some(Step::Stall(reason::ACCESS_DENIED, message));
        }
        None
    }

    /// What something outside must change first.
    fn obstacle(&self, delivery: &Delivery) -> Option<Step> {
        let name = delivery.source();
        let Some(source) = self.sources.get(&name) else {
            return Some(Step::Wait(On::Source(name)));
        };
        if source.fetched.is_none() {
            return Some(Step::Wait(On::Artifact(name)));
        }
        let (dependency, why) = self.unready_dependency(delivery)?;
        // What is settled stays so while a dependency is busy with the same revision again.
        (!self.is_as_wanted(delivery)).then_some(Step::Wait(On::Dependency(dependency, why)))
    }

    /// Whether there is something to do.
    fn need(&self, delivery: &Delivery) -> Step {
        let settled = matches!(delivery.phase, Phase::Settled | Phase::Settling | Phase::Failed(_));
        let asked = delivery.due.is_some() && delivery.phase != Phase::Settling;
        if asked || !settled || self.wanted(delivery) != delivery.tried { Step::Run } else { Step::Rest }
    }

    fn is_as_wanted(&self, delivery: &Delivery) -> bool {
        matches!(delivery.phase, Phase::Settled | Phase::Settling)
            && delivery.due.is_none()
            && self.wanted(delivery) == delivery.tried
    }

    /// What a run would be made from now.
    fn wanted(&self, delivery: &Delivery) -> Option<Wanted> {
        let fetched = self.sources.get(&delivery.source())?.fetched.as_ref()?;
        Some(Wanted {
            revision: fetched.revision.clone(),
            source_digest: fetched.digest.clone(),
            generation: delivery.generation(),
            requested: delivery.annotation(api::REQUESTED_AT),
            approval: delivery.annotation(api::APPROVE_PRUNE),
        })
    }

    /// Gives up following the health of the last run.
    fn interrupt(&mut self, name: &Name) {
        if let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| delivery.phase == Phase::Settling) {
            delivery.run = None;
            self.commands.push(Command::Unsettle(name.clone()));
        }
        self.say_changes(name);
    }

    /// Goes to another phase. Whether it is another one.
    pub(super) fn enter(&mut self, name: &Name, phase: Phase) -> bool {
        let now = self.moment.now;
        let moved = self.deliveries.get_mut(name).is_some_and(|delivery| delivery.enter(phase, now));
        if moved {
            self.changed.delivery(name);
        }
        moved
    }

    fn stall(&mut self, name: &Name, reason: &str, message: &str) {
        self.interrupt(name);
        let is_new = self.enter(name, Phase::Waiting(On::Spec(message.into())));
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let stamp = Stamp { now, generation: delivery.generation() };
        kustomization::stalled(&mut delivery.status, reason, message, stamp);
        // Another spec with the same fault: the status says that it was seen, and nobody is told again.
        if !is_new {
            return self.flush(name);
        }
        let subject = Subject::Delivery(delivery.object.clone());
        self.tell(name, Progress::Blocked { why: message.into() });
        let (reason, message) = (reason.to_owned(), message.to_owned());
        self.announce(Announcement {
            subject,
            warning: true,
            reason,
            message,
            annotations: std::collections::BTreeMap::new(),
        });
        self.flush(name);
        self.wake_dependents(name);
    }

    fn wait(&mut self, name: &Name, on: On) {
        self.interrupt(name);
        if matches!(on, On::Rivals(_)) {
            self.say_held_back(name);
        }
        if !self.enter(name, Phase::Waiting(on)) {
            return;
        }
        let alarm = Alarm::Grace(name.clone());
        if !self.timers.is_set(&alarm) {
            self.timers.set(alarm, self.moment.elapsed + GRACE);
        }
        self.wake_dependents(name);
    }

    /// A wait has lasted: the status tells of it.
    pub(super) fn grace_over(&mut self, name: &Name) {
        let now = self.moment.now;
        let failing = |source: &SourceName| self.sources.get(source).is_some_and(|source| source.failing);
        let Some(delivery) = self.deliveries.get(name) else { return };
        if delivery.phase == Phase::Settling {
            return self.settling_lasts(name);
        }
        let Phase::Waiting(on) = &delivery.phase else { return };
        let (reason, message) = match on {
            On::Spec(_) | On::Rivals(_) => return,
            On::Settings => (
                reason::DEPENDENCY_NOT_READY,
                format!(
                    "'Kustomization/{root}/{root}' is not rendered yet, and the settings of Flux's controllers in it hold for all",
                    root = bootstrap::ROOT
                ),
            ),
            On::Source(source) => (reason::ARTIFACT_FAILED, format!("Source '{source}' not found")),
            // At a restart the artifact is only on its way; what was recorded still holds.
            On::Artifact(source) if !failing(source) || delivery.status.last_applied_revision.is_some() => return,
            On::Artifact(_) => {
                (reason::ARTIFACT_FAILED, "Source artifact not found, retrying when it is there".to_owned())
            }
            On::Dependency(_, why) => (reason::DEPENDENCY_NOT_READY, why.to_string()),
        };
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let stamp = Stamp { now, generation: delivery.generation() };
        kustomization::blocked(&mut delivery.status, reason, &message, stamp);
        self.tell(name, Progress::Blocked { why: message.into() });
        self.changed.delivery(name);
        self.flush(name);
    }

    /// The interval is over: nothing to do but count, as the watches hold what is settled. One in so many is a full check.
    pub(super) fn interval_over(&mut self, name: &Name) {
        let sweep = self.settings.sweep;
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        delivery.intervals += 1;
        let full = sweep.is_some_and(|every| delivery.intervals >= every);
        // Variables and keys from the cluster are not watched, nor are remote bases.
        let inputs = delivery.object.spec.reads_cluster();
        let remote = delivery.held.as_ref().is_some_and(|held| !held.remote.is_empty());
        if full {
            delivery.intervals = 0;
            delivery.due = Some(Why::Sweep);
        } else if Self::is_unwell(delivery) {
            delivery.due = Some(Why::Again);
        } else if inputs || remote {
            delivery.due = Some(delivery.due.unwrap_or(Why::Change));
        }
        self.calm(name);
        self.set_interval(name);
        self.consider(name);
    }

    /// A ConfigMap or Secret was changed: the deliveries that read it look whether that changes anything for them.
    pub(crate) fn input_changed(&mut self, kind: &str, input: &Name) {
        let reads = |(name, delivery): (&Name, &Delivery)| delivery.reads(kind, input).then(|| name.clone());
        for name in self.deliveries.iter().filter_map(reads).collect::<Vec<_>>() {
            if let Some(delivery) = self.deliveries.get_mut(&name) {
                delivery.due = Some(delivery.due.unwrap_or(Why::Change));
            }
            self.consider(&name);
        }
    }

    pub(super) fn set_interval(&mut self, name: &Name) {
        let Some(interval) = self.deliveries.get(name).map(|delivery| delivery.object.spec.interval.get()) else {
            return;
        };
        let at = self.after(interval.max(Duration::from_secs(1)), name);
        self.timers.set(Alarm::Interval(name.clone()), at);
    }

    /// Tries a failed delivery again.
    pub(super) fn retry(&mut self, name: &Name) {
        if let Some(delivery) = self.deliveries.get_mut(name) {
            delivery.due = Some(delivery.due.unwrap_or(Why::Again));
            self.consider(name);
        }
    }

    /// A place is free: starts what the delivery needs now, which may be another thing than when it was put in line.
    pub(super) fn start_run(&mut self, name: &Name) {
        let step = self.deliveries.get(name).map_or(Step::Rest, |delivery| self.step(delivery));
        match step {
            Step::Run => self.start_delivery(name),
            Step::Remove => self.start_removal(name),
            _ => {
                self.runs.done();
                self.consider(name);
            }
        }
    }

    fn start_delivery(&mut self, name: &Name) {
        self.next_run += 1;
        let (run, elapsed) = (self.next_run, self.moment.elapsed);
        let order = self.deliveries.get(name).and_then(|delivery| {
            let fetched = self.sources.get(&delivery.source())?.fetched.as_ref()?;
            let requested = delivery.annotation(api::REQUESTED_AT) != delivery.status.last_handled_reconcile_at;
            let asked = requested && delivery.annotation(api::REQUESTED_AT).is_some();
            Some(DeliverOrder {
                name: name.clone(),
                run,
                object: delivery.object.clone(),
                status: delivery.stored.clone(),
                revision: fetched.revision.clone(),
                tree: fetched.tree.clone(),
                held: delivery.held.clone().filter(|_| delivery.good),
                rules: delivery.expressions.health.clone(),
                why: delivery.due.unwrap_or(if asked { Why::Again } else { Why::Change }),
            })
        });
        let wanted = self.deliveries.get(name).and_then(|delivery| self.wanted(delivery));
        let (Some(delivery), Some(order)) = (self.deliveries.get_mut(name), order) else {
            self.runs.done();
            return;
        };
        delivery.run = Some(run);
        delivery.started = elapsed;
        delivery.due = None;
        delivery.tried = wanted;
        delivery.drifted.clear();
        for alarm in [Alarm::Retry, Alarm::Grace, Alarm::Heal] {
            self.timers.cancel(&alarm(name.clone()));
        }
        self.enter(name, Phase::Rendering);
        self.commands.push(Command::Deliver(Box::new(order)));
    }

    fn start_removal(&mut self, name: &Name) {
        self.next_run += 1;
        let run = self.next_run;
        let Some(delivery) = self.deliveries.get_mut(name) else {
            self.runs.done();
            return;
        };
        delivery.run = Some(run);
        delivery.due = None;
        let order =
            RemoveOrder { name: name.clone(), object: delivery.object.clone(), status: delivery.status.clone() };
        self.timers.cancel(&Alarm::Retry(name.clone()));
        self.commands.push(Command::Remove(order));
    }

    /// Writes a delivery's status if the server has another.
    pub(super) fn flush(&mut self, name: &Name) {
        if self.held_back.is_some() {
            return self.say_held_back(name);
        }
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| delivery.writing.is_none()) else {
            return;
        };
        if delivery.run.is_some() && delivery.phase != Phase::Settling {
            return;
        }
        if let Some(patch) = patch::between(&delivery.stored, &delivery.status) {
            delivery.writing = Some(delivery.status.clone());
            self.counters.status_writes += 1;
            self.commands.push(Command::WriteDelivery(name.clone(), patch));
        }
    }

    /// A write of a delivery's status has ended.
    pub(crate) fn delivery_written(&mut self, name: &Name, good: bool) {
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let Some(written) = delivery.writing.take() else { return };
        if good {
            delivery.stored = written;
            delivery.write_failures = 0;
            self.flush(name);
        } else {
            delivery.write_failures += 1;
            let at = self.moment.elapsed + write_pause(delivery.write_failures);
            self.timers.set(Alarm::WriteDelivery(name.clone()), at);
        }
        self.consider(name);
    }
}

/// Takes a name out of the set of a key.
fn take<K: Ord>(map: &mut std::collections::BTreeMap<K, BTreeSet<Name>>, key: &K, name: &Name) {
    if let Some(set) = map.get_mut(key) {
        set.remove(name);
        if set.is_empty() {
            map.remove(key);
        }
    }
}

/// What a delivery hangs on: its source and its dependencies.
fn links(delivery: &Delivery) -> (SourceName, BTreeSet<Name>) {
    (delivery.source(), delivery.dependencies().into_iter().collect())
}
