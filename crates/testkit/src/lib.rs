//! The hermetic world of the tests: Git servers, chart repositories, registries, API servers embedded and real.

pub mod apiserver;
pub mod charts;
pub mod git;
mod github;
mod object_store;
mod proxy;
mod tls;
mod trial;
mod web;

pub use github::GitHubMock;
pub use object_store::{LyingStore, ObjectStore};
pub use oracle;
pub use proxy::ForwardProxy;
pub use trial::{Backend, Case, on_each_backend, trial};
