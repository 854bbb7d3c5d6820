//! The web pages and the JSON API.
//!
//! Pages are complete without JavaScript; server-sent events freshen what is on screen. Served on loopback only, behind
//! a token that is part of the printed address.
//!
//! A page is a pure function of the engine's [`engine::State`] and a moment (`pages`, `words`, `problems`); only the
//! page of one object asks the cluster (`live`). `guard` stands before everything: names of the host, session, headers.
//! `GET /api/v1/state` gives the overview as JSON, see `json`.

mod assets;
mod attention;
mod delivery_actions;
mod freshen;
mod guard;
mod json;
mod links;
mod live;
mod login;
mod metrics;
mod pages;
mod probes;
mod redact;
mod router;
mod time;
mod view;
mod words;

#[cfg(test)]
#[path = "../tests/server/sample.rs"]
mod sample;

use std::net::SocketAddr;
use std::sync::Arc;

use engine::State;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use crate::probes::{Probes, serve_probes};

use crate::login::Login;
use crate::router::App;

/// How the pages are to be served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Loopback address; port 0 picks a free one.
    pub address: SocketAddr,
}

/// The pages could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is not a loopback address.
    #[error("the pages are served on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The port is taken or may not be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system gives no random numbers, so that no secret address can be made.
    #[error("the system gives no random numbers for the address' token: {0}")]
    Random(getrandom::Error),
}

/// Pages that are being served. Dropping it stops serving.
#[derive(Debug)]
pub struct Serving {
    url: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Starts serving the pages of an engine. `client` reads live objects for their pages and carries out the buttons.
pub async fn serve(engine: &engine::Handle, client: kube::Client, options: Options) -> Result<Serving, ServeError> {
    serve_state(engine.state(), client, options).await
}

/// Starts serving pages of any state, such as one made by hand.
pub async fn serve_state(
    state: watch::Receiver<Arc<State>>,
    client: kube::Client,
    options: Options,
) -> Result<Serving, ServeError> {
    let address = options.address;
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let login = Login::new(address.port()).map_err(ServeError::Random)?;
    let url = format!("http://{address}/?token={}", login.token());
    let (stop, stopped) = watch::channel(false);
    let router = router::router(Arc::new(App::new(state, client, login, stopped.clone())));
    let task = tokio::spawn(async move {
        let ended = async move {
            let mut stopped = stopped;
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "the pages are no longer served");
        }
    });
    Ok(Serving { url, stop, task })
}

impl Serving {
    /// The address to open, token included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops serving: answers under way are ended, open streams are closed.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}
