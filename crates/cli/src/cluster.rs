//! Which cluster a command talks to: `--kubeconfig`/`--context`, then a `.setpoint/` folder found upward, then
//! KUBECONFIG. It is always said.

use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::args::ClusterArgs;
use crate::failure::{Failure, causes};
use crate::folder::Folder;
use crate::output;

/// A cluster that was picked, with what to call it.
pub(crate) struct Cluster {
    /// Talks to it.
    pub(crate) client: Client,
    /// What to call it: the context, the kubeconfig and why it was picked.
    pub(crate) description: String,
}

/// Where the answer to "which cluster" came from.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Flags(Option<PathBuf>),
    Embedded(Folder),
    Environment,
}

impl PartialEq for Folder {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}

impl Eq for Folder {}

/// Picks the cluster for the flags and says on standard error which one it is.
pub(crate) async fn pick(args: &ClusterArgs) -> Result<Cluster, Failure> {
    let here =
        std::env::current_dir().map_err(|error| Failure::task(format!("cannot tell the current folder: {error}")))?;
    let cluster = connect(choose(args, &here), args.context.clone()).await?;
    output::note(format!("cluster: {}", cluster.description));
    Ok(cluster)
}

/// The cluster that flags name; `None` when they name none.
pub(crate) async fn from_flags(args: &ClusterArgs) -> Result<Option<Cluster>, Failure> {
    if args.kubeconfig.is_none() && args.context.is_none() {
        return Ok(None);
    }
    connect(Choice::Flags(args.kubeconfig.clone()), args.context.clone()).await.map(Some)
}

fn choose(args: &ClusterArgs, here: &Path) -> Choice {
    if args.kubeconfig.is_some() || args.context.is_some() {
        return Choice::Flags(args.kubeconfig.clone());
    }
    Folder::find(here).map_or(Choice::Environment, Choice::Embedded)
}

async fn connect(choice: Choice, context: Option<String>) -> Result<Cluster, Failure> {
    let (kubeconfig, what) = read(&choice)?;
    let context_name = context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config
        .map_err(|error| Failure::usage(format!("the kubeconfig of {what} cannot be used: {}", causes(&error))))?;
    let address = config.cluster_url.to_string();
    let client = Client::try_from(config)
        .map_err(|error| Failure::usage(format!("the credentials of {what} cannot be used: {}", causes(&error))))?;
    let description = format!("{context_name} at {} ({what})", address.trim_end_matches('/'));
    if let Err(error) = client.apiserver_version().await {
        return Err(not_answering(&choice, &description, error));
    }
    Ok(Cluster { client, description })
}

fn read(choice: &Choice) -> Result<(Kubeconfig, String), Failure> {
    let (path, what) = match choice {
        Choice::Flags(Some(path)) => (Some(path.clone()), format!("--kubeconfig {}", path.display())),
        Choice::Flags(None) => (None, "--context".to_owned()),
        Choice::Embedded(folder) => (Some(folder.kubeconfig()), format!("embedded, {}", folder.path().display())),
        Choice::Environment => (None, "KUBECONFIG or ~/.kube/config".to_owned()),
    };
    let kubeconfig = match &path {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = kubeconfig.map_err(|error| {
        Failure::usage(format!("no cluster: {} ({what})", causes(&error)))
            .hint("`setpoint up FOLDER` starts one here; or name one with --kubeconfig FILE")
    })?;
    Ok((kubeconfig, what))
}

fn not_answering(choice: &Choice, description: &str, error: kube::Error) -> Failure {
    let failure = Failure::from(error);
    let failure = Failure::unreachable(format!("{description}: {}", failure.report().trim_start_matches("error: ")));
    match choice {
        Choice::Embedded(folder) if folder.holder().is_none() => {
            failure.hint("the embedded control plane runs while `setpoint up` runs: start it again, or name a cluster with --kubeconfig")
        }
        _ => failure.hint("check the address and that you may reach it (VPN, proxy)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_folder_and_the_folder_over_the_environment() {
        let parent = tempfile::tempdir().unwrap();
        assert_eq!(choose(&ClusterArgs::default(), parent.path()), Choice::Environment);
        let folder = Folder::create(parent.path()).unwrap();
        assert_eq!(choose(&ClusterArgs::default(), parent.path()), Choice::Embedded(folder));
        let flags = ClusterArgs { kubeconfig: Some("x".into()), context: None };
        assert_eq!(choose(&flags, parent.path()), Choice::Flags(Some("x".into())));
    }
}
