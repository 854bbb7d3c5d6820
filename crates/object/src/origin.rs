//! Where an object comes from.

use std::fmt;
use std::sync::Arc;

/// The place an object was read from and what changed it on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Path of the file inside its source; empty for an object that was made by hand.
    pub file: Arc<str>,
    /// Line where the object's document starts, from 1.
    pub line: u32,
    /// What touched the object afterwards, in order, such as `patch apps/prod/patch.yaml:7`.
    pub chain: Vec<Arc<str>>,
}

/// `apps/base/web.yaml:14`
impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file, self.line)
    }
}
