//! How an engine is to run.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{Clock, Name, SystemClock};

/// Fetches that may run at once.
const FETCHES: usize = 4;
/// Renders that may run at once per processor.
const RENDERS_PER_CPU: usize = 1;
/// Deliveries that may be applied at once.
const APPLIES: usize = 16;
/// Jitter of intervals, in percent, as Flux's default.
const JITTER_PERCENT: u8 = 5;
/// Full checks: one in so many intervals.
const SWEEP_INTERVALS: u32 = 10;

/// How an engine is to run. `Options::new(dir)` has the defaults of a controller.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Folder where fetched repositories are kept between runs.
    pub store_dir: PathBuf,
    /// Addresses that begin with the first of a pair are fetched from the second; the longest match counts.
    pub mirrors: Vec<(String, String)>,
    /// The one `GitRepository` that may name a `file://` address; its repository is watched for commits.
    pub local: Option<LocalSource>,
    /// The one `GitRepository` that may use the keys of the user's SSH agent.
    pub agent: Option<AgentSource>,
    /// Where objects without a namespace go in one delivery; they are refused in all others.
    pub default_namespace: Option<DefaultNamespace>,
    /// Watches only this namespace's sources and Kustomizations; all when `None`.
    pub namespace: Option<String>,
    /// Where the Leases of Flux's own controllers are looked for, beside which nothing is written; everywhere when
    /// `None`.
    pub flux_namespace: Option<String>,
    /// A full check in so many intervals; none when `None`.
    pub sweep: Option<u32>,
    /// Jitter of intervals, in percent.
    pub jitter_percent: u8,
    /// Refuses references into other namespaces.
    pub no_cross_namespace_refs: bool,
    /// Addresses whose signatures nobody looks at, although their sources ask for it: each and what begins with it and a
    /// slash.
    pub allow_unverified: Vec<String>,
    /// Lets those who wait for a HelmRelease go on, although nothing is done with it.
    pub without_releases: bool,
    /// `ServiceAccount` of Kustomizations that name none; the engine's own rights when `None`.
    pub default_service_account: Option<String>,
    /// Secret with the age keys of Kustomizations whose `decryption` names none.
    pub sops_age_secret: Option<Name>,
    /// Refuses encrypted files that were changed after they were encrypted, which Flux reads; they are told of otherwise.
    pub sops_require_mac: bool,
    /// Fails on variables without a value, as Flux's default.
    pub strict_substitutions: bool,
    /// Fetches repositories and files that kustomizations name by addresses; refused otherwise.
    pub remote_bases: bool,
    /// Applies the `CustomResourceDefinitions` of the kinds that the engine reads before it starts.
    pub install_crds: bool,
    /// Fetches that may run at once.
    pub fetches: usize,
    /// Renders that may run at once.
    pub renders: usize,
    /// Deliveries that may be applied at once.
    pub applies: usize,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A repository on this machine that the caller of `up` named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalSource {
    /// The `GitRepository` that may name it.
    pub source: Name,
    /// The address, exactly as its `spec.url` has it.
    pub url: String,
    /// The folder whose references are watched: `.git` of a working copy, or a bare repository.
    pub git_dir: PathBuf,
    /// The working copy, if its files are to be held as they are on disk rather than as they are committed.
    pub work_tree: Option<PathBuf>,
}

/// The keys of an SSH agent, for the one source that the caller of `up` named. They cannot leave the agent, so no
/// Secret holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSource {
    /// The `GitRepository` that may use them.
    pub source: Name,
    /// The address, exactly as its `spec.url` has it: the keys are offered to no other.
    pub url: String,
    /// The agent's socket.
    pub socket: PathBuf,
    /// Lines as in `~/.ssh/known_hosts`.
    pub known_hosts: String,
}

/// Where objects without a namespace go, as with `kubectl apply`: for the one delivery that `up` made for a repository that
/// need not know Flux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultNamespace {
    /// The delivery.
    pub delivery: Name,
    /// The namespace.
    pub namespace: String,
}

impl Options {
    /// Where a delivery's objects go that name no namespace.
    pub(crate) fn default_namespace_of(&self, delivery: &Name) -> Option<&str> {
        let default = self.default_namespace.as_ref().filter(|default| default.delivery == *delivery)?;
        Some(&default.namespace)
    }

    /// The defaults of a controller that keeps its repositories in `store_dir`.
    pub fn new(store_dir: PathBuf) -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            store_dir,
            mirrors: Vec::new(),
            local: None,
            agent: None,
            default_namespace: None,
            namespace: None,
            flux_namespace: None,
            sweep: Some(SWEEP_INTERVALS),
            jitter_percent: JITTER_PERCENT,
            no_cross_namespace_refs: false,
            allow_unverified: Vec::new(),
            without_releases: false,
            default_service_account: None,
            sops_age_secret: None,
            sops_require_mac: false,
            strict_substitutions: true,
            remote_bases: true,
            install_crds: true,
            fetches: FETCHES,
            renders: cpus * RENDERS_PER_CPU,
            applies: APPLIES,
            clock: Arc::new(SystemClock::new()),
        }
    }
}
