//! What CI runs.
use std::path::Path;
use crate::failure::Failure;
pub(crate) fn run(_root: &Path) -> Result<(), Failure> { Ok(()) }
