//! What happens to sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::source::SourceWanted;
use super::{Alarm, Announcement, Command, FetchFailure, FetchOrder, Fetched, Index, Source, Subject};
use crate::source_object::{SourceObject, SourceSpec};
use crate::status::conditions::Stamp;
use crate::status::{patch, source as status};
use crate::{Name, Progress, ProgressLine, SourceKind, SourceName};

/// First pause before a status is written again.
const WRITE_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause before a status is written again.
const WRITE_PAUSE_MAX: Duration = Duration::from_mins(1);
/// How long a wait for another source lasts before the status tells of it.
const GRACE: Duration = Duration::from_secs(5);

/// Pause before a status is written again after this many failures.
pub(super) fn write_pause(failures: u32) -> Duration {
    (WRITE_PAUSE * 2u32.saturating_pow(failures.saturating_sub(1).min(10))).min(WRITE_PAUSE_MAX)
}

impl Index {
    /// A source was seen, new or changed.
    pub(crate) fn apply_source(&mut self, object: Arc<SourceObject>) {
        let name = object.name.clone();
        if object.is_deleted() && self.held_back.is_none() {
            if object.has_finalizer() {
                self.commands.push(Command::ReleaseSource(object));
            }
            self.delete_source(&name);
            return;
        }
        let before = self.sources.get(&name).map(|source| source.object.inputs());
        let inputs = object.inputs();
        if before.as_ref() != Some(&inputs) {
            self.unlink_inputs(&name, before.unwrap_or_default());
            for input in inputs {
                self.by_input.entry(input).or_default().insert(name.clone());
            }
        }
        if let Some(source) = self.sources.get_mut(&name) {
            source.object = object;
            if self.held_back.is_some() || source.object.name.kind == SourceKind::ExternalArtifact {
                source.adopt_status();
            }
        } else {
            let mut source = Source::new(object);
            source.fetched = self.generated.get(&name).cloned();
            self.sources.insert(name.clone(), source);
            self.wake_source_users(&name);
        }
        self.changed.source(&name);
        self.consider_source(&name);
    }

    /// A source is gone.
    pub(crate) fn delete_source(&mut self, name: &SourceName) {
        let Some(source) = self.sources.remove(name) else { return };
        self.unlink_inputs(name, source.object.inputs());
        self.forget_generated(name);
        for alarm in [Alarm::Poll, Alarm::WriteSource, Alarm::SourceGrace] {
            self.timers.cancel(&alarm(name.clone()));
        }
        self.changed.source(name);
        // A chart that was made for a release is made again.
        for user in self.by_input.get(name).into_iter().flatten() {
            if let Some(user) = self.sources.get_mut(user) {
                user.prepared = None;
            }
        }
        self.wake_source_users(name);
    }

    fn unlink_inputs(&mut self, name: &SourceName, inputs: Vec<SourceName>) {
        for input in inputs {
            if let Some(users) = self.by_input.get_mut(&input) {
                users.remove(name);
                if users.is_empty() {
                    self.by_input.remove(&input);
                }
            }
        }
    }

    /// The local repository has new commits.
    pub(crate) fn local_changed(&mut self) {
        if let Some(local) = self.settings.local.clone() {
            self.poll(&SourceName::git(&local.source));
        }
    }

    /// Asks a source now.
    pub(super) fn poll(&mut self, name: &SourceName) {
        if let Some(source) = self.sources.get_mut(name) {
            source.tried = None;
            self.consider_source(name);
        }
    }

    /// Finds the next step of a source.
    pub(super) fn consider_source(&mut self, name: &SourceName) {
        let Some(source) = self.sources.get_mut(name) else { return };
        if source.object.is_suspended() {
            self.timers.cancel(&Alarm::Poll(name.clone()));
            source.tried = None;
            return;
        }
        if source.fetching {
            source.again = true;
            return;
        }
        if source.object.is_static() || source.preparing {
            return;
        }
        let wanted = self.source_wanted(name);
        let is_tried = |source: &Source| source.tried.is_some() && source.tried == wanted;
        if self.sources.get(name).is_some_and(is_tried) {
            return;
        }
        if let Some(refusal) = self.source_refusal(name) {
            self.note_tried(name, wanted);
            self.fetch_failed(name, &refusal);
            return;
        }
        if self.prepare(name) {
            return;
        }
        if let Some((reason, message)) = self.source_obstacle(name) {
            self.source_waits(name, reason, message);
            return;
        }
        if let Some(source) = self.sources.get_mut(name) {
            source.waits = None;
        }
        self.timers.cancel(&Alarm::SourceGrace(name.clone()));
        if name.kind == SourceKind::HelmRelease {
            self.note_tried(name, wanted);
            self.look_at_release(name);
        } else {
            self.fetches.push(name.clone());
        }
    }

    fn note_tried(&mut self, name: &SourceName, wanted: Option<SourceWanted>) {
        if let Some(source) = self.sources.get_mut(name) {
            source.tried = wanted;
        }
    }

    /// What a fetch would be made from now.
    fn source_wanted(&self, name: &SourceName) -> Option<SourceWanted> {
        let object = &self.sources.get(name)?.object;
        let input = |input: &SourceName| {
            let fetched = self.sources.get(input)?.fetched.as_ref()?;
            Some((fetched.revision.clone(), fetched.digest.clone()))
        };
        let inputs = object.inputs().iter().map(input).collect();
        Some(SourceWanted { generation: object.generation(), requested: object.requested(), inputs })
    }

    /// Has what a source needs in the cluster made, once for each generation. Whether it is under way.
    fn prepare(&mut self, name: &SourceName) -> bool {
        let held_back = self.held_back.is_some();
        let Some(source) = self.sources.get_mut(name) else { return false };
        let needs = match &source.object.spec {
            SourceSpec::Release(_) => source.object.own_chart().is_some(),
            SourceSpec::Generator(_) => true,
            _ => false,
        };
        if !needs || held_back || source.prepared == Some(source.generation()) {
            return false;
        }
        source.preparing = true;
        let object = source.object.clone();
        self.commands.push(Command::PrepareSource(object));
        true
    }

    /// What a source needs in the cluster was made, or not.
    pub(crate) fn source_prepared(&mut self, name: &SourceName, generation: i64, result: Result<(), FetchFailure>) {
        let Some(source) = self.sources.get_mut(name) else { return };
        source.preparing = false;
        match result {
            Ok(()) => source.prepared = Some(generation),
            Err(failure) => {
                let wanted = self.source_wanted(name);
                self.note_tried(name, wanted);
                return self.fetch_failed(name, &failure);
            }
        }
        self.consider_source(name);
    }

    /// A place for the fetch is free.
    pub(super) fn start_fetch(&mut self, name: &SourceName) {
        let wanted = self.source_wanted(name);
        let order = self.fetch_order(name);
        let Some(source) =
            self.sources.get_mut(name).filter(|source| !source.fetching && !source.object.is_suspended())
        else {
            self.fetches.done();
            return;
        };
        let Some(order) = order else {
            self.fetches.done();
            return self.consider_source(name);
        };
        source.fetching = true;
        source.tried = wanted;
        self.timers.cancel(&Alarm::Poll(name.clone()));
        self.counters.fetches += 1;
        self.commands.push(Command::Fetch(Box::new(order)));
    }

    /// One fetch; `None` if a source that it is made of is gone.
    fn fetch_order(&self, name: &SourceName) -> Option<FetchOrder> {
        let source = self.sources.get(name)?;
        let object = source.object.clone();
        let allow_file = match &object.spec {
            SourceSpec::Git(spec) => self.settings.allows_file(&name.plain(), &spec.url),
            _ => false,
        };
        let input = |input: SourceName| {
            let source = self.sources.get(&input)?;
            Some((source.object.clone(), source.fetched.clone()))
        };
        let inputs = object.inputs().into_iter().map(input).collect::<Option<_>>()?;
        let known = source.fetched.clone().filter(|_| source.fetched_of == Some(source.generation()));
        let artifacts = self.artifacts_of(source);
        Some(FetchOrder { name: name.clone(), object, allow_file, known, inputs, artifacts })
    }

    /// A fetch has ended.
    pub(crate) fn fetched(&mut self, name: &SourceName, result: Result<Fetched, FetchFailure>) {
        self.fetches.done();
        let Some(source) = self.sources.get_mut(name) else { return };
        source.fetching = false;
        source.checked = Some(self.moment.now);
        let again = std::mem::take(&mut source.again);
        match result {
            Ok(fetched) => self.fetch_succeeded(name, &fetched),
            Err(failure) => self.fetch_failed(name, &failure),
        }
        if again {
            self.consider_source(name);
        }
    }

    fn fetch_succeeded(&mut self, name: &SourceName, fetched: &Fetched) {
        let moment = self.moment;
        let Some(source) = self.sources.get_mut(name) else { return };
        let stamp = Stamp { now: moment.now, generation: source.generation() };
        let known = source.status.artifact.as_ref().is_some_and(|known| *known.revision == *fetched.revision);
        let moved =
            source.fetched.as_ref().is_none_or(|old| old.revision != fetched.revision || old.digest != fetched.digest);
        let recovered = source.failing;
        (source.failing, source.failures) = (false, 0);
        status::fetched(&mut source.status, &source.object, fetched, stamp);
        let tried = source.tried.as_ref();
        source.fetched_of = tried.map(|tried| tried.generation);
        source.status.last_handled_reconcile_at =
            tried.and_then(|tried| tried.requested.clone()).or(source.status.last_handled_reconcile_at.take());
        let (interval, is_polled) = (source.object.interval(), source.object.is_polled());
        let object = source.object.clone();
        source.fetched = Some(fetched.clone());
        // What a generator made is told as the work of those who use it.
        if moved && name.kind != SourceKind::ArtifactGenerator {
            let subject = fetched.title();
            self.tell(&name.plain(), Progress::Fetched { revision: fetched.revision.clone(), subject });
        }
        if moved && !known || recovered {
            let (reason, message) = status::news(&object, fetched);
            let annotations = revision_of(&fetched.revision);
            let subject = Subject::Source(object);
            self.announce(Announcement { subject, warning: false, reason, message, annotations });
        }
        if is_polled {
            let next = self.after(interval, &name.plain());
            self.timers.set(Alarm::Poll(name.clone()), next);
        }
        self.changed.source(name);
        self.take_generated(name, fetched);
        self.flush_source(name);
        if moved || recovered {
            self.wake_source_users(name);
        }
    }

    pub(super) fn fetch_failed(&mut self, name: &SourceName, failure: &FetchFailure) {
        let moment = self.moment;
        let Some(source) = self.sources.get_mut(name) else { return };
        let stamp = Stamp { now: moment.now, generation: source.generation() };
        let before = api::condition(&source.status.conditions, "Ready")
            .map(|ready| (ready.reason.clone(), ready.message.clone()));
        let news = before.is_none_or(|(reason, message)| reason != failure.reason || message != failure.message);
        source.failing = true;
        source.failures += 1;
        source.status.last_handled_reconcile_at =
            source.object.requested().or(source.status.last_handled_reconcile_at.take());
        status::failed(&mut source.status, &source.object, failure, stamp);
        let (pause, subject) = (source.backoff(), Subject::Source(source.object.clone()));
        if !failure.terminal {
            let next = self.after(pause, &name.plain());
            self.timers.set(Alarm::Poll(name.clone()), next);
        }
        if news {
            self.tell(&name.plain(), Progress::FetchFailed { message: failure.message.as_str().into() });
            let (reason, message) = (failure.reason.to_owned(), failure.message.clone());
            self.announce(Announcement { subject, warning: true, reason, message, annotations: BTreeMap::default() });
        }
        self.changed.source(name);
        self.flush_source(name);
        self.wake_source_users(name);
    }

    /// Waits for another source; the status tells of it when it lasts.
    fn source_waits(&mut self, name: &SourceName, reason: &'static str, message: String) {
        let Some(source) = self.sources.get_mut(name) else { return };
        source.waits = Some((reason, message));
        let alarm = Alarm::SourceGrace(name.clone());
        if !self.timers.is_set(&alarm) {
            self.timers.set(alarm, self.moment.elapsed + GRACE);
        }
    }

    /// A wait for another source has lasted.
    pub(super) fn source_grace_over(&mut self, name: &SourceName) {
        let now = self.moment.now;
        let Some(source) = self.sources.get_mut(name) else { return };
        let Some((reason, message)) = source.waits.clone() else { return };
        let stamp = Stamp { now, generation: source.generation() };
        let failure = FetchFailure { reason, message, terminal: false };
        source.failing = true;
        status::failed(&mut source.status, &source.object, &failure, stamp);
        self.changed.source(name);
        self.flush_source(name);
        self.wake_source_users(name);
    }

    /// Writes a source's status if the server has another.
    pub(super) fn flush_source(&mut self, name: &SourceName) {
        // The status of an artifact is its generator's.
        if self.held_back.is_some() || name.kind == SourceKind::ExternalArtifact {
            return;
        }
        let Some(source) = self.sources.get_mut(name).filter(|source| source.writing.is_none()) else { return };
        if let Some(patch) = patch::between(&source.stored, &source.status) {
            source.writing = Some(source.status.clone());
            self.counters.status_writes += 1;
            self.commands.push(Command::WriteSource(name.clone(), patch));
        }
    }

    /// A write of a source's status has ended.
    pub(crate) fn source_written(&mut self, name: &SourceName, good: bool) {
        let Some(source) = self.sources.get_mut(name) else { return };
        let Some(written) = source.writing.take() else { return };
        if good {
            source.stored = written;
            source.write_failures = 0;
            self.flush_source(name);
        } else {
            source.write_failures += 1;
            let at = self.moment.elapsed + write_pause(source.write_failures);
            self.timers.set(Alarm::WriteSource(name.clone()), at);
        }
    }

    /// Considers all that are made of a source.
    pub(super) fn wake_source_users(&mut self, name: &SourceName) {
        let users: Vec<Name> = self.by_source.get(name).into_iter().flatten().cloned().collect();
        for user in users {
            self.consider(&user);
        }
        let users: Vec<SourceName> = self.by_input.get(name).into_iter().flatten().cloned().collect();
        for user in users {
            self.consider_source(&user);
        }
    }

    pub(super) fn tell(&mut self, name: &Name, progress: Progress) {
        self.commands.push(Command::Tell(ProgressLine { at: self.moment.now, name: name.clone(), progress }));
    }

    pub(super) fn announce(&mut self, announcement: Announcement) {
        if self.held_back.is_some() {
            return;
        }
        self.commands.push(Command::Announce(announcement));
    }
}

/// Flux's annotation of events with the revision of a source.
fn revision_of(revision: &str) -> BTreeMap<String, String> {
    [("source.toolkit.fluxcd.io/revision".to_owned(), revision.to_owned())].into()
}
