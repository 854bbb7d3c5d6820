//! What is kept on disk: the newest index of each repository with the server's marks, and archives.
//!
//! An archive is kept under the place that announced it, its address and its digest: it is served only to who was
//! told that digest by that place. What is read is held against the digest, so damage is noticed.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{error::ChartError, store::MAX_ARCHIVE};
use crate::folder::make_private;

/// Archives kept; the oldest go first.
const MAX_ARCHIVES: usize = 1_000;
/// Bytes received at a time.
const BUFFER: usize = 256 << 10;
/// What a server says of an index.
const MARKS: &str = "marks.json";

/// Numbers half-received files of this process.
static COUNT: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
pub(crate) struct Keep {
    dir: PathBuf,
}

/// What the server said of the index that is kept.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Marks {
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    /// SHA-256 of the index.
    pub(super) digest: String,
}

/// A file on its way in; removed unless it is kept.
pub(super) struct Incoming {
    path: PathBuf,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Renamed away if it was kept.
        drop(fs::remove_file(&self.path));
    }
}

impl Keep {
    pub(super) fn open(dir: PathBuf) -> Result<Self, ChartError> {
        for folder in [dir.clone(), dir.join("indexes"), dir.join("archives")] {
            make_private(&folder).map_err(|error| failed(&folder, "making the folder", &error))?;
        }
        Ok(Self { dir })
    }

    /// The marks of a repository's index, if its file is there too.
    pub(super) fn marks(&self, repository: &str) -> Option<Marks> {
        let folder = self.index_folder(repository);
        let marks: Marks = serde_json::from_slice(&fs::read(folder.join(MARKS)).ok()?).ok()?;
        folder.join(&marks.digest).is_file().then_some(marks)
    }

    /// The index with this digest.
    pub(super) fn index(&self, repository: &str, digest: &str) -> Result<File, ChartError> {
        let path = self.index_folder(repository).join(digest);
        File::open(&path).map_err(|error| failed(&path, "opening an index", &error))
    }

    /// Receives an index of at most `limit` bytes and keeps it in the place of the one before. The error of the reader
    /// comes back as it is.
    pub(super) fn receive(
        &self,
        repository: &str,
        index: &mut dyn Read,
        (mut marks, limit): (Marks, u64),
    ) -> Result<Option<Marks>, Receiving> {
        let folder = self.index_folder(repository);
        let failed = |doing, error: io::Error| Receiving::Writing(failed(&folder, doing, &error));
        make_private(&folder).map_err(|error| failed("making the folder", error))?;
        let (received, mut file) = incoming(&folder).map_err(|error| failed("making a file", error))?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER];
        let mut total = 0;
        loop {
            let count = index.read(&mut buffer).map_err(Receiving::Reading)?;
            if count == 0 {
                break;
            }
            total += count as u64;
            if total > limit {
                return Ok(None);
            }
            hash.update(&buffer[..count]);
            file.write_all(&buffer[..count]).map_err(|error| failed("storing an index", error))?;
        }
        marks.digest = format!("{:x}", hash.finalize());
        publish(&folder, &received, &marks).map_err(|error| failed("storing an index", error))?;
        Ok(Some(marks))
    }

    /// A kept archive.
    pub(super) fn archive(&self, key: &ArchiveKey<'_>) -> Option<Vec<u8>> {
        let mut data = Vec::new();
        let path = self.archive_path(key);
        File::open(&path).and_then(|file| file.take(MAX_ARCHIVE + 1).read_to_end(&mut data)).ok()?;
        if hex(&data) == key.digest {
            return Some(data);
        }
        tracing::warn!(path = %path.display(), "a kept archive is damaged; it is fetched anew");
        drop(fs::remove_file(path));
        None
    }

    /// Keeps an archive. That it cannot be kept is no reason to fail.
    pub(super) fn keep_archive(&self, key: &ArchiveKey<'_>, data: &[u8]) {
        let folder = self.dir.join("archives");
        let kept = incoming(&folder).and_then(|(incoming, mut file)| {
            file.write_all(data)?;
            fs::rename(&incoming.path, self.archive_path(key))
        });
        if let Err(error) = kept {
            tracing::warn!(%error, folder = %folder.display(), "an archive cannot be kept");
        }
        sweep(&folder);
    }

    fn index_folder(&self, repository: &str) -> PathBuf {
        self.dir.join("indexes").join(hex(repository.as_bytes()))
    }

    fn archive_path(&self, key: &ArchiveKey<'_>) -> PathBuf {
        let name = hex(format!("{}\n{}\n{}", key.place, key.url, key.digest).as_bytes());
        self.dir.join("archives").join(name)
    }
}

/// What an archive is kept under.
pub(super) struct ArchiveKey<'a> {
    /// Who announced it: a repository's address or that of a folder in a registry.
    pub(super) place: &'a str,
    /// Its address.
    pub(super) url: &'a str,
    /// SHA-256 in hexadecimal digits.
    pub(super) digest: &'a str,
}

/// A file for what is received into a folder.
fn incoming(folder: &Path) -> io::Result<(Incoming, File)> {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let incoming = Incoming { path: folder.join(format!("new-{}-{number}", std::process::id())) };
    let file = File::create(&incoming.path)?;
    Ok((incoming, file))
}

/// Makes what was received a repository's index, and removes the one before.
fn publish(folder: &Path, received: &Incoming, marks: &Marks) -> io::Result<()> {
    fs::rename(&received.path, folder.join(&marks.digest))?;
    let (beside, mut file) = incoming(folder)?;
    serde_json::to_writer(&mut file, marks)?;
    fs::rename(&beside.path, folder.join(MARKS))?;
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let name = entry.file_name();
        if name != MARKS && name != *marks.digest && !name.to_string_lossy().starts_with("new-") {
            drop(fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

/// Which side failed.
pub(super) enum Receiving {
    Reading(io::Error),
    Writing(ChartError),
}

/// SHA-256 in hexadecimal digits.
pub(super) fn hex(data: &[u8]) -> String {
    format!("{:x}", Sha256::digest(data))
}

/// Removes the oldest archives above [`MAX_ARCHIVES`].
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    if found.len() > MAX_ARCHIVES {
        found.sort_unstable();
        found[..found.len() - MAX_ARCHIVES].iter().for_each(|(_, path)| drop(fs::remove_file(path)));
    }
}

fn failed(path: &Path, doing: &'static str, cause: &dyn std::fmt::Display) -> ChartError {
    ChartError::Store { path: path.to_owned(), doing, cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_served_to_who_was_told_its_digest_there() {
        let dir = tempfile::tempdir().unwrap();
        let keep = Keep::open(dir.path().join("charts")).unwrap();
        let digest = hex(b"archive");
        let key = |place, url| ArchiveKey { place, url, digest: &digest };
        keep.keep_archive(&key("https://a", "https://a/x.tgz"), b"archive");
        assert_eq!(keep.archive(&key("https://a", "https://a/x.tgz")).as_deref(), Some(&b"archive"[..]));
        assert_eq!(keep.archive(&key("https://b", "https://a/x.tgz")), None);
        assert_eq!(keep.archive(&key("https://a", "https://a/y.tgz")), None);
        fs::write(keep.archive_path(&key("https://a", "https://a/x.tgz")), b"damaged").unwrap();
        assert_eq!(keep.archive(&key("https://a", "https://a/x.tgz")), None);
    }

    #[test]
    fn the_newest_index_is_kept_alone() {
        let dir = tempfile::tempdir().unwrap();
        let keep = Keep::open(dir.path().to_owned()).unwrap();
        let receive = |text: &str, limit| {
            let marks = Marks { etag: Some(format!("\"{text}\"")), ..Marks::default() };
            keep.receive("https://a", &mut text.as_bytes(), (marks, limit)).ok().flatten()
        };
        assert!(keep.marks("https://a").is_none());
        let first = receive("one", 10).unwrap();
        let second = receive("two", 10).unwrap();
        assert!(receive("three", 4).is_none());
        assert_eq!(keep.marks("https://a").unwrap().etag.as_deref(), Some("\"two\""));
        let mut text = String::new();
        keep.index("https://a", &second.digest).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
        assert!(keep.index("https://a", &first.digest).is_err());
        assert_eq!(fs::read_dir(keep.index_folder("https://a")).unwrap().count(), 2);
    }
}
