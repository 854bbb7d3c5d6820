//! The hermetic world of the tests: Git servers, chart repositories, registries, API servers embedded and real.

pub mod apiserver;
pub mod charts;
pub mod git;
mod tls;
mod web;

pub use oracle;
