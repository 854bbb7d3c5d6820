//! What kustomize knows about kinds and fields before it reads a file.

pub(crate) mod fields;
pub(crate) mod kinds;
pub(crate) mod merge_keys;
pub(crate) mod references;
