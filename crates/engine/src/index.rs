//! The state machine: events in, commands out. Pure: no cluster, no tasks, no clock of its own.
//!
//! Flow: every event changes one record and then *considers* it ([`Index::consider`]): from the record as it is now
//! follows the next step, whatever came before. A step that needs the world is a [`Command`]; its answer comes back as
//! an event. Nothing is remembered between the two but the record, so an event that comes twice, late, or in another
//! order does no harm.
//!
//! Guarantees: at most one piece of work and one write of status per object at a time; a status is written only if it
//! differs from what the server has; a wait has a wake-up event or a timer.

mod command;
mod delivery;
mod delivery_outcome;
mod delivery_steps;
mod dependency;
mod expressions;
mod made_steps;
mod outcome;
mod rival_steps;
mod root;
mod settings;
mod source;
mod source_steps;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use apply::contention::Contention;
use jiff::Timestamp;
use object::ObjectKey;

pub(crate) use command::{
    Announcement, Command, DeliverOrder, FetchOrder, HealOrder, RemoveOrder, SettleOrder, Subject, Why,
};
pub(crate) use delivery::{Delivery, Held, HeldObject, Wanted};
pub(crate) use outcome::{ChartName, Delivered, FetchFailure, Fetched, Healed, Outcome, SettleOutcome, Verified};
pub(crate) use settings::Settings;
pub(crate) use source::Source;

use crate::destination::ClusterId;
use crate::queue::Queue;
use crate::rivals::Rivals;
use crate::timers::Timers;
use crate::{Counters, Name, SourceName};

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Time of day.
    pub(crate) now: Timestamp,
    /// Time since the engine's start.
    pub(crate) elapsed: Duration,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// The source is to be asked again.
    Poll(SourceName),
    /// The source's status is to be written again.
    WriteSource(SourceName),
    /// The source has waited for another long enough for its status to say so.
    SourceGrace(SourceName),
    /// The delivery's interval is over.
    Interval(Name),
    /// The delivery is to be tried again.
    Retry(Name),
    /// The delivery has waited long enough for its status to say so.
    Grace(Name),
    /// The delivery's status is to be written again.
    WriteDelivery(Name),
    /// Drift that was left alone for a while is to be put right.
    Heal(Name),
    /// A Lease of one of Flux's controllers runs out.
    Rivals,
}

/// All records, and what is to be done about them.
#[derive(Debug)]
pub(crate) struct Index {
    settings: Settings,
    sources: BTreeMap<SourceName, Source>,
    deliveries: BTreeMap<Name, Delivery>,
    by_source: BTreeMap<SourceName, BTreeSet<Name>>,
    /// Sources that are made of a source.
    by_input: BTreeMap<SourceName, BTreeSet<SourceName>>,
    /// What generators made, whether or not their objects were seen yet.
    generated: BTreeMap<SourceName, Fetched>,
    made_by: BTreeMap<SourceName, Vec<SourceName>>,
    by_dependency: BTreeMap<Name, BTreeSet<Name>>,
    by_object: BTreeMap<ClusterId, BTreeMap<ObjectKey, Name>>,
    fetches: Queue<SourceName>,
    runs: Queue<Name>,
    timers: Timers<Alarm>,
    contention: BTreeMap<ClusterId, Contention>,
    rivals: Rivals,
    held_back: Option<Arc<str>>,
    root: root::Root,
    moment: Moment,
    next_run: u64,
    commands: Vec<Command>,
    changed: view::Changed,
    counters: Counters,
}

impl Index {
    /// An index without records.
    pub(crate) fn new(settings: Settings, moment: Moment) -> Self {
        Self {
            fetches: Queue::new(settings.fetches),
            runs: Queue::new(settings.applies),
            settings,
            sources: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            by_source: BTreeMap::new(),
            by_input: BTreeMap::new(),
            generated: BTreeMap::new(),
            made_by: BTreeMap::new(),
            by_dependency: BTreeMap::new(),
            by_object: BTreeMap::new(),
            timers: Timers::default(),
            contention: BTreeMap::new(),
            rivals: Rivals::default(),
            held_back: None,
            root: root::Root::default(),
            moment,
            next_run: 0,
            commands: Vec::new(),
            changed: view::Changed::default(),
            counters: Counters::default(),
        }
    }

    /// Says what time it is; called before every event.
    pub(crate) fn at(&mut self, moment: Moment) -> &mut Self {
        self.moment = moment;
        self
    }

    /// When the next timer runs out.
    pub(crate) fn next_alarm(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Acts on all timers that have run out.
    pub(crate) fn alarms(&mut self) {
        while let Some(alarm) = self.timers.pop(self.moment.elapsed) {
            match alarm {
                Alarm::Poll(name) => self.poll(&name),
                Alarm::WriteSource(name) => self.flush_source(&name),
                Alarm::SourceGrace(name) => self.source_grace_over(&name),
                Alarm::Interval(name) => self.interval_over(&name),
                Alarm::Retry(name) => self.retry(&name),
                Alarm::Grace(name) => self.grace_over(&name),
                Alarm::WriteDelivery(name) => self.flush(&name),
                Alarm::Heal(name) => self.heal_again(&name),
                Alarm::Rivals => self.weigh_rivals(),
            }
        }
    }

    /// Takes the work that can start now. Work in line starts as places become free.
    pub(crate) fn take_commands(&mut self) -> Vec<Command> {
        while let Some(name) = self.fetches.pop() {
            self.start_fetch(&name);
        }
        while let Some(name) = self.runs.pop() {
            self.start_run(&name);
        }
        std::mem::take(&mut self.commands)
    }

    /// The delivery that owns an object.
    fn owner(&self, cluster: ClusterId, key: &ObjectKey) -> Option<&Name> {
        self.by_object.get(&cluster)?.get(key)
    }

    /// What the owner of an object holds it to.
    pub(crate) fn held(&self, cluster: ClusterId, key: &ObjectKey) -> Option<Arc<Held>> {
        self.deliveries.get(self.owner(cluster, key)?)?.held.clone()
    }

    /// What a delivery holds, and where.
    pub(crate) fn held_by(&self, name: &Name) -> Option<Arc<Held>> {
        self.deliveries.get(name)?.held.clone()
    }

    /// Objects of a delivery are its own no longer.
    fn disown(&mut self, name: &Name, held: &Held) {
        let cluster = held.destination.id();
        let Some(objects) = self.by_object.get_mut(&cluster) else { return };
        for key in held.objects.iter().map(HeldObject::key) {
            if objects.get(key) == Some(name) {
                objects.remove(key);
            }
        }
        if objects.is_empty() {
            self.by_object.remove(&cluster);
        }
    }

    /// Whether the next snapshot would be another one.
    pub(crate) fn has_news(&self) -> bool {
        self.changed.is_some()
    }

    /// Something outside the index that a snapshot shows has changed.
    pub(crate) fn news(&mut self) {
        self.changed.other();
    }

    /// The moment after `length`, with the jitter that keeps equal intervals apart.
    fn after(&self, length: Duration, name: &Name) -> Duration {
        self.moment.elapsed + self.settings.jittered(length, name, self.moment.elapsed)
    }
}

#[cfg(test)]
mod tests;
