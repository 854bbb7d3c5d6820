//! `setpoint build`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use render::TreeFiles;
use source::LocalFolder;

use crate::failure::Failure;
use crate::folder::cannot;
use crate::output;

/// Print the objects that a folder renders to
///
/// The folder's files are taken as they are on disk. A folder with a kustomization.yaml is built as kustomize does.
#[derive(Args, Debug)]
pub(crate) struct BuildArgs {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn build(args: &BuildArgs) -> Result<(), Failure> {
    let folder = LocalFolder::discover(&args.path).map_err(|error| Failure::task(error.to_string()))?;
    let snapshot = folder.dirty().map_err(|error| Failure::task(error.to_string()))?;
    let files = TreeFiles::new(&snapshot.tree);
    let resources = kustomize::build(&files, folder.sub_path(), &kustomize::BuildOptions::default())
        .map_err(|errors| refused(&errors))?;
    let text = goyaml::emit_documents(resources.iter().map(|resource| &resource.value));
    if let Some(path) = &args.output {
        return std::fs::write(path, text).map_err(|error| cannot("write", path, &error));
    }
    output::raw(&text);
    Ok(())
}

fn refused(errors: &[kustomize::BuildError]) -> Failure {
    let mut message = if errors.len() == 1 { String::new() } else { format!("{} errors\n", errors.len()) };
    for error in errors {
        let _ = writeln!(message, "{error}");
    }
    Failure::task(message)
}
