//! Addresses and who answers them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, USER_AGENT};
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::live::Live;
use crate::login::Login;
use crate::pages::layout::Page;
use crate::pages::trouble::{self, Trouble};
use crate::pages::{deliveries, delivery, object, overview, source};
use crate::view::View;
use crate::{assets, delivery_actions, freshen, guard, json};

/// Largest body that is read; forms hold one token.
const BODY: usize = 16 * 1024;
/// Pages that may be freshened at once.
const STREAMS: usize = 64;
/// Asked for by the script: the changing part of a page only.
const FRAGMENT: &str = "setpoint-fragment";
/// Browsers that show text only, as they call themselves.
const TEXT_BROWSERS: [&str; 4] = ["Lynx", "w3m", "Links", "ELinks"];

/// What all answers are made from.
pub(crate) struct App {
    pub(crate) state: watch::Receiver<Arc<engine::State>>,
    pub(crate) live: Live,
    pub(crate) login: Login,
    /// True once the pages are to end.
    pub(crate) stop: watch::Receiver<bool>,
    /// Free places for pages that are freshened.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(
        state: watch::Receiver<Arc<engine::State>>,
        client: kube::Client,
        login: Login,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { state, live: Live::new(client), login, stop, streams: Arc::new(Semaphore::new(STREAMS)) }
    }

    /// Answers with a page made from the newest state.
    fn page(&self, headers: &HeaderMap, make: impl FnOnce(&View) -> Result<Page, Trouble>) -> Response {
        let state = self.state.borrow().clone();
        let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
        let drawings = !TEXT_BROWSERS.iter().any(|name| agent.starts_with(name));
        let view = View { state: &state, now: Timestamp::now(), form: self.login.form(), drawings };
        match make(&view) {
            Ok(page) => page.answer(headers.contains_key(FRAGMENT)),
            Err(trouble) => trouble::answer(&trouble),
        }
    }
}

type Shared = State<Arc<App>>;

/// All addresses.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(get_overview))
        .route("/deliveries", get(get_deliveries))
        .route("/deliveries/{namespace}/{name}", get(get_delivery))
        .route("/deliveries/{namespace}/{name}/{action}", post(delivery_actions::on_delivery))
        .route("/sources/{kind}/{namespace}/{name}", get(get_source))
        .route("/sources/{kind}/{namespace}/{name}/{action}", post(delivery_actions::on_source))
        .route("/objects/{group}/{version}/{kind}/{namespace}/{name}", get(get_object))
        .route("/events", get(freshen::stream))
        .route("/api/v1/state", get(json::get_state))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/static/{file}", get(get_asset))
        .fallback(|uri: Uri| async move { trouble::answer(&Trouble::no_page(uri.path())) })
        .method_not_allowed_fallback(|| async { trouble::answer(&Trouble::wrong_method()) })
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(app)
}

async fn get_overview(State(app): Shared, headers: HeaderMap) -> Response {
    app.page(&headers, |view| Ok(overview::page(view)))
}

async fn get_deliveries(
    State(app): Shared,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    app.page(&headers, |view| Ok(deliveries::page(view, &deliveries::Filter::read(&query))))
}

async fn get_delivery(
    State(app): Shared,
    headers: HeaderMap,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    app.page(&headers, |view| {
        delivery::page(view, &engine::Name::new(&namespace, &name), delivery_actions::done(&query))
    })
}

async fn get_source(
    State(app): Shared,
    headers: HeaderMap,
    uri: Uri,
    Path((kind, namespace, name)): Path<(String, String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    app.page(&headers, |view| {
        let kind = engine::SourceKind::parse(&kind).ok_or_else(|| Trouble::no_page(uri.path()))?;
        source::page(view, &engine::SourceName::new(kind, &namespace, &name), delivery_actions::done(&query))
    })
}

async fn get_object(
    State(app): Shared,
    headers: HeaderMap,
    Path(parts): Path<[String; 5]>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let Some(address) = object::Address::read(&parts) else { return trouble::answer(&Trouble::no_object(&parts[4])) };
    let managed = query.iter().any(|(name, value)| name == "managed" && value == "1");
    let found = app.live.object(&address.gvk, &address.key).await;
    let events = app.live.events(&address.key).await;
    app.page(&headers, |view| object::page(view, &address, object::Found { object: found, events, managed }))
}

async fn get_asset(uri: Uri) -> Response {
    match assets::find(uri.path()) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.media), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.text).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no such file\n").into_response(),
    }
}
