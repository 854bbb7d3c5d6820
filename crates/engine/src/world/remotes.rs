//! Remote bases: repositories and files that kustomizations name by their addresses.
//!
//! A render asks for them on a thread of the pool for renders, which must not wait for a network. So it sees a [`View`]:
//! what was fetched before, as long as it is fresh enough. What it misses is noted and refused; then all of that is fetched
//! together, outside of the pool, and the render is done again. An answer is fresh for the interval of the Kustomization
//! that asks; one that failed only for the run that asked for it. An address is fetched for all Kustomizations at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use kustomize::{Files, Remote, RepositoryAddress};
use render::{MAX_REMOTE_FILE, RemoteBase, SnapshotFiles};
use source::{GitRequest, Store};
use tokio::sync::Semaphore;

use crate::Clock;

/// Answers that are kept.
const MAX_KEPT: usize = 1_000;
/// How far an interval may be over before its end, in percent: intervals have some jitter.
const SLACK_PERCENT: u32 = 10;
/// What a render is told of what was not fetched yet; nobody else sees it.
const MISSED: &str = "it was not fetched yet";

/// All remote bases of an engine.
pub(crate) struct Remotes {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    fetches: Semaphore,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// What is known of one address.
#[derive(Default)]
struct Slot {
    answer: Mutex<Option<Known>>,
    /// Held while it is fetched.
    fetching: tokio::sync::Mutex<()>,
}

/// An answer, and when it was given by the engine's clock.
#[derive(Clone)]
struct Known {
    at: Duration,
    answer: Answer,
}

#[derive(Clone)]
enum Answer {
    Tree(Arc<SnapshotFiles>),
    File(Arc<[u8]>),
    Failed(String),
}

/// Which answers are fresh enough for a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    /// When the run began.
    pub(crate) started: Duration,
    /// The oldest answer that will do.
    oldest: Duration,
}

impl Freshness {
    /// For a run that began at this time, of a Kustomization with this interval. `anew` takes no older answer at all.
    pub(crate) fn new(started: Duration, interval: Duration, anew: bool) -> Self {
        let age = if anew { Duration::ZERO } else { interval * (100 - SLACK_PERCENT) / 100 };
        Self { started, oldest: started.saturating_sub(age) }
    }

    fn takes(self, known: &Known) -> bool {
        let failed = matches!(known.answer, Answer::Failed(_));
        known.at >= if failed { self.started } else { self.oldest }
    }
}

impl Remotes {
    pub(crate) fn new(store: Arc<Store>, clock: Arc<dyn Clock>, fetches: usize) -> Self {
        Self { store, clock, fetches: Semaphore::new(fetches.max(1)), slots: Mutex::default() }
    }

    /// What a render may see.
    pub(crate) fn view(self: &Arc<Self>, freshness: Freshness) -> Arc<View> {
        Arc::new(View {
            remotes: self.clone(),
            freshness,
            missed: Mutex::default(),
            has_failed: AtomicBool::new(false),
        })
    }

    /// Fetches what is not fresh enough, all at once.
    pub(crate) async fn bring(&self, bases: &[RemoteBase], freshness: Freshness, limit: Duration) {
        join_all(bases.iter().map(|base| self.bring_one(base, freshness, limit))).await;
    }

    async fn bring_one(&self, base: &RemoteBase, freshness: Freshness, limit: Duration) {
        let slot = self.slot(&base.to_string());
        let _turn = slot.fetching.lock().await;
        // Another Kustomization may have had it fetched meanwhile.
        if slot.known().is_some_and(|known| freshness.takes(&known)) {
            return;
        }
        let Ok(_permit) = self.fetches.acquire().await else { return };
        let (store, asked) = (self.store.clone(), base.clone());
        let fetched = tokio::task::spawn_blocking(move || fetch(&store, &asked, limit)).await;
        let answer = fetched.unwrap_or_else(|error| Answer::Failed(format!("an error in setpoint itself: {error}")));
        let known = Known { at: self.clock.elapsed(), answer };
        *slot.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    fn slot(&self, key: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key) {
            return slot.clone();
        }
        if slots.len() >= MAX_KEPT {
            let age = |slot: &Slot| slot.known().map_or(Duration::MAX, |known| known.at);
            let oldest = slots.iter().min_by_key(|(_, slot)| age(slot)).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| slots.remove(&oldest));
        }
        slots.entry(key.to_owned()).or_default().clone()
    }

    fn known(&self, key: &str) -> Option<Known> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(key).and_then(|slot| slot.known())
    }
}

impl fmt::Debug for Remotes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Remotes").finish_non_exhaustive()
    }
}

impl Slot {
    fn known(&self) -> Option<Known> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The remote bases as one run sees them.
#[derive(Debug)]
pub(crate) struct View {
    remotes: Arc<Remotes>,
    freshness: Freshness,
    missed: Mutex<Vec<RemoteBase>>,
    has_failed: AtomicBool,
}

impl View {
    /// What a render asked for in vain since the last time; it is to be fetched.
    pub(crate) fn take_missed(&self) -> Vec<RemoteBase> {
        std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether something could not be fetched.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    fn ask(&self, base: RemoteBase) -> Result<Answer, String> {
        let known = self.remotes.known(&base.to_string()).filter(|known| self.freshness.takes(known));
        match known.map(|known| known.answer) {
            Some(Answer::Failed(why)) => {
                self.has_failed.store(true, Ordering::Relaxed);
                Err(why)
            }
            Some(answer) => Ok(answer),
            None => {
                let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
                if !missed.contains(&base) {
                    missed.push(base);
                }
                Err(MISSED.to_owned())
            }
        }
    }
}

impl Remote for View {
    fn repository(&self, address: &RepositoryAddress) -> Result<Arc<dyn Files>, String> {
        let whole = RepositoryAddress { path: String::new(), ..address.clone() };
        match self.ask(RemoteBase::Repository(whole))? {
            Answer::Tree(tree) => Ok(tree),
            Answer::File(_) | Answer::Failed(_) => Err("it is a file".to_owned()),
        }
    }

    fn file(&self, url: &str) -> Result<Arc<[u8]>, String> {
        match self.ask(RemoteBase::File(url.to_owned()))? {
            Answer::File(bytes) => Ok(bytes),
            Answer::Tree(_) | Answer::Failed(_) => Err("it is a repository".to_owned()),
        }
    }
}

/// Fetches with nobody's credentials: a tenant's address must not see the engine's.
fn fetch(store: &Store, base: &RemoteBase, limit: Duration) -> Answer {
    let fetched = match base {
        RemoteBase::File(url) => {
            let request = GitRequest { timeout: limit.min(kustomize::DEFAULT_TIMEOUT), ..GitRequest::new(url) };
            store.file(&request, MAX_REMOTE_FILE).map(|bytes| Answer::File(bytes.into()))
        }
        RemoteBase::Repository(address) => {
            let request = GitRequest { timeout: limit.min(address.timeout), ..GitRequest::new(&address.repository) };
            let fetched = store.fetch_spelled(&request, &address.reference);
            fetched.map(|snapshot| Answer::Tree(Arc::new(SnapshotFiles::new(snapshot))))
        }
    };
    fetched.unwrap_or_else(|error| Answer::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_fresh_for_an_interval_and_failures_for_a_run() {
        let seconds = Duration::from_secs;
        let check = |at: u64, failed: bool, anew: bool| {
            let answer = if failed { Answer::Failed(String::new()) } else { Answer::File(Arc::default()) };
            Freshness::new(seconds(1_000), seconds(100), anew).takes(&Known { at: seconds(at), answer })
        };
        assert!(check(950, false, false) && check(910, false, false) && check(1_001, false, false));
        assert!(!check(909, false, false), "an interval that is nearly over is over");
        assert!(!check(950, true, false) && check(1_001, true, false));
        assert!(!check(999, false, true) && check(1_001, false, true));
    }
}
