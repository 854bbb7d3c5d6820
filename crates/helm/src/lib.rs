//! Renders Helm charts in process, byte for byte as `helm template` prints them.
//!
//! The way of a render: files become a [`Chart`] ([`load`]), what the user set becomes one tree of values ([`values`]),
//! dependencies are switched on, renamed and cut by these values ([`dependencies`]), the values of all charts are
//! coalesced ([`values::coalesce`]) and checked against their schemas ([`schema`]), and the templates are run (`engine`)
//! and their output split into hooks and manifests in the order of installation (`manifest`). The crate does no I/O:
//! files, archives, time, randomness and the cluster come in as parameters.

mod chart;
mod compat;
pub mod dependencies;
pub mod load;
pub mod metadata;
mod path_match;
pub mod schema;
pub mod sources;
mod text;
pub mod values;
mod warning;
mod yaml;

pub use chart::{Chart, ChartFile, Lock};
pub use compat::HelmCompat;
pub use path_match::{BadPattern, path_match};
pub use warning::Warning;
