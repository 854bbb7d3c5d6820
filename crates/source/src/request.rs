//! What a caller wants: which repository, which reference, with whose credentials.

use std::{fmt, time::Duration};

use crate::{address::redact, github_app::GitHubApp, tree::FileTree, verify::Verification};

/// Flux's default of `spec.timeout`.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// One fetch, as a `GitRepository` describes it.
#[derive(Clone, Debug)]
pub struct GitRequest {
    /// `https://`, `http://`, `ssh://`, `git@host:path`, and with `allow_file` also `file://` or a path.
    pub url: String,
    /// Which commit.
    pub reference: Reference,
    /// Whose rights.
    pub auth: Auth,
    /// PEM of certificate authorities trusted beside the system's.
    pub ca: Option<Vec<u8>>,
    /// A client certificate for mutual TLS (`tls.crt`, `tls.key`).
    pub client_certificate: Option<ClientCertificate>,
    /// A proxy for http(s).
    pub proxy: Option<Proxy>,
    /// For the whole fetch.
    pub timeout: Duration,
    /// Whether the host's disk may be read. Only `setpoint up` sets it.
    pub allow_file: bool,
    /// `spec.ignore`: gitignore lines that come after all `.sourceignore` files.
    pub ignore: Option<String>,
    /// Which signatures the commit needs; a commit without them is not given out.
    pub verification: Option<Verification>,
    /// Whether submodules are fetched too.
    pub submodules: bool,
    /// Of the repository only what is below these paths; all where there are none.
    pub sparse: Vec<String>,
    /// Folders of other sources that are put into this one.
    pub include: Vec<Include>,
}

/// A folder of another source that is put into this one.
#[derive(Clone, Debug)]
pub struct Include {
    /// What messages call the other source.
    pub name: String,
    /// Its files.
    pub tree: FileTree,
    /// Folder there; the root if it is empty.
    pub from: String,
    /// Folder here, which must not be there yet.
    pub to: String,
}

impl GitRequest {
    /// A request for `url` with Flux's defaults: branch `master`, 60 s, nobody's credentials.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            reference: Reference::default(),
            auth: Auth::None,
            ca: None,
            client_certificate: None,
            proxy: None,
            timeout: DEFAULT_TIMEOUT,
            allow_file: false,
            ignore: None,
            verification: None,
            submodules: false,
            sparse: Vec::new(),
            include: Vec::new(),
        }
    }

    /// Whether one commit is all there is to it.
    pub(crate) fn is_plain(&self) -> bool {
        !self.submodules && self.sparse.is_empty() && self.include.is_empty()
    }

    /// The address for messages.
    pub(crate) fn url_shown(&self) -> String {
        redact(&self.url)
    }

    /// The same request for a branch.
    #[must_use]
    pub fn branch(mut self, branch: impl Into<String>) -> Self {
        self.reference.branch = Some(branch.into());
        self
    }

    /// The same request with these credentials.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }
}

/// `spec.ref`. Flux's precedence, lowest first: branch, tag, semver, name, commit. `master` if all are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// A branch.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// A range; the highest tag in it is taken.
    pub semver: Option<String>,
    /// A full name (`refs/pull/1/head`).
    pub name: Option<String>,
    /// A commit id; `branch`, if set, then only names it in the revision.
    pub commit: Option<String>,
}

/// Digits of a commit's full id.
const COMMIT_DIGITS: usize = 40;

impl Reference {
    /// What a text may mean that is a commit, a tag, a branch or a full name, in the order in which Git tries it; the default
    /// branch if it is empty.
    pub(crate) fn spelled(text: &str) -> Vec<Self> {
        let named = |name: String| Self { name: Some(name), ..Self::default() };
        if text.is_empty() {
            return vec![named("HEAD".to_owned())];
        }
        if text.len() == COMMIT_DIGITS && text.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return vec![Self { commit: Some(text.to_owned()), ..Self::default() }];
        }
        let full = text.starts_with("refs/").then(|| named(text.to_owned()));
        let short = ["refs/tags/", "refs/heads/"].map(|prefix| named(format!("{prefix}{text}")));
        full.into_iter().chain(short).collect()
    }
}

/// Credentials. `Debug` shows none of them.
#[derive(Clone, Default)]
pub enum Auth {
    /// None.
    #[default]
    None,
    /// HTTP Basic.
    Basic {
        /// User.
        username: String,
        /// Password or token.
        password: String,
    },
    /// HTTP Bearer.
    Bearer(String),
    /// As a GitHub App: its token, got when it is needed.
    GitHubApp(Box<GitHubApp>),
    /// An SSH key from a secret.
    SshKey {
        /// The private key file's text (OpenSSH, PKCS#8 or PKCS#1).
        private_key: String,
        /// Its passphrase.
        passphrase: Option<String>,
        /// Lines as in `~/.ssh/known_hosts`.
        known_hosts: String,
    },
    /// The keys of the user's SSH agent (`setpoint up` on a laptop).
    SshAgent {
        /// The agent's socket (`SSH_AUTH_SOCK`).
        socket: std::path::PathBuf,
        /// Lines as in `~/.ssh/known_hosts`.
        known_hosts: String,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
            Self::GitHubApp(_) => "GitHubApp(…)",
            Self::SshKey { .. } => "SshKey(…)",
            Self::SshAgent { .. } => "SshAgent",
        })
    }
}

/// A client certificate and its key.
#[derive(Clone)]
pub struct ClientCertificate {
    /// PEM of the chain.
    pub certificate: Vec<u8>,
    /// PEM of the key.
    pub key: Vec<u8>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ClientCertificate(…)")
    }
}

/// `spec.proxySecretRef`.
#[derive(Clone)]
pub struct Proxy {
    /// `http://host:port`, `https://…` or `socks5://…`.
    pub address: String,
    /// User.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Proxy(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn what_a_text_may_mean() {
        let names =
            |text: &str| Reference::spelled(text).into_iter().filter_map(|found| found.name).collect::<Vec<_>>();
        assert_eq!(names(""), ["HEAD"]);
        assert_eq!(names("v1"), ["refs/tags/v1", "refs/heads/v1"]);
        assert_eq!(names("refs/pull/1/head")[0], "refs/pull/1/head");
        let commit = "0123456789012345678901234567890123456789";
        assert_eq!(Reference::spelled(commit)[0].commit.as_deref(), Some(commit));
    }
}
