//! `watch`: the events of a collection as they come.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use goyaml::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::read;
use crate::body;
use crate::call::Call;
use crate::encode::{self, Form};
use crate::reply::{JSON, Reply};
use crate::selector::Selector;
use crate::status::{ApiError, ApiResult};
use crate::store::{Change, Event, Stored};

/// Watches without `timeoutSeconds` end after this.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(45);
/// The longest `timeoutSeconds`.
const MAX_TIMEOUT: Duration = Duration::from_hours(24);
/// How often a quiet watch is told the newest revision.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// How much longer a watch may last whose events never pause.
const OVERTIME: Duration = Duration::from_secs(5);
/// Events taken from the store at once.
const MAX_EVENTS: usize = 64;
/// A piece of the stream ends with the object that exceeds this many bytes. What a client does not read is neither
/// written as JSON nor kept: it stays in the store, and is forgotten there like everything old.
const MAX_PIECE: usize = 64 * 1024;
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

struct Watch {
    call: Call,
    form: Form,
    selector: Selector,
    /// All events up to this revision were sent.
    sent: u64,
    news: watch::Receiver<u64>,
    shutdown: watch::Receiver<bool>,
    ends: Instant,
    bookmark_at: Option<Instant>,
    opening: Option<Opening>,
    over: bool,
    /// The columns of a table are described once.
    described: bool,
}

/// What is sent before the events.
struct Opening {
    objects: std::vec::IntoIter<Arc<Stored>>,
    closing_bookmark: bool,
}

/// Answers with a stream of events.
pub(crate) async fn watch(call: Call) -> ApiResult<Reply> {
    let form = encode::negotiate(&call.accept)?;
    let selector = selector(&call)?;
    let asked = read::parse_revision(call.query.get("resourceVersion"))?;
    let initial = call.query.flag("sendInitialEvents");
    check_options(&call, initial)?;
    read::wait_for(&call, asked).await?;
    let seconds = read::parse_number(call.query.get("timeoutSeconds"), "timeoutSeconds")?;
    let timeout = seconds.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    let timeout = timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs).min(MAX_TIMEOUT);
    let store = call.plane.store();
    let news = store.subscribe(&call.resource.storage);
    let from_start = initial || asked.is_none_or(|revision| revision == 0) && !call.query.has("sendInitialEvents");
    let (objects, revision) = store.list(&call.resource.storage, read::namespace(&call));
    let opening = from_start.then(|| Opening { objects: objects.into_iter(), closing_bookmark: initial });
    let sent = if from_start { revision } else { asked.filter(|asked| *asked > 0).unwrap_or(revision) };
    let bookmarks = call.query.flag("allowWatchBookmarks");
    let now = Instant::now();
    let watch = Watch {
        form,
        selector,
        sent,
        news,
        shutdown: call.plane.shutdown_signal(),
        ends: now + timeout,
        bookmark_at: bookmarks.then(|| now + BOOKMARK_EVERY),
        opening,
        over: false,
        described: false,
        call,
    };
    let chunks = stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next().await?;
        Some((chunk, watch))
    });
    Ok(Reply::new(200, JSON, body::stream(chunks)))
}

/// The selectors; a watch of one object is a selection by name.
fn selector(call: &Call) -> ApiResult<Selector> {
    call.selector()
}

fn check_options(call: &Call, initial: bool) -> ApiResult<()> {
    let matching = call.query.get("resourceVersionMatch");
    let told = |field: &str, why: &str| {
        ApiError::unprocessable(format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {why}"))
    };
    if initial && matching != "NotOlderThan" {
        return Err(told(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    if !call.query.has("sendInitialEvents") && !matching.is_empty() {
        return Err(told(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ));
    }
    Ok(())
}

impl Watch {
    /// The next piece of the stream; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        while let Some(opening) = self.opening.take() {
            let chunk = self.opening_chunk(opening);
            if !chunk.is_empty() {
                return Some(chunk);
            }
        }
        while !self.over {
            if *self.shutdown.borrow() || Instant::now() >= self.ends + OVERTIME {
                return None;
            }
            self.news.mark_unchanged();
            match self.pending() {
                Ok(chunk) if chunk.is_empty() => {}
                Ok(chunk) => return Some(chunk),
                Err(error) => return Some(self.fail(&error)),
            }
            if let Some(chunk) = self.rest().await {
                return Some(chunk);
            }
        }
        None
    }

    fn opening_chunk(&mut self, mut opening: Opening) -> Bytes {
        let mut out = BytesMut::new();
        for stored in opening.objects.by_ref() {
            if self.means(&stored.value) {
                self.line(&mut out, "ADDED", &stored);
            }
            if out.len() > MAX_PIECE {
                self.opening = Some(opening);
                return out.freeze();
            }
        }
        if opening.closing_bookmark {
            out.extend_from_slice(&self.bookmark(true));
        }
        out.freeze()
    }

    /// The next events; empty when there are none.
    fn pending(&mut self) -> ApiResult<Bytes> {
        let mut out = BytesMut::new();
        loop {
            let store = self.call.plane.store();
            let (events, revision) = store.some_events_after(&self.call.resource.storage, self.sent, MAX_EVENTS)?;
            let whole = events.len() < MAX_EVENTS;
            for event in events {
                self.event(&mut out, &event);
                self.sent = event.object.revision;
                if out.len() > MAX_PIECE {
                    return Ok(out.freeze());
                }
            }
            self.sent = self.sent.max(revision);
            if whole || !out.is_empty() {
                return Ok(out.freeze());
            }
        }
    }

    /// Waits for news, the end or the time of a bookmark, which is given back.
    async fn rest(&mut self) -> Option<Bytes> {
        let wake = self.bookmark_at.unwrap_or(self.ends).min(self.ends);
        let timed = tokio::select! {
            news = self.news.changed() => {
                self.over = news.is_err();
                false
            }
            ended = self.shutdown.wait_for(|down| *down) => {
                drop(ended);
                self.over = true;
                false
            }
            () = tokio::time::sleep_until(wake) => true,
        };
        if !timed {
            return None;
        }
        self.over = wake >= self.ends;
        self.bookmark_at?;
        self.bookmark_at = Some(Instant::now() + BOOKMARK_EVERY);
        Some(self.bookmark(false))
    }

    fn means(&self, object: &Value) -> bool {
        let namespace = read::namespace(&self.call);
        let name = &self.call.path.name;
        namespace.is_none_or(|namespace| object.str_at(&["metadata", "namespace"]) == Some(namespace))
            && (name.is_empty() || object.str_at(&["metadata", "name"]) == Some(name))
            && self.selector.matches(object)
    }

    /// An object that begins to match is added, one that no longer matches is deleted.
    fn event(&mut self, out: &mut BytesMut, event: &Event) {
        let before = event.previous.as_ref().is_some_and(|previous| self.means(&previous.value));
        let after = event.change != Change::Deleted && self.means(&event.object.value);
        match (before, after) {
            (false, true) => self.line(out, "ADDED", &event.object),
            (true, true) => self.line(out, "MODIFIED", &event.object),
            (true, false) if event.change == Change::Deleted => self.line(out, "DELETED", &event.object),
            (true, false) => {
                let last = event.previous.as_ref().map(|previous| previous.value.clone()).unwrap_or_default();
                self.line(out, "DELETED", &Stored::new(last, event.object.revision));
            }
            (false, false) => {}
        }
    }

    fn line(&mut self, out: &mut BytesMut, kind: &str, stored: &Stored) {
        let json = match &self.form {
            Form::Object => encode::stored_json(&self.call, stored),
            Form::Table(version) => {
                let mut options = encode::table_options(&self.call, version);
                options.headers &= !std::mem::replace(&mut self.described, true);
                let object = encode::stored_value(&self.call, stored);
                goyaml::json::to_string(&crate::table::render(&self.call.resource, &[object], &options)).into()
            }
            Form::Metadata(_) => encode::object(&self.call, &encode::stored_value(&self.call, stored), &self.form),
        };
        push_line(out, kind, &json);
    }

    fn bookmark(&mut self, initial_events_end: bool) -> Bytes {
        let mut object = Value::empty_map();
        object.set_at(&["kind"], self.call.resource.kind.as_str());
        object.set_at(&["apiVersion"], self.call.resource.api_version());
        object.set_at(&["metadata", "resourceVersion"], self.sent.to_string());
        if initial_events_end {
            object.set_at(&["metadata", "annotations", INITIAL_EVENTS_END], "true");
        }
        if let Form::Metadata(version) = &self.form {
            object = encode::metadata_only(&object, version);
        }
        let mut out = BytesMut::new();
        let json = match &self.form {
            Form::Table(_) => encode::object(&self.call, &object, &self.form),
            _ => goyaml::json::to_string(&object).into(),
        };
        push_line(&mut out, "BOOKMARK", &json);
        out.freeze()
    }

    /// The stream ends with the reason.
    fn fail(&mut self, error: &ApiError) -> Bytes {
        self.over = true;
        let mut out = BytesMut::new();
        push_line(&mut out, "ERROR", &error.json());
        out.freeze()
    }
}

fn push_line(out: &mut BytesMut, kind: &str, json: &[u8]) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(br#"","object":"#);
    out.extend_from_slice(json);
    out.extend_from_slice(b"}\n");
}
