//! What happens while Flux's own controllers run on the cluster: nothing is written but a condition that says so.

use std::sync::Arc;

use serde_json::json;

use super::{Alarm, Command, Delivery, Index, Why};
use crate::rivals::Lease;
use crate::status::conditions::{self, Says, Stamp};
use crate::status::kustomization::CONTROLLER_CONFLICT;
use crate::{Name, Progress};

impl Index {
    /// A Lease of one of Flux's controllers was seen.
    pub(crate) fn lease_seen(&mut self, name: Name, lease: Lease) {
        self.rivals.saw(name, lease, self.moment);
        self.weigh_rivals();
    }

    /// A Lease of one of Flux's controllers is gone.
    pub(crate) fn lease_gone(&mut self, name: &Name) {
        self.rivals.gone(name);
        self.weigh_rivals();
    }

    /// Why nothing is written at all; `None` while writing is free.
    pub(crate) fn held_back(&self) -> Option<&Arc<str>> {
        self.held_back.as_ref()
    }

    /// Stops or starts all writing, as the Leases are now.
    pub(super) fn weigh_rivals(&mut self) {
        let elapsed = self.moment.elapsed;
        match self.rivals.next_end(elapsed) {
            Some(end) => self.timers.set(Alarm::Rivals, end),
            None => self.timers.cancel(&Alarm::Rivals),
        }
        match (self.rivals.in_words(elapsed), self.held_back.is_some()) {
            (Some((lease, why)), false) => self.hold_back(&lease, why.into()),
            (None, true) => self.go_on(),
            _ => {}
        }
    }

    fn hold_back(&mut self, lease: &Name, why: Arc<str>) {
        self.held_back = Some(why.clone());
        self.tell(lease, Progress::HeldBack { why });
        self.changed.other();
        for name in self.deliveries.keys().cloned().collect::<Vec<_>>() {
            self.adopt_status(&name);
            self.consider(&name);
        }
    }

    /// Flux has stopped: what it did meanwhile is looked at, and everything is gone through once.
    fn go_on(&mut self) {
        let why = self.held_back.take().unwrap_or_default();
        tracing::info!(%why, "over");
        self.changed.other();
        for name in self.sources.keys().cloned().collect::<Vec<_>>() {
            let Some(source) = self.sources.get_mut(&name) else { continue };
            source.adopt_status();
            let object = source.object.clone();
            self.apply_source(object);
            self.poll(&name);
        }
        for name in self.deliveries.keys().cloned().collect::<Vec<_>>() {
            self.adopt_status(&name);
            if let Some(delivery) = self.deliveries.get_mut(&name) {
                delivery.due = Some(delivery.due.unwrap_or(Why::Again));
            }
            self.consider(&name);
        }
    }

    /// While others write the status, theirs counts.
    pub(super) fn adopt_status(&mut self, name: &Name) {
        if let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| is_idle(delivery)) {
            delivery.stored = delivery.object.status.clone().unwrap_or_default();
            delivery.status = delivery.stored.clone();
            conditions::remove(&mut delivery.status.conditions, CONTROLLER_CONFLICT);
        }
    }

    /// Says in a condition of our own that nothing is done, and why. The revision guards what others write meanwhile.
    pub(super) fn say_held_back(&mut self, name: &Name) {
        let now = self.moment.now;
        let Some(why) = self.held_back.clone() else { return };
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| is_idle(delivery)) else { return };
        let mut status = delivery.stored.clone();
        let stamp = Stamp { now, generation: delivery.generation() };
        conditions::set(&mut status.conditions, CONTROLLER_CONFLICT, Says::yes("FluxIsRunning", &why), stamp);
        let said = |status: &api::KustomizationStatus| {
            api::condition(&status.conditions, CONTROLLER_CONFLICT)
                .map(|said| (said.status.clone(), said.message.clone()))
        };
        if said(&delivery.stored) == said(&status) {
            return;
        }
        let patch = json!({
            "metadata": {"resourceVersion": delivery.object.metadata.resource_version},
            "status": {"conditions": status.conditions},
        });
        delivery.writing = Some(status);
        self.counters.status_writes += 1;
        self.commands.push(Command::WriteDelivery(name.clone(), patch));
    }
}

/// Whether nothing is under way that knows the status better.
fn is_idle(delivery: &Delivery) -> bool {
    delivery.writing.is_none() && delivery.run.is_none()
}
