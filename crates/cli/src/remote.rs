//! Remote files and bases of `setpoint build`, brought here by Setpoint's own Git client.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use kustomize::{EntryKind, FileError, Files, Remote, RepositoryAddress};
use render::TreeFiles;
use source::{Auth, GitRequest, Reference, Snapshot, SourceError, Store};

/// Bytes of one remote file.
const MAX_FILE: u64 = 32 << 20;

/// Digits of a commit's full id.
const COMMIT_DIGITS: usize = 40;

/// What remote addresses are fetched with: one bare clone for each repository, in the user's cache. It is opened for the
/// first address: most builds name none, and need no cache that can be written.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    store: OnceLock<Result<Store, String>>,
}

impl Fetched {
    fn store(&self) -> Result<&Store, String> {
        let store = self.store.get_or_init(|| Store::open(cache("sources")).map_err(|error| error.to_string()));
        store.as_ref().map_err(Clone::clone)
    }
}

/// A repository at a reference.
fn fetch(store: &Store, address: &RepositoryAddress, reference: Reference) -> Result<Snapshot, SourceError> {
    let url = &address.repository;
    let auth = credentials(url);
    let timeout = address.timeout;
    let request = GitRequest { reference, auth, timeout, allow_file: true, ..GitRequest::new(url) };
    store.fetch(&request)
}

impl Remote for Fetched {
    fn repository(&self, address: &RepositoryAddress) -> Result<Arc<dyn Files>, String> {
        let store = self.store()?;
        let mut answer = Err(String::new());
        for reference in references(&address.reference) {
            match fetch(store, address, reference) {
                Ok(snapshot) => return Ok(Arc::new(Tree(snapshot))),
                Err(error @ SourceError::NoSuchReference { .. }) => answer = Err(error.to_string()),
                Err(error) => return Err(error.to_string()),
            }
        }
        answer
    }

    fn file(&self, url: &str) -> Result<Arc<[u8]>, String> {
        let request = GitRequest { timeout: kustomize::DEFAULT_TIMEOUT, ..GitRequest::new(url) };
        self.store()?.file(&request, MAX_FILE).map(Arc::from).map_err(|error| error.to_string())
    }
}

/// What a `?ref=` may mean, in the order in which Git tries it.
fn references(text: &str) -> Vec<Reference> {
    let named = |name: String| Reference { name: Some(name), ..Reference::default() };
    if text.is_empty() {
        return vec![named("HEAD".to_owned())];
    }
    if text.len() == COMMIT_DIGITS && text.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return vec![Reference { commit: Some(text.to_owned()), ..Reference::default() }];
    }
    let full = text.starts_with("refs/").then(|| named(text.to_owned()));
    let short = ["refs/tags/", "refs/heads/"].map(|prefix| named(format!("{prefix}{text}")));
    full.into_iter().chain(short).collect()
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

/// A fetched tree.
struct Tree(Snapshot);

impl Files for Tree {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        TreeFiles::new(&self.0.tree).read(path)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        TreeFiles::new(&self.0.tree).kind(path)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        TreeFiles::new(&self.0.tree).list(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reference_may_mean() {
        let names = |text: &str| references(text).into_iter().filter_map(|found| found.name).collect::<Vec<_>>();
        assert_eq!(names(""), ["HEAD"]);
        assert_eq!(names("v1"), ["refs/tags/v1", "refs/heads/v1"]);
        assert_eq!(names("refs/pull/1/head")[0], "refs/pull/1/head");
        let commit = "0123456789012345678901234567890123456789";
        assert_eq!(references(commit)[0].commit.as_deref(), Some(commit));
    }
}
