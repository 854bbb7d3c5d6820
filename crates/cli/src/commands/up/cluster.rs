//! The cluster that `up` holds: the embedded control plane, or the one that flags name.

use std::io::{BufRead, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use controlplane::{Config, ControlPlane, Identity, Listening, Storage};
use kube::Client;
use kube::config::Kubeconfig;
use source::Snapshot;

use super::repository::Repository;
use super::{UpArgs, install};
use crate::cluster::{self, Cluster};
use crate::failure::Failure;
use crate::folder::{Folder, cannot};
use crate::mirrors::Mirror;
use crate::output;
use crate::preview;
use crate::remote;

/// An open cluster.
pub(super) struct Target {
    pub(super) client: Client,
    embedded: Option<Embedded>,
}

struct Embedded {
    plane: Arc<ControlPlane>,
    _listening: Listening,
}

impl Target {
    /// Ends the embedded control plane after its last write; does nothing to a real cluster.
    pub(super) async fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.plane.shutdown().await;
        }
    }
}

/// Opens the cluster; `None` if the user looked at the plan and declined.
pub(super) async fn open(args: &UpArgs, folder: &Folder, repository: &Repository) -> Result<Option<Target>, Failure> {
    match cluster::from_flags(&args.cluster).await? {
        Some(cluster) => real(args, cluster, folder, repository).await,
        None => embedded(args, folder).await.map(Some),
    }
}

async fn embedded(args: &UpArgs, folder: &Folder) -> Result<Target, Failure> {
    let plane = ControlPlane::open(Storage::File(folder.data()), Config::default());
    let plane = plane.map_err(|error| {
        Failure::task(error.to_string()).hint("--state FOLDER keeps .setpoint/ in another folder; `setpoint down --delete` gives this one up, and the next `up` makes all anew from Git")
    })?;
    let kubeconfig = folder.kubeconfig();
    let listening = listen(&plane, args.api_port, &kubeconfig).await?;
    write_private(&kubeconfig, &plane.kubeconfig(&listening.url()))?;
    // The engine comes in through the same door as kubectl, with Flux's name.
    let identity = Identity {
        user: format!("system:serviceaccount:{0}:kustomize-controller", super::OBJECT_NAME),
        groups: vec!["system:masters".into()],
    };
    let client = Client::new(plane.service(identity), "default");
    output::line(format!(
        "cluster: embedded control plane, {} (runs no containers; status is simulated)",
        folder.path().display()
    ));
    output::line("         RBAC, quotas and admission are stored, not enforced");
    output::line(format!("kubectl: kubectl --kubeconfig {} get all -A", kubeconfig.display()));
    Ok(Target { client, embedded: Some(Embedded { plane, _listening: listening }) })
}

/// Listens on the port that was asked for; else on the last one, so that an exported kubeconfig stays good; else on any.
async fn listen(plane: &Arc<ControlPlane>, port: Option<u16>, kubeconfig: &Path) -> Result<Listening, Failure> {
    let address = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let first = plane.listen(address(port.or_else(|| last_port(kubeconfig)).unwrap_or(0))).await;
    let listening = match (first, port) {
        (Err(_), None) => plane.listen(address(0)).await,
        (listening, _) => listening,
    };
    listening.map_err(|error| {
        Failure::task(error.to_string()).hint("choose another port with --api-port, or --api-port 0 for any free one")
    })
}

fn last_port(kubeconfig: &Path) -> Option<u16> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).ok()?;
    let server = kubeconfig.clusters.first()?.cluster.as_ref()?.server.clone()?;
    server.rsplit_once(':')?.1.trim_end_matches('/').parse().ok()
}

/// Writes a file that only its owner can read, so that a reader never sees half of it.
fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let written =
        std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.and_then(|()| std::fs::rename(&new, path)).map_err(|error| cannot("write", path, &error))
}

async fn real(
    args: &UpArgs,
    cluster: Cluster,
    folder: &Folder,
    repository: &Repository,
) -> Result<Option<Target>, Failure> {
    output::line(format!("cluster: {}", cluster.description));
    no_other_controller(&cluster.client).await?;
    let fetching = remote::fetch(args.rules.no_remote_bases, &args.mirrors)?;
    let snapshot = fetch(repository.clone(), (folder.store(), args.mirrors.read()?)).await?;
    let root = install::kustomization(&repository.path, args.target_namespace.as_deref());
    let plan = preview::preview(&cluster.client, (&snapshot, fetching.remote), &root).await?;
    output::raw(&plan.to_string());
    if !args.yes && !agreed(&cluster.description)? {
        return Ok(None);
    }
    Ok(Some(Target { client: cluster.client, embedded: None }))
}

/// Refuses a cluster that Flux's controllers hold; where nobody may look, they are noticed by nobody.
async fn no_other_controller(client: &Client) -> Result<(), Failure> {
    match engine::running_flux(client).await {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(Failure::task(why).hint("then run `setpoint up` again: it takes over what Flux applied")),
        Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403) => {
            output::note(format!("it cannot be told whether Flux runs on this cluster: {}", status.message));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn fetch(repository: Repository, store: (PathBuf, Vec<Mirror>)) -> Result<Snapshot, Failure> {
    let fetched = tokio::task::spawn_blocking(move || repository.snapshot(store)).await;
    let fetched = fetched.map_err(|error| Failure::task(format!("the fetch ended unexpectedly: {error}")))?;
    fetched.map_err(|error| Failure::unreachable(error.to_string()))
}

fn agreed(description: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("nothing is written to {description} without being asked"))
            .hint("add --yes to agree beforehand"));
    }
    output::raw(&format!("Write this to {description}, and hold it there? [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::task(format!("cannot read the answer: {error}")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
