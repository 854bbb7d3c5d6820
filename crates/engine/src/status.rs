//! What the engine tells in `status`: pure functions from the old status and an outcome to the new one.

pub(crate) mod conditions;
pub(crate) mod history;
pub(crate) mod kustomization;
pub(crate) mod patch;
pub(crate) mod release;
pub(crate) mod source;
