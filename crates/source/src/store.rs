//! Shared clones on disk, one per URL, and the fetches that keep them fresh.
//!
//! A fetch first asks the server for its references with the caller's own credentials; only what that
//! answer allows is served, from the clone if the commit is there already. Each commit is fetched without
//! its history, and of its files only those that no earlier fetched commit had.

mod assemble;
mod clone;
mod commit;
mod wanted;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use gix::ObjectId;

use crate::{
    address::{Address, Remote},
    error::{SourceError, TreeError},
    github_app::Tokens,
    local,
    request::{Auth, GitRequest, Reference},
    snapshot::Snapshot,
    transport::{Ask, Clients, Http, Io, Session, Ssh, Wire},
    tree::{DirCache, ObjectPool},
    verify::{self, Chosen},
};

use clone::Clone as SharedClone;
pub(crate) use commit::{Place, digest, digest_of_bytes, snapshot};
use wanted::Wanted;
pub(crate) use wanted::{References, Version, choose};

/// The folder of shared clones. Cheap to clone; any thread may fetch. It is a cache: it may be deleted
/// when no process uses it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    /// `PREFIX=PREFIX`, longest first.
    mirrors: Vec<(String, String)>,
    clones: Mutex<HashMap<String, Arc<Mutex<SharedClone>>>>,
    dirs: DirCache,
    clients: Clients,
    tokens: Tokens,
    io: OnceLock<Arc<Io>>,
}

impl Store {
    /// Opens or makes the folder, readable by its owner only.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, SourceError> {
        Self::with_mirrors(dir, Vec::new())
    }

    /// The same, with addresses that begin with the first of a pair fetched from the second instead; the
    /// longest match counts. A mirror is the operator's word: it may be a folder of this machine.
    pub fn with_mirrors(dir: impl AsRef<Path>, mut mirrors: Vec<(String, String)>) -> Result<Self, SourceError> {
        let dir = dir.as_ref().to_owned();
        clone::make_private(&dir)?;
        mirrors.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Ok(Self {
            inner: Arc::new(Inner {
                dir,
                mirrors,
                clones: Mutex::default(),
                dirs: DirCache::default(),
                clients: Clients::default(),
                tokens: Tokens::default(),
                io: OnceLock::new(),
            }),
        })
    }

    /// Brings the wanted commit here, if it is not, and reads its folders. Blocks: call it on a thread
    /// that may wait (`spawn_blocking`). Fetches of one URL come one after the other.
    pub fn fetch(&self, request: &GitRequest) -> Result<Snapshot, SourceError> {
        let Auth::GitHubApp(app) = &request.auth else { return self.fetch_authorized(request) };
        let auth = self.inner.tokens.login(&self.io()?, &self.inner.clients, request, app)?;
        self.fetch_authorized(&GitRequest { auth, ..request.clone() })
    }

    fn fetch_authorized(&self, request: &GitRequest) -> Result<Snapshot, SourceError> {
        if request.is_plain() { self.fetch_one(request, false) } else { self.assemble(request) }
    }

    /// One commit: what the ignore rules leave of it, or the whole.
    fn fetch_one(&self, request: &GitRequest, whole: bool) -> Result<Snapshot, SourceError> {
        let mirrored = self.mirror(&request.url);
        let address = Address::parse(mirrored.as_deref().unwrap_or(&request.url))?;
        match &address.remote {
            Remote::File(path) if request.allow_file || mirrored.is_some() => {
                local::fetch(path, (request, whole), &self.inner.dirs)
            }
            Remote::File(_) => Err(SourceError::FileRefused { url: address.shown }),
            Remote::Http(base) => {
                let wire = Http::new(self.io()?, &self.inner.clients, request, &address, base)?;
                self.fetch_over(Box::new(wire), (request, whole), &address)
            }
            Remote::Ssh(remote) => {
                let wire = Ssh::connect(self.io()?, request, remote, &address.shown)?;
                self.fetch_over(Box::new(wire), (request, whole), &address)
            }
        }
    }

    /// The same where a reference is a text that may mean several: a commit, a tag, a branch or a full name, as Git takes it;
    /// the default branch if it is empty.
    pub fn fetch_spelled(&self, request: &GitRequest, reference: &str) -> Result<Snapshot, SourceError> {
        let ask = |reference| self.fetch(&GitRequest { reference, ..request.clone() });
        let mut meanings = Reference::spelled(reference).into_iter();
        let mut answer = ask(meanings.next().unwrap_or_default());
        for reference in meanings {
            if !matches!(answer, Err(SourceError::NoSuchReference { .. })) {
                break;
            }
            answer = ask(reference);
        }
        answer
    }

    /// The content of a single file at an http or https address, of at most `limit` bytes. Blocks as [`Self::fetch`].
    pub fn file(&self, request: &GitRequest, limit: u64) -> Result<Vec<u8>, SourceError> {
        let mirrored = self.mirror(&request.url);
        let address = Address::parse(mirrored.as_deref().unwrap_or(&request.url))?;
        let Remote::Http(base) = &address.remote else {
            return Err(SourceError::UrlInvalid { url: address.shown, cause: "a file needs http or https".to_owned() });
        };
        Http::new(self.io()?, &self.inner.clients, request, &address, base)?.file(limit)
    }

    fn fetch_over(
        &self,
        wire: Box<dyn Wire>,
        (request, whole): (&GitRequest, bool),
        address: &Address,
    ) -> Result<Snapshot, SourceError> {
        let mut session = Session::open(wire, &address.shown)?;
        let mut wanted = choose(&mut session, &request.reference, &address.shown)?;
        let shared = self.shared_clone(address)?;
        let mut clone = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if request.verification.as_ref().is_none_or(|verification| !verification.wants_tag()) {
            wanted.tag = None;
        }
        let pool = bring(&mut clone, &mut session, &wanted, address)?;
        match self.read(&pool, (request, whole), &wanted, address) {
            Err(SourceError::Tree(TreeError::Unreadable { cause, .. })) => {
                tracing::warn!(url = address.shown, cause, "the clone is damaged; it is made anew");
                clone.discard()?;
                let pool = bring(&mut clone, &mut session, &wanted, address)?;
                self.read(&pool, (request, whole), &wanted, address)
            }
            other => other,
        }
    }

    fn read(
        &self,
        pool: &Arc<ObjectPool>,
        (request, whole): (&GitRequest, bool),
        wanted: &Wanted,
        address: &Address,
    ) -> Result<Snapshot, SourceError> {
        let place = Place {
            pool,
            dirs: &self.inner.dirs,
            url: &address.shown,
            name: wanted.name.as_deref(),
            ignore: request.ignore.as_deref(),
            whole,
        };
        let verified = verify(pool, request, wanted)?;
        Ok(Snapshot { verified, ..snapshot(&place, wanted.id)? })
    }

    fn shared_clone(&self, address: &Address) -> Result<Arc<Mutex<SharedClone>>, SourceError> {
        let mut clones = self.inner.clones.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clones.get(&address.key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(Mutex::new(SharedClone::open(&self.inner.dir, &address.key)?));
        clones.insert(address.key.clone(), Arc::clone(&made));
        Ok(made)
    }

    fn mirror(&self, url: &str) -> Option<String> {
        self.inner.mirrors.iter().find_map(|(from, to)| Some(format!("{to}{}", url.strip_prefix(from.as_str())?)))
    }

    fn io(&self) -> Result<Arc<Io>, SourceError> {
        if let Some(io) = self.inner.io.get() {
            return Ok(Arc::clone(io));
        }
        let made = Io::new().map_err(|error| SourceError::Store {
            path: self.inner.dir.clone(),
            doing: "starting a thread for the network",
            cause: error.to_string(),
        })?;
        Ok(Arc::clone(self.inner.io.get_or_init(|| Arc::new(made))))
    }
}

/// Checks the signatures that a request demands; in words what was checked, if it demands any.
pub(crate) fn verify(pool: &ObjectPool, request: &GitRequest, wanted: &Wanted) -> Result<Option<String>, SourceError> {
    let Some(verification) = &request.verification else { return Ok(None) };
    let chosen = Chosen { commit: wanted.id, tag: wanted.tag, refname: &wanted.refname };
    let now = jiff::Timestamp::now();
    pool.with(|repository| verify::check(repository, &chosen, verification, now)).map(Some)
}

/// Fetches `wanted` into the clone unless it is there.
fn bring(
    clone: &mut SharedClone,
    session: &mut Session,
    wanted: &Wanted,
    address: &Address,
) -> Result<Arc<ObjectPool>, SourceError> {
    let _lock = clone.lock()?;
    if let Some(pool) = clone.with_objects(&wanted.objects()) {
        return Ok(pool);
    }
    for (want, shallow) in attempts(wanted) {
        let fresh = clone.wants_renewal() || !shallow;
        let haves = if fresh { Vec::new() } else { clone.haves() };
        let ask = Ask { want, tag: wanted.tag, haves, shallow };
        let mut incoming = clone.incoming(fresh)?;
        let bytes = session.pack(&ask, |pack| incoming.index(pack))?;
        let pool = clone.accept(&incoming, &wanted.refname, (want, shallow))?;
        tracing::debug!(url = address.shown, commit = %want, bytes, fresh, "fetched");
        if pool.with(|repository| repository.has_object(wanted.id)) {
            return Ok(pool);
        }
    }
    Err(SourceError::NoSuchReference {
        url: address.shown.clone(),
        kind: "commit",
        name: wanted.id.to_string(),
        there_are: " on the branches it lets us see".to_owned(),
    })
}

/// What to ask for, in turn: the commit itself, or the whole history of branches it may be in.
fn attempts(wanted: &Wanted) -> Vec<(ObjectId, bool)> {
    if wanted.inside.is_empty() {
        return vec![(wanted.id, true)];
    }
    wanted.inside.iter().map(|tip| (*tip, false)).collect()
}
