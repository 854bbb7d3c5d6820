//! The files of a working copy as they are, read into memory so that they cannot change under a renderer: all at once with
//! their ids, or each when it is asked for.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use gix::{ObjectId, bstr::ByteSlice, objs::Kind};

use super::LocalFolder;
use crate::{
    error::{SourceError, TreeError},
    snapshot::{Commit, Snapshot},
    store::digest,
    tree::{Blobs, Dir, FileTree, MAX_DEPTH, MAX_FILE, MAX_FILES, Node, OnDisk, Rules, filter, id_of, join},
};

/// Bytes of all files together.
const MAX_TOTAL: u64 = 1 << 30;
/// Folders that are never read: Git's own and ours.
const OURS: [&str; 2] = [".git", ".setpoint"];

struct Reader<'f> {
    folder: &'f LocalFolder,
    label: String,
    /// What Git tracks, which `.gitignore` does not hide; folders too. Asked for once something would be hidden.
    tracked: OnceCell<BTreeSet<String>>,
    rules: Rules,
    kept: Kept,
    count: usize,
    total: u64,
}

/// What is kept of files, by their ids.
enum Kept {
    /// Their bytes.
    Bytes(HashMap<ObjectId, Arc<[u8]>>),
    /// Where they are; the ids are numbers.
    Places(HashMap<ObjectId, OnDisk>),
}

pub(super) fn read(folder: &LocalFolder) -> Result<Snapshot, SourceError> {
    let tree = tree(folder, Kept::Bytes(HashMap::new()))?;
    let head = folder.committed().ok();
    let digest = digest(&tree);
    let short = digest.trim_start_matches("sha256:").get(..40).unwrap_or_default();
    let branch = folder.checkout().ok().flatten().and_then(|checkout| checkout.branch);
    let name = branch.as_deref().unwrap_or("dirty");
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

pub(super) fn places(folder: &LocalFolder) -> Result<FileTree, SourceError> {
    tree(folder, Kept::Places(HashMap::new()))
}

/// The files without those that the rules leave out.
fn tree(folder: &LocalFolder, kept: Kept) -> Result<FileTree, SourceError> {
    let label = format!("{} (as it is on disk)", folder.root.display());
    let mut reader = Reader {
        folder,
        label: label.clone(),
        tracked: OnceCell::new(),
        rules: Rules::default(),
        kept,
        count: 0,
        total: 0,
    };
    if let Some(git) = shared_git_dir(folder)?
        && let Ok(text) = fs::read_to_string(git.join("info/exclude"))
    {
        reader.rules.add(&text, "");
    }
    let root = reader.dir(&folder.root, "", (0, None))?.unwrap_or_else(|| Arc::new(Dir::empty()));
    let blobs = match reader.kept {
        Kept::Bytes(bytes) => Blobs::Memory(Arc::new(bytes)),
        Kept::Places(places) => Blobs::Disk(Arc::new(places)),
    };
    let whole = FileTree::new(root, blobs.clone(), label.clone());
    let left = filter(&whole, None)?;
    Ok(FileTree::new(left, blobs, label))
}

/// The folder in which Git keeps what all working copies of a repository share. Opening the repository costs more than a small
/// build, so where it is plain to see it is only looked at.
fn shared_git_dir(folder: &LocalFolder) -> Result<Option<PathBuf>, SourceError> {
    let plain = folder.root.join(".git");
    if plain.is_dir() && !plain.join("commondir").exists() {
        return Ok(Some(plain));
    }
    Ok(folder.checkout()?.map(|checkout| checkout.common_dir))
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

impl Reader<'_> {
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
            if OURS.contains(&name.as_str()) || self.rules.leaves_out(found) && !self.is_tracked(&below)? {
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
        if !file.is_symlink() && !file.is_file() {
            return Ok(None);
        }
        if file.is_file() {
            self.admit(path, file.len())?;
        }
        self.count += 1;
        if self.count > MAX_FILES {
            return Err(TreeError::TooManyFiles { tree: self.label.clone(), limit: MAX_FILES }.into());
        }
        let id = self.keep(disk, file.is_symlink()).map_err(|error| failed(&error))?;
        if file.is_symlink() {
            return Ok(Some(Node::Link(id)));
        }
        Ok(Some(Node::File { id, executable: is_executable(&file) }))
    }

    /// Keeps a file or link; its id.
    fn keep(&mut self, disk: &Path, is_link: bool) -> io::Result<ObjectId> {
        let target = || fs::read_link(disk).map(|target| target.to_string_lossy().into_owned().into_bytes());
        match &mut self.kept {
            Kept::Bytes(kept) => {
                let bytes = if is_link { target()? } else { fs::read(disk)? };
                let id =
                    gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, &bytes).map_err(io::Error::other)?;
                kept.insert(id, bytes.into());
                Ok(id)
            }
            Kept::Places(kept) => {
                let mut id = gix::hash::Kind::Sha1.null();
                id.as_mut_slice()[..8].copy_from_slice(&(self.count as u64).to_be_bytes());
                kept.insert(id, if is_link { OnDisk::known(target()?) } else { OnDisk::at(disk.to_owned()) });
                Ok(id)
            }
        }
    }

    /// Whether Git tracks a file, or one in a folder.
    fn is_tracked(&self, path: &str) -> Result<bool, SourceError> {
        if let Some(known) = self.tracked.get() {
            return Ok(known.contains(path));
        }
        let found = if self.folder.is_repository { tracked(&super::open(&self.folder.root)?) } else { BTreeSet::new() };
        Ok(self.tracked.get_or_init(|| found).contains(path))
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
