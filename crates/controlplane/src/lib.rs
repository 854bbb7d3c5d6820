//! The embedded Kubernetes API server: storage, watch, patches, discovery and simulated workloads.
//!
//! [`ControlPlane::open`] gives a whole API server inside the process, in memory or in a folder. It is reached in two
//! ways: [`ControlPlane::service`] is a [`tower::Service`] for `kube::Client::new`, without a socket;
//! [`ControlPlane::listen`] serves TLS on the loopback interface for `kubectl` with the text of
//! [`ControlPlane::kubeconfig`]. Containers are never run. What differs from kube-apiserver is listed in
//! `KNOWN_DIVERGENCES.md`.

mod admit;
mod authn;
mod background;
mod body;
mod bootstrap;
mod call;
mod config;
mod convert;
mod counters;
mod crd;
mod decode;
mod defaults;
mod discovery;
mod encode;
mod fields;
mod garbage;
mod handle;
mod health;
mod kinds;
mod kubeconfig;
mod metadata;
mod namespaces;
mod openapi;
mod pki;
mod plane;
mod protobuf;
mod quantity;
mod registry;
mod reply;
mod request;
mod route;
mod schema;
mod selector;
mod serve;
mod service;
mod shape;
mod simulate;
mod status;
mod store;
mod strategy;
mod system;
mod table;
mod turns;
mod validate;
mod write;

pub use body::ResponseBody;
pub use config::{Config, Identity, Storage, Workloads};
pub use counters::RequestCount;
pub use plane::{ControlPlane, OpenError};
pub use schema::{BuiltinSchemas, SchemaError};
pub use serve::{ListenError, Listening};
pub use service::ApiService;
