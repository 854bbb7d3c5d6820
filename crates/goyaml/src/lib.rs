//! YAML and JSON exactly as go-yaml v2/v3 and sigs.k8s.io/yaml read and write them.
//!
//! One immutable, shareable tree of [`Value`]s goes from the parser to the wire: renderers change it by copy on write,
//! the emitter and [`json`] print it. [`origin`] tells where its values come from. The crate does no I/O.

pub mod commented;
mod emit;
pub mod json;
mod options;
pub mod origin;
pub mod parallel;
mod parse;
mod resolve;
mod scan;
mod serde_impl;
mod value;

pub use emit::{EmitError, Emitter, Profile, emit, emit_as, emit_documents};
pub use options::{Dialect, Duplicates, Limits, MAX_BYTES, MAX_DEPTH, MAX_NODES, ParseOptions};
pub use parse::{Document, MAX_ERRORS, YamlError, parse_documents, parse_first};
pub use resolve::number::{format_fixed, format_g, format_json, short_integer, shortest_exponential};
pub use value::{Key, Kind, Map, Pos, Value};
