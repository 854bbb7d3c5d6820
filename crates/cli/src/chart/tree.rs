//! The files of a chart's folder.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, iter};

use goyaml::parallel;
use helm::Content;
use helm::load::{Ignore, MAX_CHART_BYTES, MAX_FILE_BYTES, MAX_FILES, is_definition};

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
    pub(super) files: Vec<(String, Content)>,
    bytes: u64,
    pub(super) unread: Unread,
}

/// What became of files that are read when somebody looks at them: why the first of them that could not be read could not.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<Mutex<Option<Failure>>>);

impl Unread {
    /// To be asked before anything is made of what was rendered.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// A file that can be opened now, and is read when somebody looks at it.
    fn later(&self, path: &Path) -> Result<Content, Failure> {
        let size =
            fs::File::open(path).and_then(|file| file.metadata()).map_err(|error| cannot("read", path, &error))?;
        let (path, unread) = (path.to_path_buf(), self.clone());
        let read = move || {
            shared(&path, MAX_CHART_BYTES).unwrap_or_else(|failure| {
                unread.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                Arc::default()
            })
        };
        Ok(Content::later(size.len(), read))
    }
}

impl Tree {
    /// One whose definitions are told of there.
    pub(super) fn new(unread: Unread) -> Self {
        Self { unread, ..Self::default() }
    }

    /// Adds all files below a folder but those that its `.helmignore` names; links are followed, as Helm does.
    pub(super) fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Failure> {
        let ignore = bounded(&folder.join(Ignore::FILE), MAX_FILE_BYTES);
        let ignore = ignore.map_or_else(|_| Ignore::default(), |text| Ignore::of(&text));
        let mut found = Files::new();
        list(folder, "", (0, &ignore), &mut found)?;
        // Nothing more is read once it is too much; what was read by then is at most a file for each core more.
        let bytes = AtomicU64::new(self.bytes);
        let read = parallel::map(&found, FILES_OF_A_THREAD, |(path, name)| -> Result<Content, Failure> {
            if bytes.load(Ordering::Relaxed) > MAX_CHART_BYTES {
                return Err(too_large(path));
            }
            if is_definition(name) {
                return self.unread.later(path);
            }
            let data = shared(path, MAX_CHART_BYTES)?;
            bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
            Ok(data.into())
        });
        let mut files = found.into_iter().zip(read);
        files.try_for_each(|((path, name), data)| self.add(&path, format!("{prefix}{name}"), data?))
    }

    /// Adds a file; `path` is for messages.
    pub(super) fn add(&mut self, path: &Path, name: String, data: Content) -> Result<(), Failure> {
        self.bytes += data.size();
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

/// Files with their paths inside the chart.
type Files = Vec<(PathBuf, String)>;

/// All files below a folder that are not ignored; `prefix` is its path inside the chart.
fn list(folder: &Path, prefix: &str, (depth, ignore): (usize, &Ignore), found: &mut Files) -> Result<(), Failure> {
    if depth > MAX_FOLDERS {
        return Err(Failure::task(format!("{}: folders are nested more than {MAX_FOLDERS} deep", folder.display()))
            .hint("a link leads back to a folder above it?"));
    }
    // Those inside come when this one is closed, so that only one is open, with its room, at any time.
    let mut folders = Files::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
        let entry = entry.map_err(|error| cannot("read", folder, &error))?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        // Most file systems tell with the name what it is; of a link the other end has to be asked.
        let kind = entry.file_type().map_err(|error| cannot("read", &path, &error))?;
        if found.len() + folders.len() >= MAX_FILES {
            return Err(too_large(&path));
        }
        if kind.is_dir() || kind.is_symlink() && path.is_dir() {
            if !ignore.folder(&name) {
                folders.push((path, name + "/"));
            }
        } else if !ignore.file(&name) {
            found.push((path, name));
        }
    }
    folders.iter().try_for_each(|(path, name)| list(path, name, (depth + 1, ignore), found))
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
        let is_whole = length > 0 && file.read_exact(room).is_ok();
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
            wanted.push((format!("charts/a/{name}"), Content::from(Arc::from(text.into_bytes()))));
        }
        let mut tree = Tree::default();
        tree.folder(folder.path(), "charts/a/").unwrap();
        tree.files.sort_by(|(left, _), (right, _)| left.cmp(right));
        wanted.sort_by(|(left, _), (right, _)| left.cmp(right));
        assert_eq!(tree.files, wanted);
    }

    #[test]
    fn definitions_are_read_when_somebody_looks() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("crds");
        fs::create_dir(&place).unwrap();
        for name in ["kept.yaml", "lost.yaml"] {
            fs::write(place.join(name), "kind: CustomResourceDefinition\n").unwrap();
        }
        let mut tree = Tree::default();
        tree.folder(folder.path(), "charts/a/").unwrap();
        fs::write(place.join("kept.yaml"), "kind: Other\n").unwrap();
        fs::remove_file(place.join("lost.yaml")).unwrap();
        tree.files.sort_by(|(left, _), (right, _)| left.cmp(right));
        let [(_, kept), (_, lost)] = &tree.files[..] else { panic!("{:?}", tree.files) };
        assert_eq!((&**kept, tree.unread.check().is_ok()), (&b"kind: Other\n"[..], true));
        assert!(lost.is_empty());
        let refused = tree.unread.check().unwrap_err().report();
        assert!(refused.contains("cannot read") && refused.contains("lost.yaml"), "{refused}");
        assert!(is_definition("crds/a") && is_definition("charts/a/charts/b/crds/c/d"));
        assert!(!is_definition("templates/crds/a") && !is_definition("charts/crds/a"));
    }

    #[test]
    fn what_is_ignored_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (lost, kept) = (folder.path().join("lost/deeper"), folder.path().join("kept"));
        for place in [&lost, &kept] {
            fs::create_dir_all(place).unwrap();
            fs::write(place.join("a.txt"), "a").unwrap();
        }
        fs::File::create(lost.join("large")).unwrap().set_len(MAX_CHART_BYTES + 1).unwrap();
        fs::File::create(kept.join("large.bak")).unwrap().set_len(MAX_CHART_BYTES + 1).unwrap();
        fs::write(folder.path().join(Ignore::FILE), "/lost/\n*.bak\n").unwrap();
        let mut tree = Tree::default();
        tree.folder(folder.path(), "charts/a/").unwrap();
        let mut names: Vec<&str> = tree.files.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["charts/a/.helmignore", "charts/a/kept/a.txt"]);
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
