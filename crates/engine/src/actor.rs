//! The loop: the one owner of the index. Takes events, starts work, publishes snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use object::ObjectKey;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::bootstrap::Lockdown;
use crate::destination::{ClusterId, Destination};
use crate::index::{Announcement, Command, Index, Moment, Settings, SettleOrder};
use crate::work::{deliver, heal, remove, report, settle};
use crate::world::watch::{KINDS, KUSTOMIZATION};
use crate::world::{Event, World, announce, fetch, prepare};
use crate::{Name, State};

/// Shortest time between two snapshots.
const SNAPSHOT_PAUSE: Duration = Duration::from_millis(50);
/// Events handled before commands are started, so that a burst is one piece of work.
const BATCH: usize = 256;
/// How long work under way may take to end after a stop.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// The loop and what it owns.
pub(crate) struct Actor {
    world: World,
    index: Index,
    events: mpsc::UnboundedReceiver<Event>,
    announcements: mpsc::Sender<Announcement>,
    state: watch::Sender<Arc<State>>,
    published: tokio::time::Instant,
    listed: BTreeSet<&'static str>,
    work: JoinSet<()>,
    settling: BTreeMap<Name, AbortHandle>,
    subscription: apply::Subscription,
}

impl Actor {
    /// A loop that has seen nothing.
    pub(crate) fn new(world: World, events: mpsc::UnboundedReceiver<Event>, state: watch::Sender<Arc<State>>) -> Self {
        let settings = Settings::from(&*world.options);
        let moment = Moment { now: world.now(), elapsed: world.options.clock.elapsed() };
        Self {
            index: Index::new(settings, moment),
            announcements: announce::start(world.clone()),
            subscription: world.observer.subscribe_all(),
            events,
            state,
            published: tokio::time::Instant::now(),
            listed: BTreeSet::new(),
            work: JoinSet::new(),
            settling: BTreeMap::new(),
            world,
        }
    }

    /// Runs until told to stop, then lets writes under way end.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            self.start_work();
            let publish = self.published + SNAPSHOT_PAUSE;
            let alarm = self.alarm();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(event) = self.events.recv() => self.take_events(event),
                changed = self.subscription.changed() => self.objects_changed(ClusterId::default(), changed),
                () = tokio::time::sleep_until(alarm) => {
                    self.look_at_the_clock();
                    self.index.alarms();
                }
                () = tokio::time::sleep_until(publish), if self.index.has_news() => self.publish(),
                Some(_) = self.work.join_next(), if !self.work.is_empty() => {}
            }
        }
        self.settling.values().for_each(AbortHandle::abort);
        let ended = async { while self.work.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(STOP_LIMIT, ended).await;
    }

    fn look_at_the_clock(&mut self) {
        let clock = &self.world.options.clock;
        self.index.at(Moment { now: clock.now(), elapsed: clock.elapsed() });
    }

    /// When the next timer of the index runs out.
    fn alarm(&self) -> tokio::time::Instant {
        /// A loop without timers looks up this often.
        const NEVER: Duration = Duration::from_hours(1);
        let clock = &self.world.options.clock;
        let pause = self.index.next_alarm().map_or(NEVER, |at| at.saturating_sub(clock.elapsed()));
        tokio::time::Instant::now() + clock.sleep_for(pause)
    }

    /// Takes one event, and those that have come with it.
    fn take_events(&mut self, first: Event) {
        self.look_at_the_clock();
        self.take_event(first);
        for _ in 1..BATCH {
            match self.events.try_recv() {
                Ok(event) => self.take_event(event),
                Err(_) => return,
            }
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Source(object) => self.index.apply_source(Arc::from(object)),
            Event::SourceGone(name) => self.index.delete_source(&name),
            Event::SourcePrepared(name, of, result) => self.index.source_prepared(&name, of, result),
            Event::Kustomization(object) => {
                if let Some(lockdown) = Lockdown::of(&object) {
                    self.learn(&lockdown);
                }
                self.index.apply_kustomization(object);
            }
            Event::Lockdown(lockdown) => self.learn(&lockdown),
            Event::KustomizationGone(name) => self.index.delete_kustomization(&name),
            Event::Listed(kind) => self.note_listed(kind),
            Event::Lease(name, lease) => self.index.lease_seen(name, lease),
            Event::LeaseGone(name) => self.index.lease_gone(&name),
            Event::Input(kind, name) => self.index.input_changed(kind, &name),
            Event::Objects(cluster, changed) => self.objects_changed(cluster, changed),
            Event::LocalChanged => self.index.local_changed(),
            Event::Fetched(name, result) => self.index.fetched(&name, result.map(|fetched| *fetched)),
            Event::Phase(name, run, phase) => self.index.run_phase(&name, run, phase),
            Event::Delivered(name, delivered) => {
                self.index.delivered(&name, *delivered);
                self.check_drift(&name);
            }
            Event::Settled(name, outcome) => {
                self.settling.remove(&name);
                self.index.settled(&name, outcome);
                self.check_drift(&name);
            }
            Event::Healed(name, healed) => {
                self.index.healed(&name, &healed);
                self.check_drift(&name);
            }
            Event::Removed(name, failure) => self.index.removed(&name, failure),
            Event::SourceWritten(name, good) => self.index.source_written(&name, good),
            Event::DeliveryWritten(name, good) => self.index.delivery_written(&name, good),
        }
    }

    fn learn(&mut self, lockdown: &Lockdown) {
        self.world.learn(lockdown);
        self.index.learn(lockdown);
    }

    fn note_listed(&mut self, kind: &'static str) {
        if self.listed.insert(kind) && kind == KUSTOMIZATION {
            self.index.kustomizations_listed();
        }
        self.index.news();
    }

    /// The watches have seen objects of ours change.
    fn objects_changed(&mut self, cluster: ClusterId, changed: Vec<(ObjectKey, Option<apply::Owner>)>) {
        self.look_at_the_clock();
        for (key, _) in changed {
            let Some(held) = self.index.held(cluster, &key) else { continue };
            let observer = self.world.observer_of(&held.destination);
            let (health, message) = report::health(observer, &key, &held.rules);
            self.index.object_health(cluster, &key, health, &message);
            self.check_object(&held.destination, &key);
        }
    }

    fn check_object(&mut self, destination: &Destination, key: &ObjectKey) {
        if let Some(drift) = self.world.observer_of(destination).drift(key) {
            self.index.drifted(destination.id(), key, drift.manager.as_deref());
        }
    }

    /// What drifted while work was under way was not put right then.
    fn check_drift(&mut self, name: &Name) {
        let Some(held) = self.index.held_by(name) else { return };
        for object in held.objects.iter() {
            self.check_object(&held.destination, object.key());
        }
    }

    fn publish(&mut self) {
        self.published = tokio::time::Instant::now();
        let last = self.state.borrow().clone();
        if let Some(state) = self.index.snapshot(&last, self.listed.len() == KINDS) {
            self.state.send_replace(Arc::new(state));
        }
    }

    fn start_work(&mut self) {
        let gate = self.world.cluster.gate();
        match self.index.held_back() {
            Some(why) => gate.close(why),
            None => gate.open(),
        }
        for command in self.index.take_commands() {
            self.start(command);
        }
    }

    fn settle(&mut self, order: SettleOrder) {
        let name = order.name.clone();
        let handle = self.work.spawn(settle::run(self.world.clone(), order));
        if let Some(old) = self.settling.insert(name, handle) {
            old.abort();
        }
    }

    fn start(&mut self, command: Command) {
        let world = self.world.clone();
        match command {
            Command::Fetch(order) => drop(self.work.spawn(fetch::run(world, *order))),
            Command::PrepareSource(object) => drop(self.work.spawn(prepare::run(world, object))),
            Command::Deliver(order) => drop(self.work.spawn(deliver::run(world, *order))),
            Command::Settle(order) => self.settle(order),
            Command::Unsettle(name) => {
                self.settling.remove(&name).as_ref().map(AbortHandle::abort);
            }
            Command::Heal(order) => drop(self.work.spawn(heal::run(world, order))),
            Command::Remove(order) => drop(self.work.spawn(remove::run(world, order))),
            Command::ReleaseSource(object) => drop(self.work.spawn(async move {
                if let Err(error) = world.release_source(&object).await {
                    tracing::warn!(%error, "the finalizer of a source could not be taken off");
                }
            })),
            Command::Forget(held) => {
                let observer = world.observer_of(&held.destination);
                held.objects.iter().for_each(|object| observer.forget(object.key()));
            }
            Command::WriteSource(name, patch) => drop(self.work.spawn(async move {
                let written = world.write_source_status(&name, &patch).await;
                let good = noted(&name, &written);
                world.send(Event::SourceWritten(name, good));
            })),
            Command::WriteDelivery(name, patch) => drop(self.work.spawn(async move {
                let written = world.write_delivery_status(&name, &patch).await;
                let good = noted(&name, &written);
                world.send(Event::DeliveryWritten(name, good));
            })),
            // A full backlog drops the Event: work never waits for it.
            Command::Announce(announcement) => drop(self.announcements.try_send(announcement)),
            Command::Tell(line) => drop(world.progress.send(line)),
        }
    }
}

/// Whether a status was written; a failure is tried again by the index.
fn noted(name: &dyn std::fmt::Display, written: &Result<(), kube::Error>) -> bool {
    if let Err(error) = written {
        tracing::warn!(%name, %error, "the status could not be written and is tried again");
    }
    written.is_ok()
}
