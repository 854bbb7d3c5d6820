//! `setpoint check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use render::TreeFiles;
use source::LocalFolder;

use crate::args::OutputFormat;
use crate::failure::Failure;
use crate::findings::{self, Report};
use crate::mirrors::MirrorArgs;
use crate::output;
use crate::remote;

/// Find what is wrong with a repository before it reaches a cluster
///
/// Everything that the folders below clusters/ lead to is rendered as Setpoint and Flux do, one Kustomization after the
/// other, and shown to an API server that exists for this only; without such folders, PATH itself is taken for the
/// cluster's. No cluster is asked. Found are what cannot be built, what the API server refuses, API versions that
/// Kubernetes has removed, names of objects that are not there, dependencies in a circle, objects that are declared
/// twice, Secrets in plain text and images that change without a commit, each with the file and line to change.
///
/// An object with the annotation `setpoint.dev/check-ignore: plaintext-secret` (or mutable-image, missing-reference, several
/// with commas) is left alone by these rules. The files are taken as they are on disk. Exit code 0: nothing was found, 1: something was, above 1: an error.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// The repository, or a folder in it
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Fetch nothing that is named by an address: refuse remote bases and files, leave such charts out
    #[arg(long)]
    no_remote_bases: bool,
    #[command(flatten)]
    mirrors: MirrorArgs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) async fn check(args: CheckArgs) -> ExitCode {
    match look(&args).await {
        Ok(report) => ExitCode::from(u8::from(report.has_findings())),
        Err(failure) => {
            output::note(failure.report());
            failure.exit_code_of_comparison()
        }
    }
}

async fn look(args: &CheckArgs) -> Result<Report, Failure> {
    let folder = LocalFolder::discover(&args.path).map_err(|error| Failure::task(error.to_string()))?;
    let snapshot = folder.dirty().map_err(|error| Failure::task(error.to_string()))?;
    let fetch = remote::fetch(args.no_remote_bases, &args.mirrors)?;
    let report = findings::gather(&TreeFiles::new(&snapshot.tree), folder.sub_path(), &fetch).await?;
    for note in report.notes() {
        output::note(format!("note: {note}"));
    }
    match args.output {
        OutputFormat::Table => output::raw(&report.to_text()),
        format => output::objects(format, vec![report.to_value()]),
    }
    output::note(report.summary());
    Ok(report)
}
