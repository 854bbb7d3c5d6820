//! Typed merge, field sets, managed fields and strategic merge patch as the API server does them.
//!
//! A [`Schema`] says of which shape the objects of a kind are. With its [`Type`] an object can be merged, compared and
//! turned into a [`FieldSet`]; [`managed`] builds server-side apply on that: who owns which field, conflicts, pruning.
//! [`strategic`], [`json_patch`] and [`json_merge`] are the three other patch formats. The crate has no clock and does
//! no I/O: the time of an operation is handed in.

mod field_set;
mod go_text;
pub mod json_merge;
pub mod json_patch;
pub mod managed;
mod path;
mod schema;
pub mod strategic;
mod typed;

pub use field_set::{FieldSet, FieldsError, project};
pub use path::{PathElement, PathError, display};
pub use schema::{Gvk, Schema, SchemaError, Type};
pub use typed::{Comparison, Duplicates, TypeErrors};
