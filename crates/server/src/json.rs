//! `GET /api/v1/state`: the overview as JSON.
//!
//! Log in with the cookie or with `Authorization: Bearer TOKEN`, where the token is that of the printed address:
//!
//! ```text
//! { "version": 17,                    grows with each change
//!   "synced": true,                   whether the cluster has been read
//!   "standing": "attention",          attention | busy | waiting | off | good
//!   "sentence": "1 of 5 Kustomizations needs attention: search.",
//!   "sources": [{ "namespace", "name", "url", "reference", "standing", "revision", "subject", "author", "committed", "checked" }],
//!   "deliveries": [{ "namespace", "name", "source", "path", "phase", "standing", "text", "since", "applied", "attempted",
//!                    "objects": { "current", "inProgress", "failed", "unknown" } }],
//!   "problems": [{ "subject", "message", "place", "hint", "since" }],
//!   "healed": [{ "delivery", "object", "fields", "manager", "at", "milliseconds", "deleted" }] }
//! ```
//!
//! Times are RFC 3339, what is not known is null. Fields may be added, none changes its meaning within `v1`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::{DeliveryState, SourceState};
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::Serialize;

use crate::router::App;
use crate::view::View;
use crate::{attention, pages, words};

#[derive(Serialize)]
struct Answer<'a> {
    version: u64,
    synced: bool,
    standing: &'static str,
    sentence: String,
    sources: Vec<Source<'a>>,
    deliveries: Vec<Delivery<'a>>,
    problems: Vec<Problem>,
    healed: Vec<Healed<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    namespace: &'a str,
    name: &'a str,
    url: &'a str,
    reference: &'a str,
    standing: &'static str,
    revision: Option<&'a str>,
    subject: Option<&'a str>,
    author: Option<&'a str>,
    committed: Option<String>,
    checked: Option<String>,
}

#[derive(Serialize)]
struct Delivery<'a> {
    namespace: &'a str,
    name: &'a str,
    source: String,
    path: &'a str,
    phase: &'static str,
    standing: &'static str,
    text: String,
    since: String,
    applied: Option<&'a str>,
    attempted: Option<&'a str>,
    objects: Objects,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Objects {
    current: usize,
    in_progress: usize,
    failed: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct Problem {
    subject: String,
    message: String,
    place: String,
    hint: String,
    since: String,
}

#[derive(Serialize)]
struct Healed<'a> {
    delivery: String,
    object: String,
    fields: &'a [String],
    manager: &'a str,
    at: String,
    milliseconds: u128,
    deleted: bool,
}

/// The newest state.
pub(crate) async fn get_state(State(app): State<Arc<App>>) -> Response {
    let state = app.state.borrow().clone();
    let view = View { state: &state, now: Timestamp::now(), form: "", drawings: false };
    let text = serde_json::to_string(&answer(&view)).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

fn answer<'a>(view: &View<'a>) -> Answer<'a> {
    let overall = words::overall(view.state);
    Answer {
        version: view.state.version,
        synced: view.state.synced,
        standing: overall.tone.class(),
        sentence: overall.text,
        sources: view.state.sources.values().map(|state| source(state)).collect(),
        deliveries: view.state.deliveries.values().map(|state| delivery(state)).collect(),
        problems: attention::all(view).into_iter().map(problem).collect(),
        healed: pages::drift::recent(view).into_iter().map(|(delivery, drift)| healed(delivery, drift)).collect(),
    }
}

fn source(state: &SourceState) -> Source<'_> {
    Source {
        namespace: &state.name.namespace,
        name: &state.name.name,
        url: &state.url,
        reference: &state.reference,
        standing: words::source_tone(state).class(),
        revision: state.revision.as_deref(),
        subject: state.subject.as_deref(),
        author: state.author.as_deref(),
        committed: state.committed.map(crate::time::exact),
        checked: state.checked.map(crate::time::exact),
    }
}

fn delivery(state: &DeliveryState) -> Delivery<'_> {
    let health = state.health;
    Delivery {
        namespace: &state.name.namespace,
        name: &state.name.name,
        source: state.source.to_string(),
        path: &state.path,
        phase: state.phase.word(),
        standing: words::tone(state).class(),
        text: words::short(state),
        since: crate::time::exact(state.since),
        applied: state.applied.as_deref(),
        attempted: state.attempted.as_deref(),
        objects: Objects {
            current: health.current,
            in_progress: health.in_progress,
            failed: health.failed,
            unknown: health.unknown,
        },
    }
}

fn problem(problem: attention::Problem) -> Problem {
    Problem {
        subject: problem.subject,
        message: problem.message,
        place: problem.place,
        hint: problem.hint,
        since: crate::time::exact(problem.since),
    }
}

fn healed<'a>(delivery: &DeliveryState, drift: &'a engine::HealedDrift) -> Healed<'a> {
    Healed {
        delivery: delivery.name.to_string(),
        object: drift.object.to_string(),
        fields: &drift.fields,
        manager: &drift.manager,
        at: crate::time::exact(drift.at),
        milliseconds: drift.took.as_millis(),
        deleted: drift.deleted,
    }
}
