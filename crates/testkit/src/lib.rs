//! The hermetic world of the tests: Git servers, API servers embedded and real.

pub mod apiserver;
pub mod git;

pub use oracle;
