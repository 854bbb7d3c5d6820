//! The files of a chart's folder.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, iter};

use goyaml::parallel;
use helm::load::{MAX_CHART_BYTES, MAX_FILES};

use super::bounded;
use crate::failure::Failure;
use crate::folder::cannot;

/// Folders within one another; links may lead in circles.
const MAX_FOLDERS: usize = 64;

/// Files whose reading is worth a thread of its own.
const FILES_OF_A_THREAD: usize = 64;

/// Files by their paths inside a chart.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) files: Vec<(String, Arc<[u8]>)>,
    bytes: u64,
}

impl Tree {
    /// Adds all files below a folder; links are followed, as Helm does.
    pub(super) fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Failure> {
        let mut found = Vec::new();
        list(folder, prefix, 0, &mut found)?;
        // Nothing more is read once it is too much; what was read by then is at most a file for each core more.
        let bytes = AtomicU64::new(self.bytes);
        let read = parallel::map(&found, FILES_OF_A_THREAD, |(path, _)| -> Result<Arc<[u8]>, Failure> {
            if bytes.load(Ordering::Relaxed) > MAX_CHART_BYTES {
                return Err(too_large(path));
            }
            let data = shared(path, MAX_CHART_BYTES)?;
            bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
            Ok(data)
        });
        let mut files = found.into_iter().zip(read);
        files.try_for_each(|((path, name), data)| self.add(&path, name, data?))
    }

    /// Adds a file; `path` is for messages.
    pub(super) fn add(&mut self, path: &Path, name: String, data: Arc<[u8]>) -> Result<(), Failure> {
        self.bytes += data.len() as u64;
        if self.files.len() >= MAX_FILES || self.bytes > MAX_CHART_BYTES {
            return Err(too_large(path));
        }
        self.files.push((name, data));
        Ok(())
    }
}

fn too_large(path: &Path) -> Failure {
    Failure::task(format!("{}: the folder is too large for a chart", path.display()))
}

/// All files below a folder with their paths inside the chart.
fn list(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<(PathBuf, String)>) -> Result<(), Failure> {
    if depth > MAX_FOLDERS {
        return Err(Failure::task(format!("{}: folders are nested more than {MAX_FOLDERS} deep", folder.display()))
            .hint("a link leads back to a folder above it?"));
    }
    for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
        let entry = entry.map_err(|error| cannot("read", folder, &error))?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        // Most file systems tell with the name what it is; of a link the other end has to be asked.
        let kind = entry.file_type().map_err(|error| cannot("read", &path, &error))?;
        if kind.is_dir() || kind.is_symlink() && path.is_dir() {
            list(&path, &format!("{name}/"), depth + 1, found)?;
        } else if found.len() < MAX_FILES {
            found.push((path, name));
        } else {
            return Err(too_large(&path));
        }
    }
    Ok(())
}

/// The bytes of a file that is not larger than it may be, read to where they stay: half of what a large chart takes is files
/// that nobody looks at.
fn shared(path: &Path, limit: u64) -> Result<Arc<[u8]>, Failure> {
    let read = || -> io::Result<Option<Arc<[u8]>>> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        let length = if length > limit { 0 } else { usize::try_from(length).unwrap_or(0) };
        let mut data: Arc<[u8]> = iter::repeat_n(0, length).collect();
        let Some(room) = Arc::get_mut(&mut data) else { return Ok(None) };
        let is_whole = length > 0 && file.read_exact(room).is_ok() && file.read(&mut [0])? == 0;
        Ok(is_whole.then_some(data))
    };
    match read().map_err(|error| cannot("read", path, &error))? {
        Some(data) => Ok(data),
        // It is no usual file, or is being written, or is too large.
        None => Ok(bounded(path, limit)?.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_all_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("templates")).unwrap();
        let mut wanted = Vec::new();
        for number in 0..3 * FILES_OF_A_THREAD {
            let (name, text) = (format!("templates/{number}.yaml"), "x".repeat(number));
            fs::write(folder.path().join(&name), &text).unwrap();
            wanted.push((format!("charts/a/{name}"), Arc::from(text.into_bytes())));
        }
        let mut tree = Tree::default();
        tree.folder(folder.path(), "charts/a/").unwrap();
        tree.files.sort();
        wanted.sort();
        assert_eq!(tree.files, wanted);
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::File::create(&path).unwrap().set_len(MAX_CHART_BYTES + 1).unwrap();
        let refused = Tree::default().folder(folder.path(), "").unwrap_err().report();
        assert!(refused.contains("large has more than"), "{refused}");
        fs::remove_file(&path).unwrap();
        fs::create_dir_all(folder.path().join("deep/".repeat(MAX_FOLDERS + 1))).unwrap();
        let refused = Tree::default().folder(folder.path(), "").unwrap_err().report();
        assert!(refused.contains("nested more than"), "{refused}");
    }
}
