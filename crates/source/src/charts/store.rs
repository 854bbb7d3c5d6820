//! The store of charts and the ways of a fetch.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{
    error::ChartError,
    keep::{Keep, hex},
    registry::{Reference, Registry},
    repository::{Repository, check},
    request::{Access, ChartPlace, ChartRequest, is_oci},
    web::{Place, Web},
};
use crate::{
    request::Auth,
    transport::{Clients, Io},
};

/// Bytes of an archive as it is sent. Helm bounds only what comes out of it, by the same number.
pub const MAX_ARCHIVE: u64 = 100 << 20;

/// A chart's archive and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartArchive {
    /// As the index or the tag has it; empty for an archive at an address of its own.
    pub version: String,
    /// The `.tgz` file.
    pub bytes: Arc<[u8]>,
    /// `sha256:…` of these bytes.
    pub digest: String,
    /// Where it was fetched from, without user, password and query.
    pub url: String,
    /// `sha256:…` of the manifest, if it came from a registry.
    pub manifest: Option<String>,
}

/// What a request comes to before anything is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The chosen version; empty for an archive at an address of its own.
    pub version: String,
    /// SHA-256 of the archive in hexadecimal digits, as announced; empty if nothing announces it.
    pub digest: String,
    /// The archive's address.
    pub url: String,
}

/// The folder where indexes and archives are kept. Cheap to clone; any thread may fetch. It is a cache: it may be deleted
/// when no process uses it.
#[derive(Clone, Debug)]
pub struct ChartStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    keep: Keep,
    /// `PREFIX=PREFIX`, longest first.
    mirrors: Vec<(String, String)>,
    clients: Clients,
    io: OnceLock<Arc<Io>>,
    /// One for each repository, so that its index is brought once where many ask at the same time.
    locks: Mutex<HashMap<String, Arc<Mutex<()>>>>,
}

impl ChartStore {
    /// Opens or makes the folder, readable by its owner only.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, ChartError> {
        Self::with_mirrors(dir, Vec::new())
    }

    /// The same, with addresses that begin with the first of a pair fetched from the second instead; the longest match
    /// counts. `oci://` addresses are mirrored by `oci://` prefixes.
    pub fn with_mirrors(dir: impl AsRef<Path>, mut mirrors: Vec<(String, String)>) -> Result<Self, ChartError> {
        mirrors.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let inner = Inner {
            keep: Keep::open(dir.as_ref().to_owned())?,
            mirrors,
            clients: Clients::default(),
            io: OnceLock::new(),
            locks: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the wanted chart here. Blocks: call it on a thread that may wait (`spawn_blocking`).
    pub fn fetch(&self, request: &ChartRequest) -> Result<ChartArchive, ChartError> {
        match &request.place {
            ChartPlace::Repository { url, name } => {
                let (web, place) = self.enter(url, request)?;
                let repository = self.repository(&web, place, request);
                let chosen = self.alone(&repository, || repository.resolve(name, request.wanted()))?;
                self.fetch_resolved(&repository, chosen, request)
            }
            ChartPlace::Archive { url } => {
                let (web, place) = self.enter(url, request)?;
                let bytes = self.repository(&web, place.clone(), request).download(&place)?;
                Ok(archive(String::new(), bytes, place.shown()))
            }
            ChartPlace::Registry { reference } => {
                let (reference, access) = self.registry(reference, &request.access)?;
                let web = self.web_for(&access, &reference.shown())?;
                Registry::new(&web, &self.inner.keep, &access, reference)?.fetch(request.wanted())
            }
        }
    }

    /// Which version a request means now, and where its archive is; the archive is not fetched. Blocks as
    /// [`Self::fetch`].
    pub fn resolve(&self, request: &ChartRequest) -> Result<Resolved, ChartError> {
        match &request.place {
            ChartPlace::Repository { url, name } => {
                let (web, place) = self.enter(url, request)?;
                let repository = self.repository(&web, place, request);
                self.alone(&repository, || repository.resolve(name, request.wanted()))
            }
            ChartPlace::Archive { url } => {
                let place = Place::parse(url)?;
                Ok(Resolved { version: String::new(), digest: String::new(), url: place.shown() })
            }
            ChartPlace::Registry { reference } => {
                let (reference, access) = self.registry(reference, &request.access)?;
                let web = self.web_for(&access, &reference.shown())?;
                Registry::new(&web, &self.inner.keep, &access, reference)?.resolve(request.wanted())
            }
        }
    }

    /// Asks a chart repository for its index, and gives `sha256:…` of it. Blocks as [`Self::fetch`].
    pub fn index_digest(&self, request: &ChartRequest) -> Result<Option<String>, ChartError> {
        let ChartPlace::Repository { url, .. } = &request.place else {
            return Ok(None);
        };
        let (web, place) = self.enter(url, request)?;
        let repository = self.repository(&web, place, request);
        let marks = self.alone(&repository, || repository.refresh())?;
        Ok(Some(format!("sha256:{}", marks.digest)))
    }

    /// The archive of a version that an index lists; it may be in a registry.
    fn fetch_resolved(
        &self,
        repository: &Repository<'_>,
        chosen: Resolved,
        request: &ChartRequest,
    ) -> Result<ChartArchive, ChartError> {
        if !is_oci(&chosen.url) {
            let bytes = repository.archive(&chosen)?;
            let shown = Place::parse(&chosen.url)?.shown();
            return Ok(archive(chosen.version, bytes, shown));
        }
        let mut access = request.access.clone();
        if !access.pass_credentials {
            access.auth = Auth::None;
        }
        let (reference, access) = self.registry(&chosen.url, &access)?;
        let registry = Registry::new(repository.web, &self.inner.keep, &access, reference)?;
        let fetched = registry.fetch("")?;
        if !chosen.digest.is_empty() {
            check(&fetched.bytes, &chosen, &repository.place.shown())?;
        }
        Ok(ChartArchive { version: chosen.version, ..fetched })
    }

    fn repository<'a>(&'a self, web: &'a Web, place: Place, request: &'a ChartRequest) -> Repository<'a> {
        let index = request.index.as_deref();
        Repository { web, keep: &self.inner.keep, access: &request.access, index, place }
    }

    fn enter(&self, url: &str, request: &ChartRequest) -> Result<(Web, Place), ChartError> {
        let place = Place::parse(&self.mirrored(url))?;
        Ok((self.web(request, &place.shown())?, place))
    }

    fn web(&self, request: &ChartRequest, shown: &str) -> Result<Web, ChartError> {
        self.web_for(&request.access, shown)
    }

    /// What a fetch with this access talks through.
    pub(crate) fn web_for(&self, access: &Access, shown: &str) -> Result<Web, ChartError> {
        Web::new(self.io()?, &self.inner.clients, access, shown)
    }

    /// What requests go through that are not about charts.
    pub(crate) fn network(&self) -> Result<(Arc<Io>, &Clients), ChartError> {
        Ok((self.io()?, &self.inner.clients))
    }

    /// Where archives are kept.
    pub(crate) fn keep(&self) -> &Keep {
        &self.inner.keep
    }

    /// Does what is done with a repository's index one after the other.
    fn alone<T>(&self, repository: &Repository<'_>, work: impl FnOnce() -> T) -> T {
        let key = repository.place.url.as_str();
        let mut locks = self.inner.locks.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = Arc::clone(locks.entry(key.to_owned()).or_default());
        drop(locks);
        let _turn = lock.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// The place in a registry that an `oci://` address leads to, and how it is reached: a mirror at an `http://` address is a
    /// registry that is spoken to without TLS.
    pub(crate) fn registry(&self, url: &str, access: &Access) -> Result<(Reference, Access), ChartError> {
        let mirrored = self.mirrored(url);
        let mut access = access.clone();
        let plain = mirrored.strip_prefix("http://").filter(|_| is_oci(url));
        access.plain_http |= plain.is_some();
        let reference = plain.map(|rest| format!("oci://{rest}"));
        Ok((Reference::parse(reference.as_deref().unwrap_or(&mirrored))?, access))
    }

    /// The address that an address is fetched from.
    fn mirrored(&self, url: &str) -> String {
        let mirror = |(from, to): &(String, String)| Some(format!("{to}{}", url.strip_prefix(from.as_str())?));
        self.inner.mirrors.iter().find_map(mirror).unwrap_or_else(|| url.to_owned())
    }

    fn io(&self) -> Result<Arc<Io>, ChartError> {
        if let Some(io) = self.inner.io.get() {
            return Ok(Arc::clone(io));
        }
        let made = Io::new().map_err(|error| ChartError::Store {
            path: "network".into(),
            doing: "starting a thread",
            cause: error.to_string(),
        })?;
        Ok(Arc::clone(self.inner.io.get_or_init(|| Arc::new(made))))
    }
}

pub(super) fn archive(version: String, bytes: Vec<u8>, url: String) -> ChartArchive {
    let digest = format!("sha256:{}", hex(&bytes));
    ChartArchive { version, bytes: bytes.into(), digest, url, manifest: None }
}
