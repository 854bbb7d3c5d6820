//! Kubernetes objects as the whole product handles them: a value with its identity and its origin.
//!
//! Pure: no cluster, no clock. [`Object`] is what renderers make and the planner compares; [`ObjectKey`] says which
//! object of a cluster is meant whatever version its manifest names.

mod key;
mod origin;

pub use key::{Gvk, ObjectKey};
pub use object::Object;
pub use origin::Origin;

mod object;
