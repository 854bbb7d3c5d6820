//! The task behind one watch: list, then watch, from where it broke off or anew.
//!
//! Flow: `List` gives the state and a revision; `Watch` follows from there until the stream ends, and starts again at
//! the last revision (bookmarks keep it fresh). A revision that is too old (410) leads back to `List`. Errors are
//! followed by a growing pause; a refusal (401, 403, 404, 405) is said once and tried again slowly.

use std::sync::Weak;
use std::time::Duration;

use goyaml::Value;
use http_body_util::BodyExt as _;
use kube::client::Body;
use object::Gvk;
use tokio::sync::watch::Sender;

use super::{Live, Shared, WatchState};
use crate::cluster::{Request, identity};
use crate::{ApplyError, Cause, Resource};

/// Objects a page of the first list asks for.
const PAGE: usize = 500;
/// Seconds after which the server ends a watch, to be started again.
const WATCH_SECONDS: u64 = 290;
/// Longest line of a watch, in bytes: etcd's limit on an object and room to spare.
const LINE_LIMIT: usize = 16 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A watch that ends sooner is not started again at once.
const SHORT_WATCH: Duration = Duration::from_secs(1);
/// Pause after a refusal, which only an administrator can end.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);

/// Where the task is.
enum State {
    List,
    Watch { revision: String },
}

/// Why a step ended.
enum Stop {
    /// The observer is gone.
    Dropped,
    /// The revision is too old.
    Expired,
    Failed(Cause),
}

/// Runs until the observer is dropped or the task aborted.
pub(super) async fn run(shared: Weak<Shared>, gvk: Gvk, sender: Sender<WatchState>) {
    let mut state = State::List;
    let mut pause = FIRST_PAUSE;
    loop {
        state = match step(&shared, &gvk, state).await {
            Ok(next) => {
                sender.send_replace(WatchState::Synced);
                pause = FIRST_PAUSE;
                next
            }
            Err((_, Stop::Dropped)) => return,
            Err((_, Stop::Expired)) => State::List,
            Err((back, Stop::Failed(cause))) => {
                let refused = is_refusal(&cause);
                tracing::debug!(kind = %gvk, error = %cause, "watch");
                if refused {
                    sender.send_replace(WatchState::Refused(cause.to_string()));
                }
                tokio::time::sleep(if refused { REFUSED_PAUSE } else { pause }).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                back
            }
        };
    }
}

fn is_refusal(cause: &Cause) -> bool {
    matches!(cause, Cause::Status { code: 401 | 403 | 404 | 405, .. } | Cause::UnknownKind(_))
}

async fn step(shared: &Weak<Shared>, gvk: &Gvk, state: State) -> Result<State, (State, Stop)> {
    match state {
        State::List => list(shared, gvk).await.map_err(|stop| (State::List, stop)),
        State::Watch { mut revision } => match watch(shared, gvk, &mut revision).await {
            Ok(lasted) => {
                if lasted < SHORT_WATCH {
                    tokio::time::sleep(SHORT_WATCH).await;
                }
                Ok(State::Watch { revision })
            }
            Err(stop) => Err((State::Watch { revision }, stop)),
        },
    }
}

async fn list(shared: &Weak<Shared>, gvk: &Gvk) -> Result<State, Stop> {
    let (cluster, selector) = {
        let shared = shared.upgrade().ok_or(Stop::Dropped)?;
        (shared.cluster.clone(), shared.options.selector.clone())
    };
    let resource = cluster.resource(gvk).await.map_err(failed)?;
    let mut found: Vec<Live> = Vec::new();
    let mut token = String::new();
    loop {
        let request = Request::get(resource.path("", None))
            .query("labelSelector", &selector)
            .query("limit", &PAGE.to_string())
            .query("continue", &token);
        let page = cluster.fetch("list", request).await.map_err(failed)?;
        let shared = shared.upgrade().ok_or(Stop::Dropped)?;
        for item in page.get("items").and_then(Value::as_list).unwrap_or_default() {
            found.push(shared.take_in(gvk, item.clone()));
        }
        page.str_at(&["metadata", "continue"]).unwrap_or("").clone_into(&mut token);
        if token.is_empty() {
            let revision = page.str_at(&["metadata", "resourceVersion"]).unwrap_or("0").to_owned();
            shared.index().replace(gvk, found, &revision);
            return Ok(State::Watch { revision });
        }
    }
}

fn failed(error: ApplyError) -> Stop {
    match &error.cause {
        Cause::Status { code: 410, .. } => Stop::Expired,
        _ => Stop::Failed(error.cause),
    }
}

/// Follows one stream to its end; gives back how long it lasted.
async fn watch(shared: &Weak<Shared>, gvk: &Gvk, revision: &mut String) -> Result<Duration, Stop> {
    let start = tokio::time::Instant::now();
    let mut lines = {
        let (cluster, selector) = {
            let shared = shared.upgrade().ok_or(Stop::Dropped)?;
            (shared.cluster.clone(), shared.options.selector.clone())
        };
        let resource: Resource = cluster.resource(gvk).await.map_err(failed)?;
        let request = Request::get(resource.path("", None))
            .query("watch", "true")
            .query("allowWatchBookmarks", "true")
            .query("labelSelector", &selector)
            .query("resourceVersion", revision)
            .query("timeoutSeconds", &WATCH_SECONDS.to_string());
        let body = cluster.stream(&request).await.map_err(|cause| failed(ApplyError::new(None, "watch", cause)))?;
        Lines::new(body)
    };
    while let Some(line) = lines.next().await? {
        let event = goyaml::json::parse(line).map_err(|error| Stop::Failed(Cause::Answer(error.to_string())))?;
        let shared = shared.upgrade().ok_or(Stop::Dropped)?;
        shared.event(gvk, &event, revision)?;
    }
    Ok(start.elapsed())
}

impl Shared {
    /// An item as the index keeps it; items of a list come without kind and version.
    fn take_in(&self, gvk: &Gvk, mut item: Value) -> Live {
        item.set_at(&["apiVersion"], gvk.api_version());
        item.set_at(&["kind"], gvk.kind.as_str());
        Live::read(&item, &self.options.field_managers, &self.interner, &self.seal)
    }

    fn event(&self, gvk: &Gvk, event: &Value, revision: &mut String) -> Result<(), Stop> {
        let object = event.get("object").cloned().unwrap_or_default();
        let seen = object.str_at(&["metadata", "resourceVersion"]).map(str::to_owned);
        match event.str_at(&["type"]).unwrap_or("") {
            "ADDED" | "MODIFIED" => {
                let live = self.take_in(gvk, object);
                self.index().apply(&live.into());
            }
            "DELETED" => {
                let (_, key) = identity(&object);
                self.index().delete(gvk, &key, seen.as_deref().unwrap_or(""));
            }
            "BOOKMARK" => {}
            _ => return Err(error_event(&object)),
        }
        if let Some(seen) = seen {
            *revision = seen;
        }
        Ok(())
    }
}

fn error_event(status: &Value) -> Stop {
    let code = status.get("code").and_then(Value::as_i64).and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
    if code == 410 {
        return Stop::Expired;
    }
    let text = |name| status.str_at(&[name]).unwrap_or("").to_owned();
    Stop::Failed(Cause::Status { code, reason: text("reason"), message: text("message"), retry_after: None })
}

/// A body cut into lines.
struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// How far no line end was found.
    searched: usize,
}

impl Lines {
    fn new(body: Body) -> Self {
        Self { body, buffer: Vec::new(), start: 0, searched: 0 }
    }

    /// The next line that is not empty; `None` at the end of the stream.
    async fn next(&mut self) -> Result<Option<&[u8]>, Stop> {
        loop {
            if let Some(length) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let end = self.searched + length;
                let line = self.start..end;
                self.start = end + 1;
                self.searched = self.start;
                if !line.is_empty() {
                    return Ok(Some(&self.buffer[line]));
                }
                continue;
            }
            self.searched = self.buffer.len();
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Reads on; false at the end of the stream.
    async fn fill(&mut self) -> Result<bool, Stop> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.len() > LINE_LIMIT {
            return Err(Stop::Failed(Cause::Answer(format!("an event is longer than {LINE_LIMIT} bytes"))));
        }
        match self.body.frame().await {
            None => Ok(false),
            Some(Err(error)) => Err(Stop::Failed(Cause::Answer(error.to_string()))),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(&data);
                }
                Ok(true)
            }
        }
    }
}
