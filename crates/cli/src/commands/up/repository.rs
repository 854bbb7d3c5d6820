//! What the argument of `up` means: a folder on this machine or an address, which commit, with whose credentials.

use std::path::{Path, PathBuf};

use engine::{AgentSource, LocalSource, Name};
use source::{Auth, Checkout, GitRequest, LocalFolder, Reference, Snapshot, SourceError, Store};

use super::{CredentialArgs, OBJECT_NAME, ReferenceArgs, UpArgs};
use crate::failure::Failure;
use crate::folder::cannot;
use crate::mirrors::Mirror;
use crate::password;

/// Longest password that is read from standard input.
const MAX_PASSWORD_BYTES: u64 = 64 * 1024;

/// A repository that can be asked for.
#[derive(Clone)]
pub(crate) struct Repository {
    /// `spec.url` of the GitRepository.
    pub(crate) url: String,
    /// `spec.path` of the Kustomization.
    pub(crate) path: String,
    /// `spec.ref` of the GitRepository.
    pub(crate) reference: Reference,
    /// The repository's `.git` if it lies on this machine.
    pub(crate) git_dir: Option<PathBuf>,
    /// The working copy whose files are held as they are on disk, with `--dirty`.
    pub(crate) work_tree: Option<PathBuf>,
    /// Who asks.
    pub(crate) auth: Auth,
    /// Certificate authorities, PEM.
    pub(crate) ca: Option<Vec<u8>>,
}

impl Repository {
    /// The one source that may read this machine's disk.
    pub(super) fn local_source(&self) -> Option<LocalSource> {
        let (git_dir, work_tree) = (self.git_dir.clone()?, self.work_tree.clone());
        Some(LocalSource { source: Name::new(OBJECT_NAME, OBJECT_NAME), url: self.url.clone(), git_dir, work_tree })
    }

    /// The one source that may use the keys of the user's SSH agent.
    pub(super) fn agent_source(&self) -> Option<AgentSource> {
        let Auth::SshAgent { socket, known_hosts } = &self.auth else { return None };
        let (source, url) = (Name::new(OBJECT_NAME, OBJECT_NAME), self.url.clone());
        Some(AgentSource { source, url, socket: socket.clone(), known_hosts: known_hosts.clone() })
    }

    /// What the engine will find: fetched once beforehand into the store where it looks.
    pub(super) fn snapshot(&self, (store, mirrors): (PathBuf, Vec<Mirror>)) -> Result<Snapshot, SourceError> {
        match &self.work_tree {
            Some(folder) => LocalFolder::discover(folder)?.dirty(),
            None => Store::with_mirrors(store, mirrors)?.fetch(&self.request()),
        }
    }

    fn request(&self) -> GitRequest {
        let mut request = GitRequest::new(&self.url).auth(self.auth.clone());
        request.reference.clone_from(&self.reference);
        request.ca.clone_from(&self.ca);
        request.allow_file = self.git_dir.is_some();
        request
    }
}

pub(super) fn resolve(args: &UpArgs) -> Result<Repository, Failure> {
    let path = Path::new(&args.repository);
    if path.exists() { local(path, args) } else { remote(args) }
}

fn local(path: &Path, args: &UpArgs) -> Result<Repository, Failure> {
    let folder = LocalFolder::discover(path).map_err(|error| Failure::task(error.to_string()))?;
    let checkout = folder.checkout().map_err(|error| Failure::task(error.to_string()))?;
    let git_dir = match &checkout {
        Some(checkout) => checkout.git_dir.clone(),
        None if args.dirty => folder.root().join(".git"),
        None => {
            let failure = Failure::task(format!("{} is not in a Git repository", path.display()));
            return Err(failure
                .hint(
                    "Setpoint holds a cluster to commits: `git init && git add -A && git commit -m start` makes it one",
                )
                .hint("or hold the files as they are on disk, with --dirty"));
        }
    };
    let reference = given(&args.reference).unwrap_or_else(|| checked_out(checkout));
    let sub_path = args.path.as_deref().unwrap_or(folder.sub_path());
    Ok(Repository {
        url: format!("file://{}", folder.root().display()),
        path: kustomization_path(sub_path),
        reference,
        git_dir: Some(git_dir),
        work_tree: args.dirty.then(|| folder.root().to_owned()),
        auth: Auth::None,
        ca: None,
    })
}

fn remote(args: &UpArgs) -> Result<Repository, Failure> {
    let url = &ssh_address(&args.repository);
    if !is_address(url) {
        return Err(Failure::usage(format!("there is no folder {url}, and it is not the address of a Git repository"))
            .hint("give a folder, or an address such as https://git.institute.example/platform/cluster.git"));
    }
    let reference =
        given(&args.reference).unwrap_or_else(|| Reference { branch: Some("main".into()), ..Reference::default() });
    Ok(Repository {
        url: url.clone(),
        path: kustomization_path(args.path.as_deref().unwrap_or("")),
        reference,
        git_dir: None,
        work_tree: None,
        auth: credentials(url, &args.credentials)?,
        ca: args.credentials.ca_file.as_deref().map(read_file).transpose()?,
    })
}

fn is_address(text: &str) -> bool {
    is_ssh(text) || text.starts_with("https://") || text.starts_with("http://")
}

/// The short `user@host:path` in the long form, the only one that a GitRepository takes; other texts as they are.
fn ssh_address(text: &str) -> String {
    match text.split_once(':') {
        Some((host, path)) if is_ssh(text) && !text.starts_with("ssh://") => {
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => text.to_owned(),
    }
}

/// `ssh://host/path` or the short `user@host:path`.
fn is_ssh(text: &str) -> bool {
    let is_short = || {
        text.split_once(':')
            .is_some_and(|(host, path)| host.contains('@') && !host.contains('/') && !path.starts_with("//"))
    };
    text.starts_with("ssh://") || is_short()
}

fn given(args: &ReferenceArgs) -> Option<Reference> {
    let reference = Reference {
        branch: args.branch.clone(),
        tag: args.tag.clone(),
        semver: args.semver.clone(),
        name: None,
        commit: args.commit.clone(),
    };
    (reference != Reference::default()).then_some(reference)
}

/// The branch that is checked out, or the commit if none is.
fn checked_out(checkout: Option<Checkout>) -> Reference {
    match checkout.and_then(|checkout| checkout.branch) {
        Some(branch) => Reference { branch: Some(branch), ..Reference::default() },
        None => Reference { name: Some("HEAD".into()), ..Reference::default() },
    }
}

/// `./apps/dev`, as Flux writes paths.
pub(super) fn kustomization_path(path: &str) -> String {
    format!("./{}", path.trim_start_matches("./").trim_matches('/'))
}

fn credentials(url: &str, args: &CredentialArgs) -> Result<Auth, Failure> {
    if is_ssh(url) {
        return ssh_credentials(args);
    }
    if args.ssh_key.is_some() {
        return Err(Failure::usage("--ssh-key is for ssh addresses")
            .hint("for https use --username NAME --password-stdin, or --password-stdin with a token alone"));
    }
    if !args.password_stdin {
        return Ok(Auth::None);
    }
    let password = read_password()?;
    Ok(match &args.username {
        Some(username) => Auth::Basic { username: username.clone(), password },
        None => Auth::Bearer(password),
    })
}

fn ssh_credentials(args: &CredentialArgs) -> Result<Auth, Failure> {
    let known_hosts = String::from_utf8_lossy(&read_file(&expand_home(&args.known_hosts))?).into_owned();
    if let Some(path) = &args.ssh_key {
        let private_key = String::from_utf8_lossy(&read_file(&expand_home(path))?).into_owned();
        let passphrase = if args.password_stdin { Some(read_password()?) } else { None };
        return Ok(Auth::SshKey { private_key, passphrase, known_hosts });
    }
    match std::env::var_os("SSH_AUTH_SOCK") {
        Some(socket) => Ok(Auth::SshAgent { socket: socket.into(), known_hosts }),
        None => {
            Err(Failure::usage("an ssh address needs a key")
                .hint("name one with --ssh-key FILE, or start an SSH agent"))
        }
    }
}

fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| cannot("read", path, &error))
}

fn read_password() -> Result<String, Failure> {
    let password = password::from_input(MAX_PASSWORD_BYTES, Failure::usage)?;
    if password.is_empty() {
        return Err(Failure::usage("--password-stdin was given, but standard input is empty"));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_folders() {
        for address in ["https://h/r.git", "http://h/r", "ssh://git@h:22/r", "git@host:group/repo.git"] {
            assert!(is_address(address), "{address}");
        }
        for other in ["apps/dev", "./x", "a:b", "file:///etc", "user@host"] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn short_ssh_addresses_are_written_out() {
        assert_eq!(ssh_address("git@host:group/repo.git"), "ssh://git@host/group/repo.git");
        assert_eq!(ssh_address("ssh://git@host:22/r"), "ssh://git@host:22/r");
        assert_eq!(ssh_address("https://host/r"), "https://host/r");
    }

    #[test]
    fn paths_are_written_as_flux_does() {
        assert_eq!(kustomization_path(""), "./");
        assert_eq!(kustomization_path("./apps/dev/"), "./apps/dev");
        assert_eq!(kustomization_path("/apps"), "./apps");
    }
}
