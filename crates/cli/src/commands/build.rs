//! `setpoint build`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use kustomize::{BuildOptions, Remote, Resource};
use render::TreeFiles;
use source::LocalFolder;

use crate::failure::Failure;
use crate::folder::cannot;
use crate::output;
use crate::remote::Fetched;

/// Print the objects that a folder renders to
///
/// The folder's files are taken as they are on disk. A folder with a kustomization.yaml is built as kustomize does.
#[derive(Args, Debug)]
pub(crate) struct BuildArgs {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Write to this file instead of standard output, or to a file for each object in this folder
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,
    /// Whether files may lie outside of the folder of the kustomization that names them
    #[arg(long, value_name = "RULE", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: LoadRestrictor,
    /// Inflate Helm charts that kustomizations name
    #[arg(long)]
    enable_helm: bool,
    /// Fetch nothing: refuse files and bases that are named by an address
    #[arg(long)]
    no_remote_bases: bool,
}

/// What kustomize's flag of this name takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LoadRestrictor {
    /// Files lie in or below the folder of the kustomization that names them.
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// They may lie anywhere in the repository.
    #[value(name = "LoadRestrictionsNone")]
    None,
}

pub(super) fn build(args: &BuildArgs) -> Result<(), Failure> {
    if args.enable_helm {
        let hint = "render the chart with `helm template` and list what it prints under resources";
        return Err(Failure::task("--enable-helm: charts in a kustomization are not supported yet").hint(hint));
    }
    let folder = LocalFolder::discover(&args.path).map_err(|error| Failure::task(error.to_string()))?;
    let snapshot = folder.dirty().map_err(|error| Failure::task(error.to_string()))?;
    let files = TreeFiles::new(&snapshot.tree);
    let options = BuildOptions {
        root_only: args.load_restrictor == LoadRestrictor::RootOnly,
        remote: if args.no_remote_bases { None } else { Some(Arc::new(Fetched::open()?) as Arc<dyn Remote>) },
        ..BuildOptions::default()
    };
    let resources = kustomize::build(&files, folder.sub_path(), &options).map_err(|errors| refused(&errors))?;
    match &args.output {
        Some(folder) if folder.is_dir() => write_each(folder, &resources),
        Some(path) => std::fs::write(path, text(&resources)).map_err(|error| cannot("write", path, &error)),
        None => {
            output::raw(&text(&resources));
            Ok(())
        }
    }
}

fn text(resources: &[Resource]) -> String {
    goyaml::emit_documents(resources.iter().map(|resource| &resource.value))
}

/// Writes a file for each object, named as kustomize names them.
fn write_each(folder: &Path, resources: &[Resource]) -> Result<(), Failure> {
    for (name, resource) in kustomize::file_names(resources).into_iter().zip(resources) {
        let path = folder.join(name.replace('/', "_"));
        std::fs::write(&path, goyaml::emit(&resource.value)).map_err(|error| cannot("write", &path, &error))?;
    }
    Ok(())
}

fn refused(errors: &[kustomize::BuildError]) -> Failure {
    let mut message = if errors.len() == 1 { String::new() } else { format!("{} errors\n", errors.len()) };
    for error in errors {
        let _ = writeln!(message, "{error}");
    }
    Failure::task(message)
}
