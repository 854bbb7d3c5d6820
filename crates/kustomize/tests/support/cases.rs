//! The recorded cases.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of all cases: those two levels below the root.
pub(crate) fn all(root: &Path) -> Vec<PathBuf> {
    let below = |dir: &Path| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let mut cases: Vec<PathBuf> = below(root).iter().flat_map(|family| below(family)).collect();
    cases.sort();
    cases
}

/// The directory of a case that is built: `overlay` if there is one.
pub(crate) fn start(case: &Path) -> &'static str {
    if case.join("overlay").is_dir() { "overlay" } else { "" }
}
