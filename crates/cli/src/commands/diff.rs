//! `setpoint diff`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use kustomize::Remote;
use source::LocalFolder;

use crate::args::{ClusterArgs, OutputFormat};
use crate::cluster;
use crate::commands::up;
use crate::failure::Failure;
use crate::output;
use crate::preview::{self, Preview};
use crate::remote::Fetched;

/// Print what a folder would change on the cluster
///
/// The folder's files are taken as they are on disk, so that a change can be seen before it is committed; Kustomizations
/// inside it are followed. Values of Secrets are not shown. Exit code 0: nothing would change, 1: something would,
/// above 1: an error.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Take the last commit instead of the files on disk
    #[arg(long)]
    committed: bool,
    /// Fetch nothing that kustomizations name by an address: refuse remote bases and files
    #[arg(long)]
    no_remote_bases: bool,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) async fn diff(args: DiffArgs) -> ExitCode {
    match compare(&args).await {
        Ok(preview) if preview.has_errors() => ExitCode::from(2),
        Ok(preview) => ExitCode::from(u8::from(preview.has_changes())),
        Err(failure) => {
            output::note(failure.report());
            failure.exit_code_of_comparison()
        }
    }
}

async fn compare(args: &DiffArgs) -> Result<Preview, Failure> {
    let folder = LocalFolder::discover(&args.path).map_err(|error| Failure::task(error.to_string()))?;
    let snapshot = if args.committed { folder.committed() } else { folder.dirty() };
    let snapshot = snapshot.map_err(|error| Failure::task(error.to_string()))?;
    let cluster = cluster::pick(&args.cluster).await?;
    let mut root = up::root_kustomization(folder.sub_path());
    root.spec.target_namespace = target_namespace(&cluster.client, &root).await?;
    let remote = (!args.no_remote_bases).then(|| Arc::new(Fetched::default()) as Arc<dyn Remote>);
    let preview = preview::preview(&cluster.client, (&snapshot, remote), &root).await?;
    match args.output {
        OutputFormat::Table => output::raw(&preview.to_string()),
        format => output::objects(format, vec![preview.to_value()]),
    }
    Ok(preview)
}

/// Where the cluster's own Kustomization of this folder, if there is one, puts everything.
async fn target_namespace(client: &kube::Client, root: &api::Kustomization) -> Result<Option<String>, Failure> {
    let kustomizations: kube::Api<api::Kustomization> = kube::Api::namespaced(client.clone(), up::OBJECT_NAME);
    let live = match kustomizations.get_opt(up::OBJECT_NAME).await {
        // A cluster that does not know the kind has none.
        Err(kube::Error::Api(status)) if status.code == 404 => None,
        live => live?,
    };
    Ok(live.filter(|live| live.spec.path == root.spec.path).and_then(|live| live.spec.target_namespace))
}
