//! `setpoint diff`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use source::LocalFolder;

use crate::args::{ClusterArgs, OutputFormat};
use crate::cluster;
use crate::commands::up;
use crate::failure::Failure;
use crate::merge::{Merge, Range};
use crate::mirrors::MirrorArgs;
use crate::output;
use crate::preview::{self, Preview};
use crate::remote;

/// Print what a folder would change on the cluster, or what a merge would
///
/// With a folder: its files are taken as they are on disk, so that a change can be seen before it is committed, and held
/// against the cluster. With a range of commits, `main..HEAD` or `main...HEAD` from where the two parted: both states of the
/// whole repository are rendered and compared for each cluster below clusters/, and no cluster is asked; -o markdown is made
/// for a comment on a merge request, what can do most harm first, 60 kB at most.
///
/// Kustomizations are followed. Values of Secrets are not shown. Exit code 0: nothing would change, 1: something would,
/// above 1: an error.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The folder, or a range of commits
    #[arg(value_name = "PATH|RANGE", default_value = ".")]
    what: String,
    /// The repository of a range, or a folder in it with clusters of its own
    #[arg(long, value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,
    /// Take the last commit instead of the files on disk
    #[arg(long)]
    committed: bool,
    /// Fetch nothing that is named by an address: refuse remote bases and files, leave such charts out
    #[arg(long)]
    no_remote_bases: bool,
    #[command(flatten)]
    mirrors: MirrorArgs,
    /// Output format; markdown and html for a range
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// How differences are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    #[default]
    Table,
    /// JSON for scripts
    Json,
    /// YAML
    Yaml,
    /// A comment on a merge request
    Markdown,
    /// A page
    Html,
}

pub(super) async fn diff(args: DiffArgs) -> ExitCode {
    let range = if Path::new(&args.what).exists() { None } else { Range::parse(&args.what) };
    let compared = match range {
        Some(range) => merged(&args, &range).map(|merge| (merge.has_errors(), merge.has_changes())),
        None => compare(&args).await.map(|preview| (preview.has_errors(), preview.has_changes())),
    };
    match compared {
        Ok((true, _)) => ExitCode::from(2),
        Ok((false, has_changes)) => ExitCode::from(u8::from(has_changes)),
        Err(failure) => {
            output::note(failure.report());
            failure.exit_code_of_comparison()
        }
    }
}

/// Compares two commits.
fn merged(args: &DiffArgs, range: &Range) -> Result<Merge, Failure> {
    if args.committed {
        return Err(Failure::usage("--committed is for a folder: a range has commits only"));
    }
    let folder = LocalFolder::discover(&args.path).map_err(|error| Failure::task(error.to_string()))?;
    let fetch = remote::fetch(args.no_remote_bases, &args.mirrors)?;
    // What is fetched may have to be waited for.
    let merge = tokio::task::block_in_place(|| Merge::read(&folder, range, &fetch))?;
    match args.output {
        Format::Table => output::raw(&merge.to_string()),
        Format::Markdown => output::raw(&merge.to_markdown()),
        Format::Html => output::raw(&merge.to_html()),
        Format::Json => output::objects(OutputFormat::Json, vec![merge.to_value()]),
        Format::Yaml => output::objects(OutputFormat::Yaml, vec![merge.to_value()]),
    }
    Ok(merge)
}

async fn compare(args: &DiffArgs) -> Result<Preview, Failure> {
    let format = match args.output {
        Format::Table => OutputFormat::Table,
        Format::Json => OutputFormat::Json,
        Format::Yaml => OutputFormat::Yaml,
        Format::Markdown | Format::Html => {
            let failure = Failure::usage("markdown and html are for a range of commits");
            return Err(failure.hint("setpoint diff main...HEAD -o markdown"));
        }
    };
    let folder = LocalFolder::discover(&args.what).map_err(|error| Failure::task(error.to_string()))?;
    let snapshot = if args.committed { folder.committed() } else { folder.dirty() };
    let snapshot = snapshot.map_err(|error| Failure::task(error.to_string()))?;
    let cluster = cluster::pick(&args.cluster).await?;
    let mut root = up::root_kustomization(folder.sub_path());
    root.spec.target_namespace = target_namespace(&cluster.client, &root).await?;
    let preview = preview::preview(
        &cluster.client,
        (&snapshot, remote::fetch(args.no_remote_bases, &args.mirrors)?.remote),
        &root,
    )
    .await?;
    match format {
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
