//! Renders Helm charts in process, byte for byte as `helm template` prints them.
//!
//! The way of a render: files become a [`Chart`] ([`load`]), what the user set becomes one tree of values ([`values`]),
//! dependencies are switched on, renamed and cut by these values ([`dependencies`]), the values of all charts are
//! coalesced ([`values::coalesce`]) and checked against their schemas ([`schema`]), and the templates are run ([`render`])
//! and their output split into hooks and manifests in the order of installation ([`manifest`]). [`output`] prints them,
//! [`release`] keeps them as Helm does. The crate does no I/O: files, archives, time, randomness and the cluster come in as parameters.

mod cache;
mod capabilities;
mod chart;
mod compat;
mod content;
pub mod dependencies;
mod engine;
mod error;
mod files;
mod glob;
mod live;
pub mod load;
pub mod manifest;
pub mod metadata;
mod name;
mod options;
pub mod output;
mod path_match;
mod prepared;
pub mod release;
mod render;
pub mod schema;
mod scope;
pub mod sources;
mod text;
pub mod values;
mod warning;
mod yaml;

pub use gotemplate::Host as LiveInputs;

pub use cache::{MAX_CACHED, TemplateCache};
pub use capabilities::{Capabilities, HelmVersion, KubeVersion};
pub use chart::{Chart, ChartFile, Lock};
pub use compat::HelmCompat;
pub use content::Content;
pub use engine::ValueRead;
pub use error::RenderError;
pub use live::Inquiry;
pub use name::name_from_template;
pub use options::{ReleaseOptions, RenderOptions};
pub use path_match::{BadPattern, path_match};
pub use render::{Crd, Rendered, Session, check_name as check_release_name, definitions, render};
pub use warning::Warning;
