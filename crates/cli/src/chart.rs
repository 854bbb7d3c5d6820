//! Charts and files of values on this machine's disk.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use helm::load::{self, LoadOptions, MAX_ARCHIVE_BYTES, MAX_CHART_BYTES, MAX_FILES};
use helm::{Chart, HelmCompat};

use crate::failure::Failure;
use crate::folder::cannot;

/// Folders within one another; links may lead in circles.
const MAX_FOLDERS: usize = 64;

/// A chart out of a folder or a `.tgz` file.
pub(crate) fn read(path: &Path, compat: HelmCompat) -> Result<Chart, Failure> {
    let metadata = fs::metadata(path).map_err(|error| missing(path, &error))?;
    let options = LoadOptions { compat, ..LoadOptions::default() };
    let chart = if metadata.is_dir() {
        let mut tree = Tree::default();
        tree.folder(path, "", 0)?;
        load::from_files(tree.files, &options)
    } else {
        load::from_archive(&bounded(path, MAX_ARCHIVE_BYTES)?, &options)
    };
    chart.map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::task(texts.join("\n"))
    })
}

fn missing(path: &Path, error: &std::io::Error) -> Failure {
    let failure = cannot("read", path, error);
    failure
        .hint("name the folder of a chart or its .tgz file; charts of repositories and registries are not fetched yet")
}

/// The bytes of a file that is not larger than it may be.
pub(crate) fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut data = Vec::new();
    let opened = fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut data));
    opened.map_err(|error| cannot("read", path, &error))?;
    if data.len() as u64 > limit {
        return Err(Failure::task(format!("{} has more than {limit} bytes", path.display())));
    }
    Ok(data)
}

#[derive(Default)]
struct Tree {
    files: Vec<(String, Arc<[u8]>)>,
    bytes: u64,
}

impl Tree {
    /// All files below a folder; links are followed, as Helm does.
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Failure> {
        if depth > MAX_FOLDERS {
            return Err(Failure::task(format!(
                "{}: folders are nested more than {MAX_FOLDERS} deep",
                folder.display()
            ))
            .hint("a link leads back to a folder above it?"));
        }
        for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
            let path = entry.map_err(|error| cannot("read", folder, &error))?.path();
            let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
            if path.is_dir() {
                self.folder(&path, &format!("{name}/"), depth + 1)?;
                continue;
            }
            let data = bounded(&path, MAX_CHART_BYTES)?;
            self.bytes += data.len() as u64;
            if self.files.len() >= MAX_FILES || self.bytes > MAX_CHART_BYTES {
                return Err(Failure::task(format!("{}: the folder is too large for a chart", path.display())));
            }
            self.files.push((name, data.into()));
        }
        Ok(())
    }
}
