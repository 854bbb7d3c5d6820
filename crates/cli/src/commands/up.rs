//! `setpoint up`: the main job.

mod cluster;
mod install;
mod narrate;
mod repository;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use engine::Engine;

use crate::args::ClusterArgs;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::mirrors::MirrorArgs;
use crate::output;
use crate::rules::RulesArgs;
use crate::signals::ended;

/// Name and namespace of the GitRepository and the Kustomization that `up` makes, as `flux bootstrap` does.
pub(crate) const OBJECT_NAME: &str = "flux-system";

/// Port of the web page when nothing else is asked for; the next free one if it is taken.
const DEFAULT_PORT: u16 = 8088;

/// Hold a cluster to a Git repository
///
/// Starts the embedded control plane in .setpoint/ (or takes the cluster that --kubeconfig or --context names), applies
/// the repository, prints what it does and the address of the web page, and stays: commits are applied, changes by hand
/// are put back. Ctrl-C ends it; a second run goes on from there.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct UpArgs {
    /// A folder in a Git repository, or the address of one (https://…, ssh://…, git@host:path)
    #[arg(default_value = ".")]
    pub(super) repository: String,
    /// Hold the folder's files as they are on disk, not as they are committed: for trying things out
    #[arg(long, conflicts_with_all = ["branch", "tag", "semver", "commit"])]
    pub(super) dirty: bool,
    /// Path inside the repository [default: the folder, or the repository's root]
    #[arg(long)]
    pub(super) path: Option<String>,
    /// Put everything into this namespace, whatever the files say (`spec.targetNamespace`) [default: as the files say;
    /// what names none goes to the namespace of the context, `default`]
    #[arg(long, value_name = "NAMESPACE")]
    pub(super) target_namespace: Option<String>,
    /// How often a remote repository is asked for commits, such as 30s or 10m
    #[arg(long, default_value = "1m")]
    pub(super) interval: api::Duration,
    #[command(flatten)]
    pub(super) reference: ReferenceArgs,
    #[command(flatten)]
    pub(super) credentials: CredentialArgs,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    pub(super) mirrors: MirrorArgs,
    /// Use artifacts of this address (oci://…, and what is below it) although their signatures cannot be checked
    /// (repeatable)
    #[arg(long, value_name = "ADDRESS", value_parser = parse_registry)]
    allow_unverified: Vec<String>,
    /// Let what waits for a HelmRelease go on: releases are not installed yet, only their charts are fetched
    #[arg(long)]
    without_releases: bool,
    /// Write to the cluster that --kubeconfig or --context names without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Port of the web page; 0 takes any free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Port of the embedded Kubernetes API; 0 takes any free one [default: the last one]
    #[arg(long, value_name = "PORT")]
    api_port: Option<u16>,
    /// Folder in which .setpoint/ is kept [default: the current folder]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// End with exit code 0 as soon as everything is ready, or 1 when something failed, instead of staying
    #[arg(long)]
    once: bool,
}

/// Which commit.
#[derive(Args, Debug)]
pub(super) struct ReferenceArgs {
    /// Branch [default: the one that is checked out, or main]
    #[arg(long, conflicts_with_all = ["tag", "semver", "commit"])]
    pub(super) branch: Option<String>,
    /// Tag
    #[arg(long, conflicts_with_all = ["semver", "commit"])]
    pub(super) tag: Option<String>,
    /// The highest tag in a range, such as ">=1.2 <2"
    #[arg(long, conflicts_with = "commit")]
    pub(super) semver: Option<String>,
    /// Commit
    #[arg(long)]
    pub(super) commit: Option<String>,
}

/// Who asks a private repository.
#[derive(Args, Debug)]
#[command(next_help_heading = "Private repositories")]
pub(super) struct CredentialArgs {
    /// User name; the password or token is read with --password-stdin
    #[arg(long, requires = "password_stdin")]
    pub(super) username: Option<String>,
    /// Read the password or access token from standard input
    #[arg(long)]
    pub(super) password_stdin: bool,
    /// Private key for ssh addresses [default: the keys of your SSH agent]
    #[arg(long, value_name = "FILE")]
    pub(super) ssh_key: Option<PathBuf>,
    /// Known hosts for ssh addresses
    #[arg(long, value_name = "FILE", default_value = "~/.ssh/known_hosts")]
    pub(super) known_hosts: PathBuf,
    /// Certificate authorities (PEM) that sign the server's certificate
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

pub(super) async fn up(args: UpArgs) -> Result<(), Failure> {
    let parent = args.state.clone().map_or_else(std::env::current_dir, Ok);
    let parent = parent.map_err(|error| Failure::task(format!("cannot tell the current folder: {error}")))?;
    let repository = repository::resolve(&args)?;
    let folder = Folder::create(&parent)?;
    let _lock = folder.lock()?;
    let cluster = cluster::open(&args, &folder, &repository).await?;
    let Some(cluster) = cluster else {
        output::note("nothing was written");
        return Ok(());
    };
    install::install(&cluster.client, &args, &repository).await?;
    let outcome = hold(&args, &folder, &repository, &cluster).await;
    cluster.close().await;
    outcome
}

/// Runs the engine and the pages until a signal ends them.
async fn hold(
    args: &UpArgs,
    folder: &Folder,
    repository: &repository::Repository,
    cluster: &cluster::Target,
) -> Result<(), Failure> {
    let mut options = engine::Options::new(folder.store());
    options.install_crds = false;
    args.rules.apply(&mut options);
    options.mirrors = args.mirrors.read()?;
    options.allow_unverified.clone_from(&args.allow_unverified);
    options.without_releases = args.without_releases;
    tell_exceptions(args);
    options.local = repository.local_source();
    options.agent = repository.agent_source();
    options.default_namespace = Some(engine::DefaultNamespace {
        delivery: engine::Name::new(OBJECT_NAME, OBJECT_NAME),
        namespace: cluster.client.default_namespace().to_owned(),
    });
    let handle =
        Engine::start(cluster.client.clone(), options).await.map_err(|error| Failure::task(error.to_string()))?;
    let pages = match serve_pages(args, &handle, cluster).await {
        Ok(pages) => pages,
        Err(failure) => {
            handle.shutdown().await;
            return Err(failure);
        }
    };
    output::line(format!("page: {}", pages.url()));
    let outcome = tokio::select! {
        outcome = narrate::narrate(&handle, args.once) => outcome,
        () = ended() => Ok(()),
    };
    pages.shutdown().await;
    handle.shutdown().await;
    output::note("ended; the next `setpoint up` goes on from here");
    outcome
}

/// Says what is let pass: nobody shall overlook it.
fn tell_exceptions(args: &UpArgs) {
    for address in &args.allow_unverified {
        output::note(format!("exception: artifacts of {address} are used although nobody checks their signatures"));
    }
    if args.without_releases {
        output::note("exception: HelmReleases are not installed yet, and nothing waits for them");
    }
}

async fn serve_pages(
    args: &UpArgs,
    handle: &engine::Handle,
    cluster: &cluster::Target,
) -> Result<server::Serving, Failure> {
    let at = |port| server::Options { address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port) };
    let serve = |port| server::serve(handle, cluster.client.clone(), at(port));
    let served = match args.port {
        Some(port) => serve(port).await,
        // The usual port is a convenience: taken, any other will do.
        None => match serve(DEFAULT_PORT).await {
            Err(server::ServeError::Listen { .. }) => serve(0).await,
            served => served,
        },
    };
    served.map_err(|error| {
        Failure::task(error.to_string()).hint("choose another port with --port, or --port 0 for any free one")
    })
}

/// The Kustomization that `up` would make for this path of a repository.
pub(crate) fn root_kustomization(sub_path: &str) -> api::Kustomization {
    install::kustomization(&repository::kustomization_path(sub_path), None)
}

fn parse_registry(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("oci://").filter(|rest| !rest.is_empty());
    rest.map(|_| text.to_owned()).ok_or_else(|| format!("'{text}' is no address of artifacts: write oci://host/path"))
}
