//! The chart of the tests.

use std::path::{Path, PathBuf};

use helm::Chart;
use helm::load::{self, LoadOptions};

use crate::world::files;

/// Its folder.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chart")
}

/// A chart from its folder.
pub(crate) fn load(folder: &Path) -> Chart {
    load::from_files(files(folder), &LoadOptions::default()).expect("a chart")
}

/// A chart of these files in a folder, for both.
pub(crate) fn write(folder: &Path, files: &[(&str, &[u8])]) -> Chart {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    load(folder)
}
