//! Kubernetes objects as the whole product handles them: a value with its identity and its origin.
//!
//! Pure: no cluster, no clock. [`Object`] is what renderers make and the planner compares; [`ObjectKey`] says which
//! object of a cluster is meant whatever version its manifest names. Around them: [`inventory`] ids as Flux writes
//! them, [`order`] of apply and delete, [`scope`] of the built-in kinds, [`health`] by the kstatus rules and
//! [`diff`] field by field with Secrets redacted.

mod base64;
pub mod diff;
mod field_path;
pub mod health;
pub mod inventory;
mod key;
pub mod normalize;
mod object;
pub mod order;
mod origin;
mod packed;
pub mod scope;
pub mod wanted;

pub use diff::FieldDiff;
pub use field_path::{FieldPath, FieldPathError, Part};
pub use health::{Health, HealthStatus};
pub use inventory::{Entry, Inventory};
pub use key::{Gvk, ObjectKey};
pub use object::Object;
pub use order::Stage;
pub use origin::{FieldOrigin, Origin, annotated};
pub use packed::Packed;
