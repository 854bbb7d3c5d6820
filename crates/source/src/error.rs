//! What can go wrong between a URL and a file of its tree: what, why, and what to do.
//!
//! No message carries a secret: URLs are redacted before they get here.

use std::path::PathBuf;

/// A source could not be turned into a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The address is not one that Git can be spoken to.
    #[error(
        "the Git address {url:?} cannot be used: {cause}. Write it as https://host/path, ssh://git@host/path or, with `setpoint up`, a folder"
    )]
    UrlInvalid {
        /// The address, without user and password.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
    /// `file://` from a manifest, which would let a tenant read the host's disk.
    #[error(
        "{url} is a folder of this machine; neither a GitRepository in the cluster nor a submodule may read it. Use `setpoint up {url}`, or an https:// or ssh:// address"
    )]
    FileRefused {
        /// The address.
        url: String,
    },
    /// The server refused the credentials, or wants some.
    #[error("{url} refused access: {cause}. {remedy}")]
    AuthenticationRefused {
        /// The address, without user and password.
        url: String,
        /// What the server said.
        cause: String,
        /// Which secret field to look at.
        remedy: &'static str,
    },
    /// A private key that cannot be read.
    #[error(
        "the private key for {url} cannot be used: {cause}. Put the whole key file into `identity` of the secret, and its passphrase, if it has one, into `password`"
    )]
    KeyUnusable {
        /// The address.
        url: String,
        /// What is wrong with the key; never the key.
        cause: String,
    },
    /// Nothing at this address, or nothing these credentials may see.
    #[error(
        "there is no Git repository at {url} ({cause}). Check the address; a private repository also looks like this to credentials that may not see it"
    )]
    NoSuchRepository {
        /// The address.
        url: String,
        /// What the server said.
        cause: String,
    },
    /// Nothing at the address of a single file.
    #[error(
        "there is no file at {url} ({cause}). Check the address; a private file also looks like this to a stranger"
    )]
    NoSuchFile {
        /// The address.
        url: String,
        /// What the server said.
        cause: String,
    },
    /// A branch, tag, name or commit that is not there.
    #[error("{url} has no {kind} {name:?}{there_are}. Correct `spec.ref` or push the {kind}")]
    NoSuchReference {
        /// The address.
        url: String,
        /// `branch`, `tag`, `reference` or `commit`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// `; there are: main, develop`, or empty.
        there_are: String,
    },
    /// A revision of a local repository that is none, as `git rev-parse` would say.
    #[error(
        "{url} has no revision {revision:?}: {cause}. Name a branch, a tag or a commit; a shallow clone may have to be deepened (`git fetch --unshallow`)"
    )]
    NoSuchRevision {
        /// The repository.
        url: String,
        /// As written.
        revision: String,
        /// What is wrong.
        cause: String,
    },
    /// A commit id that is not 40 hexadecimal digits.
    #[error("{commit:?} is not a commit id: {cause}. Write all 40 hexadecimal digits into `spec.ref.commit`")]
    CommitInvalid {
        /// As written.
        commit: String,
        /// What is wrong.
        cause: String,
    },
    /// A `spec.ref.semver` that is not a version range.
    #[error(
        "{range:?} is not a version range: {cause}. Write for example \">=1.2.0 <2.0.0\", \"1.x\" or \"*\" into `spec.ref.semver`"
    )]
    SemverInvalid {
        /// As written.
        range: String,
        /// What is wrong.
        cause: String,
    },
    /// No tag lies in the range.
    #[error("no tag of {url} is a version in {range:?} ({seen}). Push such a tag or widen `spec.ref.semver`")]
    NoSemverMatch {
        /// The address.
        url: String,
        /// The range.
        range: String,
        /// How many tags there are and which is the newest version.
        seen: String,
    },
    /// A repository without a single commit.
    #[error("{url} has no commits yet. Push one; it is fetched when it is there")]
    EmptyRepository {
        /// The address.
        url: String,
    },
    /// The SSH server's key is not in `known_hosts`.
    #[error(
        "the key of SSH server {host} is not known ({algorithm} {fingerprint}). Compare that fingerprint with what the operators of {host} publish, then add the output of `ssh-keyscan {scan}` to `known_hosts` of the secret"
    )]
    HostKeyUnknown {
        /// `host` or `[host]:port`, as in `known_hosts`.
        host: String,
        /// Key type.
        algorithm: String,
        /// `SHA256:…`.
        fingerprint: String,
        /// Arguments for ssh-keyscan.
        scan: String,
    },
    /// The SSH server shows another key than the one in `known_hosts`.
    #[error(
        "the key of SSH server {host} has CHANGED: it shows {algorithm} {fingerprint}, line {line} of `known_hosts` says otherwise. Someone may be listening in. Only when the operators of {host} announced a new key, replace that line"
    )]
    HostKeyChanged {
        /// `host` or `[host]:port`.
        host: String,
        /// Key type.
        algorithm: String,
        /// `SHA256:…`.
        fingerprint: String,
        /// 1-based line of `known_hosts`.
        line: usize,
    },
    /// `known_hosts` itself is missing or unreadable.
    #[error(
        "SSH access to {url} needs `known_hosts`: {cause}. Put the output of `ssh-keyscan {host}` into `known_hosts` of the secret, after comparing the fingerprints"
    )]
    KnownHostsMissing {
        /// The address.
        url: String,
        /// The host to scan.
        host: String,
        /// Why.
        cause: String,
    },
    /// The server's certificate does not hold.
    #[error(
        "the TLS certificate of {url} is not trusted: {cause}. If the server uses an institute's own certificate authority, put its certificate into `ca.crt` of the secret"
    )]
    Tls {
        /// The address.
        url: String,
        /// What rustls said.
        cause: String,
    },
    /// A CA bundle, client certificate or proxy address that cannot be used.
    #[error("{what} for {url} cannot be used: {cause}. Correct it in the secret")]
    SettingInvalid {
        /// `ca.crt`, `tls.crt`, `the proxy address`.
        what: &'static str,
        /// The repository's address.
        url: String,
        /// What is wrong.
        cause: String,
    },
    /// Too slow.
    #[error(
        "{url} took longer than {seconds} s ({doing}). It is tried again; for a very large repository raise `spec.timeout`"
    )]
    Timeout {
        /// The address.
        url: String,
        /// The limit.
        seconds: u64,
        /// What was under way.
        doing: &'static str,
    },
    /// No connection at all.
    #[error("{url} cannot be reached: {cause}. It is tried again; check the address, DNS, firewall and proxy")]
    Unreachable {
        /// The address.
        url: String,
        /// What the operating system said.
        cause: String,
    },
    /// The other side does not speak Git as it should.
    #[error(
        "{url} did not answer as a Git server does while {doing}: {cause}. Check that the address is the one `git clone` takes"
    )]
    Protocol {
        /// The address.
        url: String,
        /// What was under way.
        doing: &'static str,
        /// What was wrong.
        cause: String,
    },
    /// A GitHub App gets no token.
    #[error("the GitHub App gets no token: {cause}")]
    GitHubApp {
        /// Why.
        cause: String,
    },
    /// A submodule could not be fetched.
    #[error("submodule {path:?} cannot be fetched: {cause}")]
    Submodule {
        /// Where the tree names it.
        path: String,
        /// Why.
        #[source]
        cause: Box<Self>,
    },
    /// A submodule that is not fetched whatever happens.
    #[error("{cause}. Correct `.gitmodules`, or turn `spec.recurseSubmodules` off")]
    SubmoduleRefused {
        /// Why.
        cause: String,
    },
    /// A folder of `spec.sparseCheckout` that is not there.
    #[error(
        "failed to sparse checkout directories : sparse checkout dir '{path}' does not exist in repository. Correct `spec.sparseCheckout`"
    )]
    SparseMissing {
        /// As written.
        path: String,
    },
    /// A folder of another source cannot be put where the spec wants it.
    #[error("{cause}")]
    Include {
        /// The condition's reason.
        reason: &'static str,
        /// What is wrong and what to do.
        cause: String,
    },
    /// A signature that is missing or wrong.
    #[error("{cause}")]
    Unverified {
        /// The condition's reason.
        reason: &'static str,
        /// What is wrong and what to do.
        cause: String,
    },
    /// A file of the tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The folder of the shared clones.
    #[error("the store folder {path} failed while {doing}: {cause}. Check free space and permissions; it may be deleted at any time, it is only a cache", path = path.display())]
    Store {
        /// Where.
        path: PathBuf,
        /// What was under way.
        doing: &'static str,
        /// What happened.
        cause: String,
    },
    /// A folder outside any Git repository.
    #[error("{path} is not inside a Git repository. Make it one with `git init && git add -A && git commit -m start`, or use --dirty to read the files as they are", path = path.display())]
    NotARepository {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that is not there.
    #[error("the folder {path} cannot be read: {cause}. Check the path", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
}

impl SourceError {
    /// The condition's reason, in Flux's words (`URLInvalid`, `AuthenticationFailed`, …).
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UrlInvalid { .. } | Self::FileRefused { .. } => "URLInvalid",
            Self::AuthenticationRefused { .. }
            | Self::KeyUnusable { .. }
            | Self::KnownHostsMissing { .. }
            | Self::GitHubApp { .. }
            | Self::SettingInvalid { .. } => "AuthenticationFailed",
            Self::Store { .. } => "StorageOperationFailed",
            Self::Unverified { reason, .. } | Self::Include { reason, .. } => reason,
            _ => "GitOperationFailed",
        }
    }

    /// Whether trying again without a change of the spec is pointless (Flux: `Stalled`).
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::UrlInvalid { .. }
                | Self::FileRefused { .. }
                | Self::SemverInvalid { .. }
                | Self::CommitInvalid { .. }
                | Self::Unverified { reason: "InvalidVerificationMode", .. }
        )
    }
}

/// A path of a tree could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// Nothing there.
    #[error("{path}: no such file in {tree}")]
    NotFound {
        /// The path asked for.
        path: String,
        /// Which tree, by revision.
        tree: String,
    },
    /// A folder where a file was asked for.
    #[error("{path} is a folder, not a file")]
    IsFolder {
        /// The path.
        path: String,
    },
    /// A symbolic link that points out of the repository.
    #[error(
        "{link} is a symbolic link to {target:?}, outside the repository. Only links inside it are followed; put a copy of the file there instead"
    )]
    LinkEscapes {
        /// The link's path.
        link: String,
        /// Where it points.
        target: String,
    },
    /// A symbolic link to nothing.
    #[error("{link} is a symbolic link to {target:?}, which does not exist")]
    LinkDangles {
        /// The link's path.
        link: String,
        /// Where it points.
        target: String,
    },
    /// A chain of more links than are followed.
    #[error("{path} leads through more than {limit} symbolic links; there is probably a circle. Remove one of them")]
    TooManyLinks {
        /// The path asked for.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// A file in a submodule, which is not fetched.
    #[error(
        "{path} lies in the submodule {submodule}, which is not fetched. Copy the files into this repository or make a second source of it"
    )]
    InSubmodule {
        /// The path asked for.
        path: String,
        /// The submodule's path.
        submodule: String,
    },
    /// Larger than [`MAX_FILE`](crate::MAX_FILE).
    #[error(
        "{path} has {size} bytes, more than the {limit} a file may have. Leave it out by `.sourceignore`, or keep it elsewhere"
    )]
    TooLarge {
        /// The path.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// More entries than [`MAX_FILES`](crate::MAX_FILES).
    #[error("{tree} has more than {limit} files. Use a smaller repository for what is deployed")]
    TooManyFiles {
        /// Which tree.
        tree: String,
        /// The limit.
        limit: usize,
    },
    /// Folders nested too deep.
    #[error("{tree} nests folders deeper than {limit}, at {path}. Flatten it")]
    TooDeep {
        /// Which tree.
        tree: String,
        /// The folder.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// The object database does not give the object.
    #[error(
        "{path} of {tree} cannot be read from the object database: {cause}. It is fetched anew at the next reconciliation"
    )]
    Unreadable {
        /// The path.
        path: String,
        /// Which tree.
        tree: String,
        /// What gix said.
        cause: String,
    },
}
