//! The files of a working copy as they are, read into memory so that they cannot change under a renderer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::Path,
    sync::Arc,
};

use gix::{ObjectId, bstr::ByteSlice, objs::Kind};

use super::LocalFolder;
use crate::{
    error::{SourceError, TreeError},
    snapshot::{Commit, Snapshot},
    store::digest,
    tree::{Blobs, Dir, FileTree, MAX_DEPTH, MAX_FILE, MAX_FILES, Node, Rules, filter, id_of, join},
};

/// Bytes of all files together.
const MAX_TOTAL: u64 = 1 << 30;
/// Folders that are never read: Git's own and ours.
const OURS: [&str; 2] = [".git", ".setpoint"];

struct Reader {
    label: String,
    /// What Git tracks, which `.gitignore` does not hide; folders too.
    tracked: BTreeSet<String>,
    rules: Rules,
    blobs: HashMap<ObjectId, Arc<[u8]>>,
    count: usize,
    total: u64,
}

pub(super) fn read(folder: &LocalFolder) -> Result<Snapshot, SourceError> {
    let label = format!("{} (as it is on disk)", folder.root.display());
    let mut reader = Reader {
        label: label.clone(),
        tracked: BTreeSet::new(),
        rules: Rules::default(),
        blobs: HashMap::new(),
        count: 0,
        total: 0,
    };
    let mut head = None;
    if folder.repository.is_some() {
        let repository = super::open(&folder.root)?;
        reader.tracked = tracked(&repository);
        if let Ok(text) = fs::read_to_string(repository.common_dir().join("info/exclude")) {
            reader.rules.add(&text, "");
        }
        head = folder.committed().ok();
    }
    let root = reader.dir(&folder.root, "", (0, None))?.unwrap_or_else(|| Arc::new(Dir::empty()));
    let blobs = Arc::new(reader.blobs);
    let whole = FileTree::new(root, Blobs::Memory(Arc::clone(&blobs)), label.clone());
    let left = filter(&whole, None)?;
    let tree = FileTree::new(left, Blobs::Memory(blobs), label);
    let digest = digest(&tree);
    let short = digest.trim_start_matches("sha256:").get(..40).unwrap_or_default();
    let name = folder.branch().unwrap_or("dirty");
    Ok(Snapshot {
        revision: format!("{name}-dirty@sha256:{short}"),
        commit: head.map_or_else(nobody, |head| Commit {
            subject: format!("{} (with changes that are not committed)", head.commit.subject),
            ..head.commit
        }),
        digest,
        verified: None,
        tree,
    })
}

/// What is told where nothing is committed.
fn nobody() -> Commit {
    Commit {
        id: String::new(),
        author: String::new(),
        email: String::new(),
        subject: "not committed".to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// Tracked files and the folders above them.
fn tracked(repository: &gix::Repository) -> BTreeSet<String> {
    let Ok(index) = repository.index_or_empty() else {
        return BTreeSet::new();
    };
    let mut found = BTreeSet::new();
    for entry in index.entries() {
        let path = entry.path(&index).to_str_lossy();
        for (end, _) in path.match_indices('/') {
            found.insert(path[..end].to_owned());
        }
        found.insert(path.into_owned());
    }
    found
}

impl Reader {
    /// Reads one folder; `depth` and the last rule that fits the folders above. None if it has no file.
    fn dir(
        &mut self,
        disk: &Path,
        path: &str,
        (depth, above): (usize, Option<usize>),
    ) -> Result<Option<Arc<Dir>>, SourceError> {
        if depth > MAX_DEPTH {
            return Err(TreeError::TooDeep { tree: self.label.clone(), path: path.to_owned(), limit: MAX_DEPTH }.into());
        }
        if let Ok(text) = fs::read_to_string(disk.join(".gitignore")) {
            self.rules.add(&text, path);
        }
        let failed = |error: &io::Error| SourceError::Folder { path: disk.to_owned(), cause: error.to_string() };
        let mut entries = BTreeMap::new();
        let mut count = 0;
        for entry in fs::read_dir(disk).map_err(|error| failed(&error))? {
            let entry = entry.map_err(|error| failed(&error))?;
            let kind = entry.file_type().map_err(|error| failed(&error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = join(path, &name);
            let found = self.rules.last_match(&below, kind.is_dir(), above);
            let hidden = self.rules.leaves_out(found) && !self.tracked.contains(&below);
            if hidden || OURS.contains(&name.as_str()) {
                continue;
            }
            let Some(node) = self.node(&entry.path(), &below, (depth, found))? else {
                continue;
            };
            count += 1;
            if let Node::Dir(dir) = &node {
                count += dir.count;
            }
            entries.insert(name.into(), node);
        }
        Ok((!entries.is_empty()).then(|| Arc::new(Dir { id: id_of(&entries), entries, count })))
    }

    /// One entry; none for what is neither file, link nor a folder with files (a socket, another repository).
    fn node(
        &mut self,
        disk: &Path,
        path: &str,
        (depth, found): (usize, Option<usize>),
    ) -> Result<Option<Node>, SourceError> {
        let failed = |error: &io::Error| SourceError::Folder { path: disk.to_owned(), cause: error.to_string() };
        let file = fs::symlink_metadata(disk).map_err(|error| failed(&error))?;
        if file.is_dir() {
            if disk.join(".git").exists() {
                return Ok(None);
            }
            return Ok(self.dir(disk, path, (depth + 1, found))?.map(Node::Dir));
        }
        let bytes = if file.is_symlink() {
            let target = fs::read_link(disk).map_err(|error| failed(&error))?;
            target.to_string_lossy().into_owned().into_bytes()
        } else if file.is_file() {
            self.admit(path, file.len())?;
            fs::read(disk).map_err(|error| failed(&error))?
        } else {
            return Ok(None);
        };
        self.count += 1;
        if self.count > MAX_FILES {
            return Err(TreeError::TooManyFiles { tree: self.label.clone(), limit: MAX_FILES }.into());
        }
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, &bytes)
            .map_err(|error| SourceError::Folder { path: disk.to_owned(), cause: error.to_string() })?;
        self.blobs.insert(id, bytes.into());
        if file.is_symlink() {
            return Ok(Some(Node::Link(id)));
        }
        Ok(Some(Node::File { id, executable: is_executable(&file) }))
    }

    fn admit(&mut self, path: &str, size: u64) -> Result<(), TreeError> {
        self.total += size;
        if size > MAX_FILE {
            return Err(TreeError::TooLarge { path: path.to_owned(), size, limit: MAX_FILE });
        }
        if self.total > MAX_TOTAL {
            return Err(TreeError::TooLarge { path: self.label.clone(), size: self.total, limit: MAX_TOTAL });
        }
        Ok(())
    }
}

fn is_executable(file: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}
