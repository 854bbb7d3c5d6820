//! The changes of all watched kinds.

use std::sync::Arc;

use futures::future::select_all;
use tokio::sync::watch;

use super::kind::Kind;
use crate::store::{Event, Store, Stored};

/// One change, as far as simulators care.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) kind: Kind,
    /// The object afterwards, or its last state.
    pub(super) object: Arc<Stored>,
    pub(super) previous: Option<Arc<Stored>>,
}

#[derive(Debug)]
struct Source {
    kind: Kind,
    news: watch::Receiver<u64>,
    /// Changes up to here were given out; `None` before the first look.
    seen: Option<u64>,
}

/// Watches of all kinds.
#[derive(Debug)]
pub(super) struct Feed {
    sources: Vec<Source>,
}

impl Feed {
    pub(super) fn new(store: &Store) -> Self {
        let source = |kind: Kind| Some(Source { kind, news: store.subscribe(kind.resource()?), seen: None });
        Self { sources: Kind::watched().filter_map(source).collect() }
    }

    /// What happened since the last look; at first, and after falling behind, everything there is.
    pub(super) fn pull(&mut self, store: &Store) -> Vec<Change> {
        let mut changes = Vec::new();
        for source in &mut self.sources {
            let quiet = source.seen.is_some() && !source.news.has_changed().unwrap_or(false);
            let Some(resource) = source.kind.resource().filter(|_| !quiet) else {
                continue;
            };
            source.news.mark_unchanged();
            let kind = source.kind;
            let events = source.seen.and_then(|seen| store.events_after(resource, seen).ok());
            if let Some((events, revision)) = events {
                source.seen = Some(revision);
                changes.extend(events.iter().map(|event| change(kind, event)));
            } else {
                let (objects, revision) = store.list(resource, None);
                source.seen = Some(revision);
                changes.extend(objects.into_iter().map(|object| Change { kind, object, previous: None }));
            }
        }
        changes
    }

    /// Returns when something happened.
    pub(super) async fn changed(&mut self) {
        let all = self.sources.iter_mut().map(|source| Box::pin(source.news.changed()));
        // The plane outlives its feed: an ended source ends with the task.
        drop(select_all(all).await);
        for source in &mut self.sources {
            source.news.mark_changed();
        }
    }
}

fn change(kind: Kind, event: &Event) -> Change {
    Change { kind, object: Arc::clone(&event.object), previous: event.previous.clone() }
}
