//! Bounds on what one build may cost.

/// Objects of one build.
pub(crate) const MAX_RESOURCES: usize = 250_000;

/// Levels of kustomizations that name each other.
pub(crate) const MAX_DEPTH: usize = 64;

/// Kustomizations read in one build, a base counted each time it is named.
pub(crate) const MAX_LAYERS: usize = 10_000;

/// Bytes of one file: the API refuses objects that come near it.
pub(crate) const MAX_FILE_BYTES: usize = 32 << 20;

/// Errors told of one build; more would not be read.
pub(crate) const MAX_ERRORS: usize = 200;

/// Levels of nested `List` objects.
pub(crate) const MAX_LISTS: usize = 10_000;
