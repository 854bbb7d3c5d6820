//! What a caller wants: which repository, which reference, with whose credentials.

use std::{fmt, time::Duration};

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
        }
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
