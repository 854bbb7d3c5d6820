//! The embedded Kubernetes API server: storage, watch, patches, discovery and simulated workloads.
//!
//! [`ControlPlane::open`] gives a whole API server inside the process, in memory or in a folder. It is reached in two
//! ways: [`ControlPlane::service`] is a [`tower::Service`] for `kube::Client::new`, without a socket;
//! [`ControlPlane::listen`] serves TLS on the loopback interface for `kubectl` with the text of
//! [`ControlPlane::kubeconfig`]. Containers are never run. What differs from kube-apiserver is listed in
//! `KNOWN_DIVERGENCES.md`.

mod body;
mod config;
mod counters;
mod plane;
mod serve;
mod service;

pub use body::ResponseBody;
pub use config::{Config, Identity, Storage};
pub use counters::RequestCount;
pub use plane::{ControlPlane, OpenError};
pub use serve::{ListenError, Listening};
pub use service::ApiService;
