//! One URL's bare clone on disk.
//!
//! A clone lives in generations (`g1`, `g2`, …), each a bare repository without history. It is renewed
//! as a new generation when too many packs have gathered or when it is damaged; the old one is removed
//! once no snapshot reads from it. Everything goes through files that `git` itself understands:
//! `refs/setpoint/…` keeps fetched commits from any garbage collection, `shallow` says where history ends.

use std::{
    fs::{self, File},
    io::{self, BufRead},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use gix::{ObjectId, odb::pack::Bundle};
use sha2::{Digest, Sha256};

use crate::{error::SourceError, folder, tree::ObjectPool};

/// Packs after which a clone is renewed: each fetch adds one, and looking into many is slow.
const MAX_PACKS: usize = 200;
/// Packs the object database can hold open; more than [`MAX_PACKS`], as renewal may fail for a while.
const PACK_SLOTS: u16 = 512;
/// Commits named to the server as here already.
const MAX_HAVES: usize = 64;
/// Bytes of one object while a pack is unpacked.
const MAX_OBJECT: usize = 1 << 30;
/// Where fetched commits are remembered, one file each.
const REFS: &str = "refs/setpoint";

/// Numbers half-made generations of this process.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The clone of one URL.
#[derive(Debug)]
pub(super) struct Clone {
    dir: PathBuf,
    current: Option<Generation>,
}

#[derive(Debug)]
struct Generation {
    number: u64,
    folder: Arc<Folder>,
    pool: Arc<ObjectPool>,
}

/// A generation's folder: removed with its last user, if it has been replaced.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    replaced: AtomicBool,
    /// A shared lock that tells other processes that it is read.
    in_use: Option<File>,
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.in_use.take());
        if self.replaced.load(Ordering::Acquire) {
            remove_if_unused(&self.path);
        }
    }
}

/// A pack on its way in.
pub(super) struct Incoming {
    path: PathBuf,
    /// Objects the pack may build upon.
    bases: Option<Arc<ObjectPool>>,
    fresh: bool,
}

impl Clone {
    /// Finds or makes the folder of the repository called `key`.
    pub(super) fn open(store: &Path, key: &str) -> Result<Self, SourceError> {
        let dir = store.join(format!("{:x}", Sha256::digest(key)));
        make_private(&dir)?;
        let mut clone = Self { dir, current: None };
        let _lock = clone.lock()?;
        clone.refresh();
        clone.sweep();
        Ok(clone)
    }

    /// Keeps other processes from changing the clone until the file is dropped.
    pub(super) fn lock(&self) -> Result<File, SourceError> {
        let path = self.dir.join("lock");
        let locked = File::create(&path).and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| failed(&path, "taking the lock", &error))
    }

    /// The object database, if all these objects are in it.
    pub(super) fn with_objects(&mut self, ids: &[ObjectId]) -> Option<Arc<ObjectPool>> {
        self.refresh();
        let pool = self.current.as_ref().map(|current| &current.pool);
        pool.filter(|pool| pool.with(|repository| ids.iter().all(|id| repository.has_object(*id)))).cloned()
    }

    /// Whether the next fetch should start from nothing.
    pub(super) fn wants_renewal(&self) -> bool {
        let Some(current) = &self.current else {
            return true;
        };
        let packs = names(&current.folder.path.join("objects/pack"));
        packs.iter().filter(|name| is_pack(name)).count() >= MAX_PACKS
    }

    /// Commits that are here, newest first.
    pub(super) fn haves(&self) -> Vec<ObjectId> {
        let Some(current) = &self.current else {
            return Vec::new();
        };
        let refs = current.folder.path.join(REFS);
        let mut found: Vec<(SystemTime, ObjectId)> = names(&refs)
            .iter()
            .filter_map(|name| {
                let path = refs.join(name);
                let text = fs::read_to_string(&path).ok()?;
                let changed = path.metadata().and_then(|file| file.modified()).ok()?;
                Some((changed, ObjectId::from_hex(text.trim().as_bytes()).ok()?))
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        let mut haves: Vec<ObjectId> = Vec::new();
        for (_, id) in found {
            if !haves.contains(&id) && haves.len() < MAX_HAVES {
                haves.push(id);
            }
        }
        haves
    }

    /// A place for a pack: in the current generation, or if `fresh` in one to come.
    pub(super) fn incoming(&self, fresh: bool) -> Result<Incoming, SourceError> {
        if let Some(current) = self.current.as_ref().filter(|_| !fresh) {
            let bases = Some(Arc::clone(&current.pool));
            return Ok(Incoming { path: current.folder.path.clone(), bases, fresh });
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(format!("new-{}-{number}", std::process::id()));
        let made = gix::ThreadSafeRepository::init_opts(
            &path,
            gix::create::Kind::Bare,
            gix::create::Options::default(),
            gix::open::Options::isolated(),
        );
        made.map_err(|error| failed(&path, "making a clone", &error))?;
        Ok(Incoming { path, bases: None, fresh: true })
    }

    /// Remembers `id` as the commit of `refname` and makes the pack part of the clone.
    pub(super) fn accept(
        &mut self,
        incoming: &Incoming,
        refname: &str,
        ask: (ObjectId, bool),
    ) -> Result<Arc<ObjectPool>, SourceError> {
        let (id, shallow) = ask;
        let name = format!("{:x}", Sha256::digest(refname));
        let refs = incoming.path.join(REFS);
        let written = fs::create_dir_all(&refs)
            .and_then(|()| replace(&refs.join(name), format!("{id}\n")))
            .and_then(|()| if shallow { add_shallow(&incoming.path, id) } else { Ok(()) });
        written.map_err(|error| failed(&incoming.path, "writing a reference", &error))?;
        if incoming.fresh {
            self.advance(&incoming.path)?;
        }
        let current = self.current.as_ref();
        current.map(|current| Arc::clone(&current.pool)).ok_or_else(|| SourceError::Store {
            path: self.dir.clone(),
            doing: "opening the clone just made",
            cause: "it is not readable".to_owned(),
        })
    }

    /// Throws the current generation away, because it is damaged.
    pub(super) fn discard(&mut self) -> Result<(), SourceError> {
        let _lock = self.lock()?;
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        let path = current.folder.path.clone();
        fs::remove_dir_all(&path).map_err(|error| failed(&path, "removing a damaged clone", &error))
    }

    /// Makes the repository at `path` the current generation.
    fn advance(&mut self, path: &Path) -> Result<(), SourceError> {
        let next = generations(&self.dir).last().map_or(1, |(number, _)| number + 1);
        let target = self.dir.join(format!("g{next}"));
        fs::rename(path, &target).map_err(|error| failed(&target, "renaming a clone", &error))?;
        let opened = open_generation(next, target.clone()).map_err(|cause| SourceError::Store {
            path: target,
            doing: "opening the clone just made",
            cause,
        })?;
        if let Some(old) = self.current.replace(opened) {
            old.folder.replaced.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Follows another process that made a newer generation, or removed ours.
    fn refresh(&mut self) {
        let newest = generations(&self.dir).pop();
        if newest.as_ref().map(|(number, _)| *number) == self.current.as_ref().map(|current| current.number) {
            return;
        }
        if let Some(old) = self.current.take() {
            old.folder.replaced.store(true, Ordering::Release);
        }
        let Some((number, path)) = newest else {
            return;
        };
        match open_generation(number, path.clone()) {
            Ok(opened) => self.current = Some(opened),
            Err(cause) => {
                tracing::warn!(path = %path.display(), cause, "a clone cannot be opened; it is made anew");
                drop(fs::remove_dir_all(path));
            }
        }
    }

    /// Removes what earlier processes left: replaced generations and half-made ones.
    fn sweep(&self) {
        let current = self.current.as_ref().map(|current| current.folder.path.clone());
        for name in names(&self.dir) {
            let path = self.dir.join(&name);
            if path.is_dir() && Some(&path) != current.as_ref() {
                remove_if_unused(&path);
            }
        }
    }
}

impl Incoming {
    /// Writes the pack and its index beside the others.
    pub(super) fn index(&mut self, pack: &mut dyn BufRead) -> Result<(), SourceError> {
        let directory = self.path.join("objects/pack");
        let bases = self.bases.as_ref().map(|pool| pool.with(|repository| repository.objects.clone()));
        let options =
            gix::odb::pack::bundle::write::Options { alloc_limit_bytes: Some(MAX_OBJECT), ..Default::default() };
        let outcome = Bundle::write_to_directory(
            pack,
            Some(&directory),
            &mut gix::progress::Discard,
            &AtomicBool::new(false),
            bases,
            gix::hash::Kind::Sha1,
            options,
        );
        let outcome = outcome.map_err(|error| SourceError::Store {
            path: directory,
            doing: "storing received objects",
            cause: error.to_string(),
        })?;
        // The reference protects the pack from now on.
        if let Some(keep) = outcome.keep_path {
            drop(fs::remove_file(keep));
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.fresh && self.path.exists() {
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

fn open_generation(number: u64, path: PathBuf) -> Result<Generation, String> {
    let in_use = File::create(path.join("in-use"))
        .and_then(|file| file.lock_shared().map(|()| file))
        .map_err(|error| error.to_string())?;
    let repository = gix::open::Options::isolated()
        .open_path_as_is(true)
        .object_store_slots(gix::odb::store::init::Slots::Given(PACK_SLOTS))
        .open(&path)
        .map_err(|error| error.to_string())?;
    let folder = Arc::new(Folder { path, replaced: AtomicBool::new(false), in_use: Some(in_use) });
    let keep: Arc<dyn std::any::Any + Send + Sync> = Arc::clone(&folder) as _;
    Ok(Generation { number, folder, pool: Arc::new(ObjectPool::new(repository, Some(keep))) })
}

/// The generations in `dir`, oldest first.
fn generations(dir: &Path) -> Vec<(u64, PathBuf)> {
    let mut found: Vec<(u64, PathBuf)> =
        names(dir).iter().filter_map(|name| Some((name.strip_prefix('g')?.parse().ok()?, dir.join(name)))).collect();
    found.sort_unstable();
    found
}

fn remove_if_unused(path: &Path) {
    let in_use = path.join("in-use");
    let free = match File::options().write(true).open(&in_use) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if free {
        drop(fs::remove_dir_all(path));
    }
}

/// Makes `path`, for its owner only.
pub(super) fn make_private(path: &Path) -> Result<(), SourceError> {
    folder::make_private(path).map_err(|error| failed(path, "making the folder", &error))
}

fn add_shallow(path: &Path, id: ObjectId) -> io::Result<()> {
    let file = path.join("shallow");
    let mut text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let line = id.to_string();
    if !text.lines().any(|known| known == line) {
        text.push_str(&line);
        text.push('\n');
        replace(&file, text)?;
    }
    Ok(())
}

/// Writes a file whole or not at all.
fn replace(path: &Path, text: String) -> io::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(beside, path)
}

fn is_pack(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|kind| kind == "pack")
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

fn failed(path: &Path, doing: &'static str, cause: &dyn std::fmt::Display) -> SourceError {
    SourceError::Store { path: path.to_owned(), doing, cause: cause.to_string() }
}
