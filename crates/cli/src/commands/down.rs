//! `setpoint down`.

use std::time::{Duration, Instant};

use clap::Args;
use kube::api::{Api, DeleteParams};
use rustix::process::{Pid, Signal, kill_process};

use crate::args::ClusterArgs;
use crate::cluster::{self, Cluster};
use crate::failure::Failure;
use crate::folder::{Folder, cannot};
use crate::output;

/// How long a running `up` may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the lock is looked at while `up` ends; there is nothing to be notified by.
const END_POLL: Duration = Duration::from_millis(50);

/// End a running `setpoint up`; with --delete, remove what it applied
#[derive(Args, Debug)]
pub(crate) struct DownArgs {
    /// Delete the objects that were applied, the GitRepository and the Kustomization
    #[arg(long)]
    delete: bool,
    /// How long deletion may take, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    timeout: u64,
    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) async fn down(args: DownArgs) -> Result<(), Failure> {
    let here =
        std::env::current_dir().map_err(|error| Failure::task(format!("cannot tell the current folder: {error}")))?;
    let folder = Folder::find(&here);
    let holder = folder.as_ref().and_then(Folder::holder);
    if args.delete {
        delete(&args, folder.as_ref(), holder).await?;
    }
    match (folder, holder) {
        (Some(folder), Some(pid)) => end(&folder, pid).await,
        _ if args.delete => Ok(()),
        _ => {
            output::note("no `setpoint up` is running here");
            Ok(())
        }
    }
}

async fn delete(args: &DownArgs, folder: Option<&Folder>, holder: Option<u32>) -> Result<(), Failure> {
    let names_cluster = args.cluster.kubeconfig.is_some() || args.cluster.context.is_some();
    match (folder, holder) {
        (Some(folder), None) if !names_cluster => forget(folder),
        (_, Some(_)) => delete_applied(&cluster::pick(&args.cluster).await?, Duration::from_secs(args.timeout)).await,
        (_, None) => Err(Failure::task("nothing runs here that could remove what was applied")
            .hint("start `setpoint up` with the same arguments again, then run `setpoint down --delete`")),
    }
}

/// The embedded control plane is not running: everything on it goes with its data.
fn forget(folder: &Folder) -> Result<(), Failure> {
    let _lock = folder.lock()?;
    for path in [folder.data(), folder.store()] {
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(|error| cannot("remove", &path, &error))?;
        }
    }
    let kubeconfig = folder.kubeconfig();
    if kubeconfig.exists() {
        std::fs::remove_file(&kubeconfig).map_err(|error| cannot("remove", &kubeconfig, &error))?;
    }
    output::line(format!("removed the embedded control plane in {}", folder.path().display()));
    Ok(())
}

/// Deletes the Kustomization, whose finalizer prunes what it applied, waits until it is gone, then its source.
async fn delete_applied(cluster: &Cluster, timeout: Duration) -> Result<(), Failure> {
    let name = super::up::OBJECT_NAME;
    let kustomizations: Api<api::Kustomization> = Api::namespaced(cluster.client.clone(), name);
    let sources: Api<api::GitRepository> = Api::namespaced(cluster.client.clone(), name);
    if let Some(kustomization) = kustomizations.get_opt(name).await? {
        output::note("deleting what was applied …");
        let uid = kustomization.metadata.uid.unwrap_or_default();
        kustomizations.delete(name, &DeleteParams::background()).await?;
        let gone =
            kube::runtime::wait::await_condition(kustomizations, name, kube::runtime::conditions::is_deleted(&uid));
        match tokio::time::timeout(timeout, gone).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(Failure::unreachable(format!("the cluster ended the watch: {error}"))),
            Err(_) => {
                return Err(Failure::task(format!("not everything was deleted within {} s", timeout.as_secs()))
                    .hint("`setpoint get all` names what is left; run the command again, or with a longer --timeout"));
            }
        }
    }
    if sources.get_opt(name).await?.is_some() {
        sources.delete(name, &DeleteParams::background()).await?;
    }
    output::line("everything that was applied is deleted");
    Ok(())
}

async fn end(folder: &Folder, pid: u32) -> Result<(), Failure> {
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process =
        process.ok_or_else(|| Failure::task(format!("the lock of {} names no process", folder.path().display())))?;
    kill_process(process, Signal::TERM).map_err(|error| Failure::task(format!("cannot end process {pid}: {error}")))?;
    let deadline = Instant::now() + END_TIMEOUT;
    while folder.holder() == Some(pid) {
        if Instant::now() > deadline {
            return Err(Failure::task(format!("process {pid} does not end"))
                .hint(format!("`kill -9 {pid}` is safe: the next `up` goes on from there")));
        }
        tokio::time::sleep(END_POLL).await;
    }
    output::line(format!("ended `setpoint up` (process {pid})"));
    Ok(())
}
