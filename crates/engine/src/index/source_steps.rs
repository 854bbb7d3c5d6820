//! What happens to sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::GitRepository;
use kube::ResourceExt;

use super::{Alarm, Announcement, Command, FetchFailure, FetchOrder, Fetched, Index, Source, Subject};
use crate::status::{patch, repository};
use crate::{Name, Progress, ProgressLine};

/// First pause before a status is written again.
const WRITE_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause before a status is written again.
const WRITE_PAUSE_MAX: Duration = Duration::from_mins(1);

/// Pause before a status is written again after this many failures.
pub(super) fn write_pause(failures: u32) -> Duration {
    (WRITE_PAUSE * 2u32.saturating_pow(failures.saturating_sub(1).min(10))).min(WRITE_PAUSE_MAX)
}

impl Index {
    /// A source was seen, new or changed.
    pub(crate) fn apply_repository(&mut self, object: Arc<GitRepository>) {
        let name = Name::of(&*object);
        if object.metadata.deletion_timestamp.is_some() && self.held_back.is_none() {
            if object.finalizers().iter().any(|finalizer| finalizer == api::FINALIZER) {
                self.commands.push(Command::ReleaseSource(object));
            }
            self.delete_repository(&name);
            return;
        }
        if let Some(source) = self.sources.get_mut(&name) {
            source.object = object;
            if self.held_back.is_some() {
                source.adopt_status();
            }
        } else {
            self.sources.insert(name.clone(), Source::new(object));
            self.wake_source_users(&name);
        }
        self.changed.source(&name);
        self.consider_source(&name);
    }

    /// A source is gone.
    pub(crate) fn delete_repository(&mut self, name: &Name) {
        if self.sources.remove(name).is_some() {
            self.timers.cancel(&Alarm::Poll(name.clone()));
            self.timers.cancel(&Alarm::WriteSource(name.clone()));
            self.changed.source(name);
            self.wake_source_users(name);
        }
    }

    /// The local repository has new commits.
    pub(crate) fn local_changed(&mut self) {
        if let Some(local) = self.settings.local.clone() {
            self.poll(&local.source);
        }
    }

    /// Asks a source now.
    pub(super) fn poll(&mut self, name: &Name) {
        if let Some(source) = self.sources.get_mut(name) {
            source.tried = None;
            self.consider_source(name);
        }
    }

    /// Finds the next step of a source.
    fn consider_source(&mut self, name: &Name) {
        let Some(source) = self.sources.get_mut(name) else { return };
        if source.object.spec.suspend {
            self.timers.cancel(&Alarm::Poll(name.clone()));
            source.tried = None;
            return;
        }
        if source.fetching {
            source.again = true;
            return;
        }
        if source.tried.as_ref() == Some(&source.wanted()) {
            return;
        }
        if let Some(refusal) = self.source_refusal(name) {
            if let Some(source) = self.sources.get_mut(name) {
                source.tried = Some(source.wanted());
            }
            self.fetch_failed(name, &refusal);
            return;
        }
        self.fetches.push(name.clone());
    }

    /// Why a source cannot be fetched whatever happens.
    fn source_refusal(&self, name: &Name) -> Option<FetchFailure> {
        let spec = &self.sources.get(name)?.object.spec;
        let refusal = |reason, message| Some(FetchFailure { reason, message, terminal: true });
        let unsupported = spec.unsupported();
        if !unsupported.is_empty() {
            let fields: Vec<_> = unsupported.iter().map(|field| format!("spec.{field}")).collect();
            let message =
                format!("not supported yet: {}; remove the fields to have this source fetched", fields.join(", "));
            return refusal("UnsupportedFeature", message);
        }
        let remote = ["https://", "http://", "ssh://"].iter().any(|scheme| spec.url.starts_with(scheme));
        if remote || self.settings.allows_file(name, &spec.url) {
            return None;
        }
        let message = format!(
            "the address '{}' is neither https://, http:// nor ssh://; repositories on this machine are only read by `setpoint up REPO`",
            spec.url
        );
        refusal("URLInvalid", message)
    }

    /// A place for the fetch is free.
    pub(super) fn start_fetch(&mut self, name: &Name) {
        let Some(source) = self.sources.get_mut(name).filter(|source| !source.fetching && !source.object.spec.suspend)
        else {
            self.fetches.done();
            return;
        };
        source.fetching = true;
        source.tried = Some(source.wanted());
        let object = source.object.clone();
        let allow_file = self.settings.allows_file(name, &object.spec.url);
        self.timers.cancel(&Alarm::Poll(name.clone()));
        self.counters.fetches += 1;
        self.commands.push(Command::Fetch(FetchOrder { name: name.clone(), object, allow_file }));
    }

    /// A fetch has ended.
    pub(crate) fn fetched(&mut self, name: &Name, result: Result<Fetched, FetchFailure>) {
        self.fetches.done();
        let Some(source) = self.sources.get_mut(name) else { return };
        source.fetching = false;
        source.checked = Some(self.moment.now);
        let again = std::mem::take(&mut source.again);
        match result {
            Ok(fetched) => self.fetch_succeeded(name, fetched),
            Err(failure) => self.fetch_failed(name, &failure),
        }
        if again {
            self.consider_source(name);
        }
    }

    fn fetch_succeeded(&mut self, name: &Name, fetched: Fetched) {
        let moment = self.moment;
        let Some(source) = self.sources.get_mut(name) else { return };
        let stamp = crate::status::conditions::Stamp { now: moment.now, generation: source.generation() };
        let known = source.status.artifact.as_ref().is_some_and(|known| *known.revision == *fetched.revision);
        let moved =
            source.fetched.as_ref().is_none_or(|old| old.revision != fetched.revision || old.digest != fetched.digest);
        let recovered = source.failing;
        (source.failing, source.failures) = (false, 0);
        repository::fetched(&mut source.status, &source.object.spec, (&fetched.revision, &fetched.digest), stamp);
        source.status.last_handled_reconcile_at =
            source.tried.as_ref().and_then(|tried| tried.1.clone()).or(source.status.last_handled_reconcile_at.take());
        let interval = source.object.spec.interval.get();
        let subject = Subject::Source(source.object.clone());
        let (revision, title) = (fetched.revision.clone(), fetched.subject.clone());
        source.fetched = Some(fetched);
        if moved {
            self.tell(name, Progress::Fetched { revision: revision.clone(), subject: title.clone() });
        }
        if moved && !known || recovered {
            let message = format!("stored artifact for commit '{title}', revision '{revision}'");
            self.announce(Announcement {
                subject,
                warning: false,
                reason: "NewArtifact".into(),
                message,
                annotations: revision_of(&revision),
            });
        }
        let next = self.after(interval, name);
        self.timers.set(Alarm::Poll(name.clone()), next);
        self.changed.source(name);
        self.flush_source(name);
        if moved || recovered {
            self.wake_source_users(name);
        }
    }

    fn fetch_failed(&mut self, name: &Name, failure: &FetchFailure) {
        let moment = self.moment;
        let Some(source) = self.sources.get_mut(name) else { return };
        let stamp = crate::status::conditions::Stamp { now: moment.now, generation: source.generation() };
        let before = api::condition(&source.status.conditions, "Ready")
            .map(|ready| (ready.reason.clone(), ready.message.clone()));
        let news = before.is_none_or(|(reason, message)| reason != failure.reason || message != failure.message);
        source.failing = true;
        source.failures += 1;
        source.status.last_handled_reconcile_at = source.requested().or(source.status.last_handled_reconcile_at.take());
        repository::failed(&mut source.status, failure.reason, &failure.message, failure.terminal, stamp);
        let (pause, subject) = (source.backoff(), Subject::Source(source.object.clone()));
        if !failure.terminal {
            let next = self.after(pause, name);
            self.timers.set(Alarm::Poll(name.clone()), next);
        }
        if news {
            self.tell(name, Progress::FetchFailed { message: failure.message.as_str().into() });
            let (reason, message) = (failure.reason.to_owned(), failure.message.clone());
            self.announce(Announcement { subject, warning: true, reason, message, annotations: BTreeMap::default() });
        }
        self.changed.source(name);
        self.flush_source(name);
        self.wake_source_users(name);
    }

    /// Writes a source's status if the server has another.
    pub(super) fn flush_source(&mut self, name: &Name) {
        if self.held_back.is_some() {
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
    pub(crate) fn source_written(&mut self, name: &Name, good: bool) {
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

    /// Considers all deliveries of a source.
    fn wake_source_users(&mut self, name: &Name) {
        let users: Vec<_> = self.by_source.get(name).into_iter().flatten().cloned().collect();
        for user in users {
            self.consider(&user);
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
