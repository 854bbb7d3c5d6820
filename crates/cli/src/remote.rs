//! Remote files and bases of `setpoint build` and its kin, brought here by Setpoint's own Git client.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use kustomize::{Files, Remote, RepositoryAddress};
use render::{MAX_REMOTE_FILE, SnapshotFiles};
use source::{Auth, GitRequest, Store};

use crate::chart::Pulled;
use crate::failure::Failure;
use crate::mirrors::{Mirror, MirrorArgs};

/// What remote addresses are fetched with: one bare clone for each repository, in the user's cache. It is opened for the
/// first address: most builds name none, and need no cache that can be written.
#[derive(Debug)]
pub(crate) struct Fetched {
    mirrors: Vec<Mirror>,
    store: OnceLock<Result<Store, String>>,
}

impl Fetched {
    pub(crate) fn new(mirrors: Vec<Mirror>) -> Self {
        Self { mirrors, store: OnceLock::new() }
    }

    fn store(&self) -> Result<&Store, String> {
        let store = self.store.get_or_init(|| {
            Store::with_mirrors(cache("sources"), self.mirrors.clone()).map_err(|error| error.to_string())
        });
        store.as_ref().map_err(Clone::clone)
    }
}

impl Remote for Fetched {
    fn repository(&self, address: &RepositoryAddress) -> Result<Arc<dyn Files>, String> {
        let (url, timeout) = (&address.repository, address.timeout);
        let request = GitRequest { auth: credentials(url), timeout, allow_file: true, ..GitRequest::new(url) };
        let fetched = self.store()?.fetch_spelled(&request, &address.reference);
        fetched
            .map(|snapshot| Arc::new(SnapshotFiles::new(snapshot)) as Arc<dyn Files>)
            .map_err(|error| error.to_string())
    }

    fn file(&self, url: &str) -> Result<Arc<[u8]>, String> {
        let request = GitRequest { timeout: kustomize::DEFAULT_TIMEOUT, ..GitRequest::new(url) };
        self.store()?.file(&request, MAX_REMOTE_FILE).map(Arc::from).map_err(|error| error.to_string())
    }
}

/// What is fetched for a repository as a whole; nothing if the user says so.
pub(crate) fn fetch(is_off: bool, mirrors: &MirrorArgs) -> Result<repository::Fetch, Failure> {
    let mirrors = mirrors.read()?;
    if is_off {
        return Ok(repository::Fetch::default());
    }
    let remote = Some(Arc::new(Fetched::new(mirrors.clone())) as Arc<dyn Remote>);
    Ok(repository::Fetch { remote, charts: Some(Arc::new(Pulled::new(mirrors))) })
}

/// The keys of the user's agent for ssh; nobody's for the rest.
fn credentials(url: &str) -> Auth {
    let is_ssh = url.starts_with("ssh://") || !url.contains("://");
    match (std::env::var_os("SSH_AUTH_SOCK"), std::env::var_os("HOME")) {
        (Some(socket), Some(home)) if is_ssh => {
            let known_hosts = std::fs::read_to_string(Path::new(&home).join(".ssh/known_hosts")).unwrap_or_default();
            Auth::SshAgent { socket: socket.into(), known_hosts }
        }
        _ => Auth::None,
    }
}

/// A folder of the user's cache.
pub(crate) fn cache(name: &str) -> PathBuf {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    named.or_else(usual).unwrap_or_else(std::env::temp_dir).join("setpoint").join(name)
}
