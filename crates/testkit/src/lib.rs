//! The hermetic world of the tests: Git servers, chart repositories, registries, API servers embedded and real.

pub mod apiserver;
pub mod charts;
pub mod git;
mod tls;
mod trial;
mod web;

pub use oracle;
pub use trial::{Backend, Case, on_each_backend, trial};
