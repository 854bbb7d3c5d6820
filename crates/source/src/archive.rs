//! Archives of strangers, unpacked in memory: bounded in every way, and never out of themselves.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read},
    sync::Arc,
};

use flate2::read::MultiGzDecoder;
use gix::{ObjectId, objs::Kind};
use tar::{Archive, EntryType};

use crate::{
    error::TreeError,
    store::digest,
    tree::{Blobs, Dir, FileTree, MAX_DEPTH, MAX_FILE, MAX_FILES, Node, filter, id_of},
};

/// Bytes of all files of an archive together, unpacked.
pub const MAX_UNPACKED: u64 = 256 << 20;
/// The first two bytes of what gzip packs.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An archive that is not unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Not an archive at all, or damaged.
    #[error("it is not a tar archive, packed by gzip or not: {cause}")]
    Broken {
        /// Why.
        cause: String,
    },
    /// A name that leads out of the archive.
    #[error(
        "it has a file named {name:?}, which leads out of it. Somebody may have made it to do harm; nothing of it is used"
    )]
    Climbs {
        /// The name.
        name: String,
    },
    /// A device, a hard link or the like.
    #[error("{name:?} in it is neither a file nor a folder; pack it without special files and hard links")]
    Special {
        /// Its name.
        name: String,
    },
    /// Too much.
    #[error("it has more than {limit} {what}, the most that is unpacked")]
    TooLarge {
        /// `bytes`, `files`, `folders inside each other`.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Files that are on their way to be a tree.
#[derive(Debug, Default)]
pub struct Files {
    root: Folder,
    blobs: HashMap<ObjectId, Arc<[u8]>>,
    count: usize,
    total: u64,
}

#[derive(Debug, Default)]
struct Folder {
    folders: BTreeMap<Box<str>, Self>,
    files: BTreeMap<Box<str>, (ObjectId, bool)>,
}

/// Unpacks an archive. Symbolic links are left out, as Flux does.
///
/// # Errors
/// That it is none, leads out of itself, or is too much.
pub fn unpack(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let packed: Box<dyn Read + '_> =
        if bytes.starts_with(&GZIP) { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
    let broken = |error: io::Error| ArchiveError::Broken { cause: error.to_string() };
    // Headers count too: an archive of empty files must have an end.
    let mut archive = Archive::new(packed.take(MAX_UNPACKED * 2));
    let mut files = Files::default();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::Directory | EntryType::Symlink | EntryType::XGlobalHeader => continue,
            EntryType::Regular | EntryType::Continuous => {}
            _ => return Err(ArchiveError::Special { name }),
        }
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        let mut content = Vec::new();
        (&mut entry).take(MAX_FILE + 1).read_to_end(&mut content).map_err(broken)?;
        files.add(&name, content.into(), executable)?;
    }
    Ok(files)
}

impl Files {
    /// Puts a file at a path, in the place of one that is there.
    ///
    /// # Errors
    /// That the path leads out, or that it is too much.
    pub fn add(&mut self, path: &str, content: Arc<[u8]>, executable: bool) -> Result<(), ArchiveError> {
        let large = |what, limit| ArchiveError::TooLarge { what, limit };
        self.total += content.len() as u64;
        self.count += 1;
        if self.total > MAX_UNPACKED || content.len() as u64 > MAX_FILE {
            return Err(large("bytes", if self.total > MAX_UNPACKED { MAX_UNPACKED } else { MAX_FILE }));
        }
        if self.count > MAX_FILES {
            return Err(large("files", MAX_FILES as u64));
        }
        let climbs = || ArchiveError::Climbs { name: path.to_owned() };
        if path.starts_with('/') || path.contains(['\\', '\0']) || path.split('/').any(|part| part == "..") {
            return Err(climbs());
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let Some((name, above)) = parts.split_last() else { return Err(climbs()) };
        if above.len() > MAX_DEPTH {
            return Err(large("folders inside each other", MAX_DEPTH as u64));
        }
        let hashed = gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, &content);
        let id = hashed.map_err(|error| ArchiveError::Broken { cause: error.to_string() })?;
        let mut folder = &mut self.root;
        for part in above {
            // A folder takes the place of a file, as later entries of an archive do.
            folder.files.remove(*part);
            folder = folder.folders.entry((*part).into()).or_default();
        }
        folder.folders.remove(*name);
        folder.files.insert((*name).into(), (id, executable));
        self.blobs.insert(id, content);
        Ok(())
    }

    /// All files as a tree; `label` is what messages call it.
    pub fn whole(self, label: String) -> FileTree {
        FileTree::new(Arc::new(self.root.built()), Blobs::Memory(Arc::new(self.blobs)), label)
    }

    /// The files that the ignore rules leave as a tree, and its digest.
    ///
    /// # Errors
    /// That a `.sourceignore` cannot be read.
    pub fn left(self, label: String, ignore: Option<&str>) -> Result<(FileTree, String), TreeError> {
        let blobs = Arc::new(self.blobs);
        let whole = FileTree::new(Arc::new(self.root.built()), Blobs::Memory(Arc::clone(&blobs)), label.clone());
        let tree = FileTree::new(filter(&whole, ignore)?, Blobs::Memory(blobs), label);
        let digest = digest(&tree);
        Ok((tree, digest))
    }
}

impl Folder {
    fn built(self) -> Dir {
        let folders = self.folders.into_iter().map(|(name, folder)| (name, Node::Dir(Arc::new(folder.built()))));
        let files = self.files.into_iter().map(|(name, (id, executable))| (name, Node::File { id, executable }));
        let entries: BTreeMap<Box<str>, Node> = folders.chain(files).collect();
        let below = |node: &Node| if let Node::Dir(dir) = node { dir.count } else { 0 };
        let count = entries.values().map(|node| 1 + below(node)).sum();
        Dir { id: id_of(&entries), entries, count }
    }
}

impl FileTree {
    /// Digest of the content: equal files, equal digest.
    pub fn digest(&self) -> String {
        digest(self)
    }
}
