//! Server-sent events: tell a page on screen that what it shows has changed. The page then fetches itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::Name;
use futures::stream;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::router::App;

/// Shortest time between two tellings.
const PAUSE: Duration = Duration::from_millis(400);

/// One page on screen.
struct Watching {
    state: watch::Receiver<Arc<engine::State>>,
    stop: watch::Receiver<bool>,
    shown: Arc<engine::State>,
    page: String,
    _place: OwnedSemaphorePermit,
}

/// `GET /events?page=/deliveries/…`: an event `changed` with the state's version each time the page has news.
pub(crate) async fn stream(State(app): State<Arc<App>>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let Ok(place) = app.streams.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many open pages are being freshened\n").into_response();
    };
    let page = query.into_iter().find(|(name, _)| name == "page").map(|(_, page)| page).unwrap_or_default();
    let mut state = app.state.clone();
    let shown = state.borrow_and_update().clone();
    let watching = Watching { state, stop: app.stop.clone(), shown, page, _place: place };
    // The first event tells the page to look whether anything happened before it began to listen.
    let first = stream::once(std::future::ready(Ok(told(&watching.shown))));
    let events = futures::StreamExt::chain(first, stream::unfold(watching, next));
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

async fn next(mut watching: Watching) -> Option<(Result<Event, Infallible>, Watching)> {
    loop {
        tokio::select! {
            _ = watching.stop.wait_for(|stop| *stop) => return None,
            changed = watching.state.changed() => changed.ok()?,
        }
        tokio::select! {
            _ = watching.stop.wait_for(|stop| *stop) => return None,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let state = watching.state.borrow_and_update().clone();
        let news = concerns(&watching.page, &watching.shown, &state);
        watching.shown = state;
        if news {
            let event = told(&watching.shown);
            return Some((Ok(event), watching));
        }
    }
}

fn told(state: &engine::State) -> Event {
    Event::default().event("changed").data(state.version.to_string())
}

/// Whether what a page shows differs: a page of one delivery has no news when others change.
fn concerns(page: &str, before: &engine::State, after: &engine::State) -> bool {
    let mut parts = page.trim_start_matches('/').split('/');
    let (Some("deliveries"), Some(namespace), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return before.version != after.version;
    };
    let name = Name::new(namespace, name);
    let same = |before: Option<&Arc<_>>, after: Option<&Arc<_>>| match (before, after) {
        (Some(before), Some(after)) => Arc::ptr_eq(before, after),
        (None, None) => true,
        _ => false,
    };
    let delivery = after.deliveries.get(&name);
    let source = delivery.map(|delivery| &delivery.source);
    let source_same = source.is_none_or(|source| match (before.sources.get(source), after.sources.get(source)) {
        (Some(before), Some(after)) => Arc::ptr_eq(before, after),
        (before, after) => before.is_none() && after.is_none(),
    });
    !(same(before.deliveries.get(&name), delivery) && source_same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_page_has_news_when_its_part_changed() {
        let before = sample::state();
        let mut after = before.clone();
        after.version += 1;
        sample::put(&mut after, sample::delivery("search", engine::Phase::Settling));
        for (page, expect) in [
            ("/", true),
            ("/deliveries", true),
            ("/deliveries/flux-system/search", true),
            ("/deliveries/flux-system/library", false),
            ("/deliveries/flux-system/none", false),
        ] {
            assert_eq!(concerns(page, &before, &after), expect, "{page}");
        }
    }
}
