//! Trees on disk, and texts compared.

use std::fs;
use std::io;
use std::path::Path;

use kustomize::{BuildError, MemoryFiles, Resource};

/// All files below a directory, links followed. Names that are not UTF-8 are passed over.
pub(crate) fn read(root: &Path) -> io::Result<MemoryFiles> {
    let mut files = MemoryFiles::default();
    let mut todo = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((dir, prefix, depth)) = todo.pop() {
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| *name != ".git") else { continue };
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            match fs::metadata(entry.path()) {
                Ok(kind) if kind.is_dir() && depth < 40 => todo.push((entry.path(), path, depth + 1)),
                Ok(kind) if kind.is_file() => files.insert(path, fs::read(entry.path())?),
                _ => {}
            }
        }
    }
    Ok(files)
}

/// What a build printed: objects, or errors one after another.
pub(crate) fn shown(outcome: &Result<Vec<Resource>, Vec<BuildError>>) -> String {
    match outcome {
        Ok(resources) => goyaml::emit_documents(resources.iter().map(|resource| &resource.value)),
        Err(errors) => errors.iter().flat_map(|error| [error.to_string(), "\n".to_owned()]).collect(),
    }
}

/// The first line in which two texts differ.
pub(crate) fn first_difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (mut left, mut right) = (expected.lines(), found.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (left, right) if left == right => {}
            (left, right) => {
                let line = |line: Option<&str>| line.map_or_else(|| "nothing".to_owned(), |line| format!("{line:?}"));
                return Some(format!("line {number}: expected {}, found {}", line(left), line(right)));
            }
        }
    }
    Some("they differ in line endings".to_owned())
}
