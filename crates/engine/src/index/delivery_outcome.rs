//! What becomes of a delivery when work on it ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use apply::contention::{SLOW_RHYTHM, Verdict};
use object::ObjectKey;

use super::{
    Alarm, Announcement, Command, Delivered, Delivery, HealOrder, Healed, Index, Outcome, SettleOrder, SettleOutcome,
    Subject,
};
use crate::destination::ClusterId;
use crate::status::conditions::{self, Says, Stamp};
use crate::status::kustomization::{self, CONTROLLER_CONFLICT, DRIFT_CONTESTED, Failure, Success, reason};
use crate::{HealthState, Name, Phase, Progress};

/// How long the health of what was applied may take before the status says that work is under way. Most objects are well
/// within it; telling would cost each of their deliveries a write more.
const SETTLE_GRACE: Duration = Duration::from_secs(5);
/// The same while many are waited for at once: then the cluster is slow because of them, and twice the writes would make it
/// slower still.
const CROWDED_SETTLE_GRACE: Duration = Duration::from_mins(1);
/// So many are a crowd.
const CROWD: usize = 16;
/// Pause before drift that could not be put right is tried again.
const HEAL_RETRY: Duration = Duration::from_secs(5);
/// Pause before objects of a deleted delivery are tried again.
const REMOVE_RETRY: Duration = Duration::from_secs(10);

/// How a delivery failed.
struct Trouble<'a> {
    reason: &'static str,
    message: &'a str,
    retry: bool,
}

impl Index {
    /// A run has come to another phase.
    pub(crate) fn run_phase(&mut self, name: &Name, run: u64, phase: Phase) {
        if self.deliveries.get(name).is_some_and(|delivery| delivery.run == Some(run)) {
            self.enter(name, phase);
        }
    }

    /// A run has ended.
    pub(crate) fn delivered(&mut self, name: &Name, delivered: Delivered) {
        self.runs.done();
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| delivery.run == Some(delivered.run))
        else {
            return;
        };
        delivery.run = None;
        delivery.stored = delivered.status.clone();
        delivery.status = delivered.status;
        conditions::remove(&mut delivery.status.conditions, CONTROLLER_CONFLICT);
        delivery.duration = Some(delivered.took);
        delivery.applied_in = delivered.took;
        delivery.plan = delivered.plan.or(delivery.plan.take());
        if let Some(diagnostics) = delivered.diagnostics {
            delivery.diagnostics = diagnostics;
            self.counters.renders += 1;
        }
        if let Some(objects) = delivered.objects {
            delivery.objects = objects;
        }
        if let Some(held) = delivered.held {
            self.hold(name, held);
        }
        self.changed.delivery(name);
        match delivered.outcome {
            Outcome::Unchanged => {
                self.counters.skips += 1;
                self.succeed(name, None, "");
            }
            Outcome::Applied { changed } => self.applied(name, delivered.run, changed, &delivered.log),
            Outcome::Failed { reason, message, retry } => {
                self.fail(name, &Trouble { reason, message: &message, retry });
            }
        }
        self.consider(name);
    }

    /// Holds the cluster to something else, and notes whose objects they are.
    fn hold(&mut self, name: &Name, held: Arc<super::Held>) {
        if let Some(old) = self.held_by(name) {
            self.disown(name, &old);
        }
        let objects = self.by_object.entry(held.destination.id()).or_default();
        objects.extend(held.objects.iter().map(|object| (object.key().clone(), name.clone())));
        if let Some(delivery) = self.deliveries.get_mut(name) {
            delivery.held = Some(held);
        }
    }

    /// All is written; now the health counts, if it was asked for.
    fn applied(&mut self, name: &Name, run: u64, changed: bool, log: &str) {
        self.counters.applies += u64::from(changed);
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        delivery.run_changed = changed;
        let Some(held) = delivery.held.clone().filter(|_| delivery.checks_health()) else {
            return self.succeed(name, None, log);
        };
        delivery.run = Some(run);
        delivery.unsaid = if changed { log.to_owned() } else { String::new() };
        let timeout = delivery.object.spec.timeout().saturating_sub(delivery.applied_in);
        let object = delivery.object.clone();
        self.enter(name, Phase::Settling);
        self.timers.set(Alarm::Grace(name.clone()), self.moment.elapsed + SETTLE_GRACE);
        self.commands.push(Command::Settle(SettleOrder { name: name.clone(), run, object, held, timeout }));
    }

    /// Health takes its time: the status says that work is under way. In a crowd it waits longer for that.
    pub(super) fn settling_lasts(&mut self, name: &Name) {
        let now = self.moment.now;
        let crowded = self.is_crowded();
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let waited = Duration::try_from(now.duration_since(delivery.since)).unwrap_or_default();
        if crowded && waited < CROWDED_SETTLE_GRACE {
            let rest = CROWDED_SETTLE_GRACE.saturating_sub(waited);
            return self.timers.set(Alarm::Grace(name.clone()), self.moment.elapsed + rest);
        }
        let revision = delivery.held.as_ref().map(|held| held.revision.to_string());
        // Under way since the inventory was recorded, or tried again with nothing changed.
        let ready = api::ready(&delivery.status.conditions);
        let told = ready == api::Ready::Unknown && !delivery.status.conditions.is_empty();
        if told || ready == api::Ready::No && delivery.status.last_attempted_revision == revision {
            return;
        }
        let stamp = Stamp { now, generation: delivery.generation() };
        let message = format!("Running health checks for revision {}", revision.as_deref().unwrap_or(""));
        kustomization::progressing(&mut delivery.status, &message, stamp);
        delivery.status.last_attempted_revision = revision;
        self.say_changes(name);
        self.changed.delivery(name);
        self.flush(name);
    }

    /// Whether the health of many deliveries is waited for.
    fn is_crowded(&self) -> bool {
        self.deliveries.values().filter(|delivery| delivery.phase == Phase::Settling).take(CROWD).count() == CROWD
    }

    /// Tells of changes that are applied while their health is still followed.
    pub(super) fn say_changes(&mut self, name: &Name) {
        let log = self.deliveries.get_mut(name).map(|delivery| std::mem::take(&mut delivery.unsaid));
        if let Some(log) = log.filter(|log| !log.is_empty()) {
            self.announce_change(name, &log);
        }
    }

    /// Following the health has ended.
    pub(crate) fn settled(&mut self, name: &Name, outcome: SettleOutcome) {
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| delivery.run == Some(outcome.run)) else {
            return;
        };
        delivery.run = None;
        delivery.duration = Some(delivery.applied_in + outcome.took);
        // One Event tells of what was changed and that it is well.
        let log = std::mem::take(&mut delivery.unsaid);
        match outcome.failure {
            None => self.succeed(name, Some(outcome.took), &log),
            Some(message) => {
                if !log.is_empty() {
                    self.announce_change(name, &log);
                }
                self.fail(name, &Trouble { reason: reason::HEALTH_CHECK_FAILED, message: &message, retry: true });
            }
        }
        self.consider(name);
    }

    fn succeed(&mut self, name: &Name, checked: Option<Duration>, log: &str) {
        let now = self.moment.now;
        let origin = self.origin_revision(name);
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let Some(held) = delivery.held.clone() else { return };
        let stamp = Stamp { now, generation: delivery.generation() };
        let changed = std::mem::take(&mut delivery.run_changed);
        let recovered = api::ready(&delivery.status.conditions) != api::Ready::Yes;
        if needs_telling(delivery, &held) || changed || recovered {
            let took = delivery.duration.unwrap_or_default();
            let inventory = held.inventory.clone();
            let success =
                Success { revision: &held.revision, digest: &held.digest, inventory, checked, took, counts: true };
            kustomization::succeeded(&mut delivery.status, success, stamp);
            delivery.status.last_applied_origin_revision = origin;
        }
        note_request(delivery);
        delivery.good = true;
        self.timers.cancel(&Alarm::Retry(name.clone()));
        self.timers.cancel(&Alarm::Grace(name.clone()));
        if !self.timers.is_set(&Alarm::Interval(name.clone())) {
            self.set_interval(name);
        }
        self.enter(name, Phase::Settled);
        self.tell(name, Progress::Ready { revision: held.revision.clone() });
        if !log.is_empty() {
            self.announce_change(name, log);
        } else if recovered {
            self.announce_change(name, &format!("Applied revision: {}", held.revision));
        }
        self.flush(name);
        self.wake_dependents(name);
    }

    fn announce_change(&mut self, name: &Name, log: &str) {
        let Some(delivery) = self.deliveries.get(name) else { return };
        let revision = delivery.held.as_ref().map_or("", |held| &held.revision).to_owned();
        let subject = Subject::Delivery(delivery.object.clone());
        let annotations: BTreeMap<_, _> = [("kustomize.toolkit.fluxcd.io/revision".to_owned(), revision)].into();
        self.announce(Announcement {
            subject,
            warning: false,
            reason: reason::SUCCEEDED.into(),
            message: log.to_owned(),
            annotations,
        });
    }

    fn fail(&mut self, name: &Name, trouble: &Trouble<'_>) {
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let stamp = Stamp { now, generation: delivery.generation() };
        let revision = delivery.tried.as_ref().map(|tried| tried.revision.clone());
        let ready = api::condition(&delivery.status.conditions, "Ready");
        let attempted = delivery.status.last_attempted_revision.as_deref();
        let same = ready.is_some_and(|ready| {
            ready.reason == trouble.reason && ready.message == trouble.message && ready.status == "False"
        }) && attempted == revision.as_deref();
        let digest = delivery
            .held
            .as_ref()
            .filter(|held| Some(&held.revision) == revision.as_ref())
            .map(|held| held.digest.clone());
        if !same {
            let failure = Failure {
                reason: trouble.reason,
                message: trouble.message,
                revision: revision.as_deref(),
                digest: digest.as_deref(),
                took: delivery.duration.unwrap_or_default(),
            };
            kustomization::failed(&mut delivery.status, failure, stamp);
        }
        note_request(delivery);
        delivery.good = false;
        let (retry, subject) = (delivery.object.spec.retry_interval(), Subject::Delivery(delivery.object.clone()));
        self.timers.cancel(&Alarm::Grace(name.clone()));
        if trouble.retry {
            let at = self.after(retry.max(Duration::from_secs(1)), name);
            self.timers.set(Alarm::Retry(name.clone()), at);
        }
        self.enter(name, Phase::Failed(trouble.reason.into()));
        self.tell(name, Progress::Failed { reason: trouble.reason, message: trouble.message.into() });
        if !same {
            let (reason, message) = (trouble.reason.to_owned(), trouble.message.to_owned());
            self.announce(Announcement { subject, warning: true, reason, message, annotations: BTreeMap::new() });
        }
        self.changed.delivery(name);
        self.flush(name);
        self.wake_dependents(name);
    }

    /// An object is not as it was applied. One that somebody keeps changing is put right in a slow rhythm only.
    pub(crate) fn drifted(&mut self, cluster: ClusterId, key: &ObjectKey, manager: Option<&str>) {
        let Some(name) = self.owner(cluster, key).cloned() else { return };
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(&name).filter(|delivery| delivery.may_heal()) else { return };
        match self.contention.entry(cluster).or_default().drifted(key, manager, now) {
            Verdict::Heal => {
                delivery.drifted.insert(key.clone());
            }
            Verdict::Contested { manager, next } => {
                let pause = Duration::try_from(next.duration_since(now)).unwrap_or_default();
                if pause.is_zero() {
                    delivery.drifted.insert(key.clone());
                } else {
                    self.timers.set(Alarm::Heal(name.clone()), self.moment.elapsed + pause);
                }
                self.contest(&name, key, manager.as_deref().unwrap_or("an unknown writer"));
            }
        }
        self.consider(&name);
    }

    /// Puts drifted objects back, if the delivery is at rest.
    pub(super) fn heal(&mut self, name: &Name) {
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        if delivery.drifted.is_empty() || !delivery.may_heal() {
            return;
        }
        let Some(held) = delivery.held.clone() else { return };
        let keys = std::mem::take(&mut delivery.drifted);
        delivery.healing = true;
        self.timers.cancel(&Alarm::Heal(name.clone()));
        self.commands.push(Command::Heal(HealOrder {
            name: name.clone(),
            object: delivery.object.clone(),
            held,
            keys,
        }));
    }

    /// Drift was put right, or not.
    pub(crate) fn healed(&mut self, name: &Name, healed: &Healed) {
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        delivery.healing = false;
        let news: Vec<_> = healed.healed.iter().filter(|drift| !delivery.knows(drift)).cloned().collect();
        delivery.remember(&healed.healed);
        delivery.drifted.extend(healed.failed.iter().map(|(key, _)| key.clone()));
        let subject = Subject::Delivery(delivery.object.clone());
        self.counters.heals += healed.healed.len() as u64;
        for drift in &healed.healed {
            let after = in_words(drift).into();
            self.tell(name, Progress::Healed { key: drift.object.clone(), after });
        }
        for drift in news {
            let message = format!("{} put back after {}", drift.object, in_words(&drift));
            let subject = subject.clone();
            self.announce(Announcement {
                subject,
                warning: false,
                reason: "DriftHealed".into(),
                message,
                annotations: BTreeMap::new(),
            });
        }
        self.changed.delivery(name);
        if !healed.failed.is_empty() {
            self.timers.set(Alarm::Heal(name.clone()), self.moment.elapsed + HEAL_RETRY);
            return;
        }
        self.consider(name);
    }

    /// Says in a condition who keeps changing what.
    fn contest(&mut self, name: &Name, key: &ObjectKey, manager: &str) {
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        delivery.contested.retain(|(known, _)| known != key);
        delivery.contested.push((key.clone(), manager.to_owned()));
        let named: Vec<_> = delivery.contested.iter().map(|(key, manager)| format!("{key} (by {manager})")).collect();
        let message = format!(
            "kept being changed by somebody else: {}; put back every {} minutes only. Take the fields out of the repository, or stop the other writer",
            named.join(", "),
            SLOW_RHYTHM.as_mins()
        );
        let stamp = Stamp { now, generation: delivery.generation() };
        conditions::set(&mut delivery.status.conditions, DRIFT_CONTESTED, Says::yes("OtherManager", &message), stamp);
        self.changed.delivery(name);
        self.flush(name);
    }

    /// Takes objects that have kept still off the list of contested ones.
    pub(super) fn calm(&mut self, name: &Name) {
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| !delivery.contested.is_empty()) else {
            return;
        };
        let contention = self.contention.entry(delivery.destination()).or_default();
        delivery.contested.retain(|(key, _)| contention.contested(key, now).is_some());
        contention.sweep(now);
        self.contention.retain(|_, contention| !contention.is_empty());
        if delivery.contested.is_empty() {
            conditions::remove(&mut delivery.status.conditions, DRIFT_CONTESTED);
            self.changed.delivery(name);
            self.flush(name);
        }
    }

    /// The pause of contested or failed drift is over.
    pub(super) fn heal_again(&mut self, name: &Name) {
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        let contention = self.contention.entry(delivery.destination()).or_default();
        for (key, manager) in &delivery.contested {
            contention.drifted(key, Some(manager), now);
            delivery.drifted.insert(key.clone());
        }
        self.consider(name);
    }

    /// A removal has ended: the watch tells when the object is gone; a failure is tried again.
    pub(crate) fn removed(&mut self, name: &Name, failure: Option<String>) {
        self.runs.done();
        let now = self.moment.now;
        let Some(delivery) = self.deliveries.get_mut(name) else { return };
        delivery.run = None;
        if let Some(message) = failure {
            let stamp = Stamp { now, generation: delivery.generation() };
            kustomization::blocked(&mut delivery.status, reason::PRUNE_FAILED, &message, stamp);
            self.tell(name, Progress::Failed { reason: reason::PRUNE_FAILED, message: message.into() });
            self.timers.set(Alarm::Retry(name.clone()), self.moment.elapsed + REMOVE_RETRY);
            self.flush(name);
        }
    }

    /// Whether any object of a delivery that asks for health is not well.
    pub(super) fn is_unwell(delivery: &Delivery) -> bool {
        delivery.checks_health()
            && delivery.objects.iter().any(|object| matches!(object.health, HealthState::Failed | HealthState::Missing))
    }
}

/// Whether the status does not tell of what is held.
fn needs_telling(delivery: &Delivery, held: &Arc<super::Held>) -> bool {
    let status = &delivery.status;
    let digest = status.history.first().map(|entry| entry.digest.as_str());
    status.observed_generation != Some(delivery.generation())
        || digest != Some(held.digest.as_str())
        || status.inventory.as_ref() != Some(&held.inventory)
        || status.conditions.iter().any(|condition| matches!(condition.type_.as_str(), "Reconciling" | "Stalled"))
}

/// Echoes the annotation that asked for a run.
fn note_request(delivery: &mut Delivery) {
    if let Some(requested) = delivery.tried.as_ref().and_then(|tried| tried.requested.clone()) {
        delivery.status.last_handled_reconcile_at = Some(requested);
    }
}

/// Who changed which fields, in one line.
fn in_words(drift: &crate::HealedDrift) -> String {
    /// Fields named before the rest is counted.
    const SHOWN: usize = 3;
    // An object that is gone names nobody.
    if drift.deleted {
        return "it was deleted".to_owned();
    }
    let shown = drift.fields.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match drift.fields.len().saturating_sub(SHOWN) {
        0 => format!("{} changed {shown}", drift.manager),
        more => format!("{} changed {shown} and {more} more", drift.manager),
    }
}
