//! `setpoint build`.

use std::fmt::{Display, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use helm::{HelmCompat, KubeVersion};
use kustomize::{BuildOptions, Charts, Resource};
use object::Object;
use render::{ChartSource, HelmCharts, Traced, TreeFiles};
use source::{FileTree, LocalFolder};

use crate::expanded;
use crate::failure::Failure;
use crate::folder::cannot;
use crate::mirrors::MirrorArgs;
use crate::output;
use crate::remote;
use crate::world::World;

/// Print the objects that a folder renders to
///
/// The folder's files are taken as they are on disk. A folder with a kustomization.yaml is built as kustomize does.
/// With --origin every line ends with a comment that names the file and line its value comes from, and what set it; the
/// output stays YAML of the same objects. `setpoint why` tells the whole way of one field.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct BuildArgs {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Write to this file instead of standard output, or to a file for each object in this folder
    #[arg(short, long, value_name = "FILE|FOLDER")]
    output: Option<PathBuf>,
    /// Say behind every value where it comes from
    #[arg(long)]
    origin: bool,
    /// Follow the folder as a cluster is held to it: print what its Flux Kustomizations and its releases render to as well
    ///
    /// Kustomizations of this repository are built with their patches, images and variables, one after the other;
    /// releases are rendered from their charts. Objects are printed as they are applied.
    #[arg(long, conflicts_with_all = ["origin", "enable_helm"])]
    expand: bool,
    /// Whether files may lie outside of the folder of the kustomization that names them
    #[arg(long, value_name = "RULE", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: LoadRestrictor,
    /// Inflate Helm charts that kustomizations name
    ///
    /// Charts are rendered here, without helm, as the Helm 3 that this kustomize runs renders them. Those that the tree
    /// does not hold are fetched from their repository or registry and kept in the user's cache.
    #[arg(long)]
    enable_helm: bool,
    /// Version of Kubernetes that charts see which name none
    #[arg(long, value_name = "VERSION")]
    helm_kube_version: Option<String>,
    /// Group versions that charts see which name none
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    helm_api_versions: Vec<String>,
    /// Fetch nothing: refuse files, bases and charts that are named by an address
    #[arg(long)]
    no_remote_bases: bool,
    #[command(flatten)]
    mirrors: MirrorArgs,
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

impl BuildArgs {
    /// Whether templates are run, which may include themselves.
    pub(super) fn renders_charts(&self) -> bool {
        self.enable_helm || self.expand
    }
}

pub(super) fn build(args: &BuildArgs) -> Result<(), Failure> {
    let fetch = remote::fetch(args.no_remote_bases, &args.mirrors)?;
    let options = BuildOptions {
        root_only: args.load_restrictor == LoadRestrictor::RootOnly,
        remote: fetch.remote.clone(),
        charts: args.enable_helm.then(|| charts(args, fetch.charts.clone())).transpose()?,
        ..BuildOptions::default()
    };
    if args.expand {
        let cluster = expanded::read(&args.path, fetch)?;
        let values = cluster.units.iter().flat_map(|unit| &unit.objects).map(|object| &object.value);
        return write(args.output.as_deref(), &goyaml::emit_documents(values));
    }
    if args.origin {
        return write(args.output.as_deref(), &annotated(&traced(&args.path, &options)?));
    }
    let (tree, path) = files(&args.path)?;
    let files = TreeFiles::new(&tree);
    let resources = kustomize::build(&files, &path, &options).map_err(|errors| refused(&errors))?;
    let written = match &args.output {
        Some(folder) if folder.is_dir() => write_each(folder, &resources),
        path => write(path.as_deref(), &text(&resources)),
    };
    // The program ends here: to take all of it apart would only cost time.
    std::mem::forget((tree, resources));
    written
}

/// Charts as kustomize has them rendered: this release of it runs no Helm but Helm 3.
fn charts(args: &BuildArgs, source: Option<Arc<dyn ChartSource>>) -> Result<Arc<dyn Charts>, Failure> {
    let mut charts = HelmCharts::new(HelmCompat::V3, Arc::new(World { dns: false }));
    if let Some(text) = args.helm_kube_version.as_ref().filter(|text| !text.is_empty()) {
        let version = KubeVersion::parse(text);
        let version = version.map_err(|why| Failure::usage(format!("invalid kube version '{text}': {why}")))?;
        charts.kube_version = Some(version);
    }
    charts.api_versions.clone_from(&args.helm_api_versions);
    charts.source = source;
    Ok(Arc::new(charts))
}

fn text(resources: &[Resource]) -> String {
    goyaml::emit_documents(resources.iter().map(|resource| &resource.value))
}

fn write(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    if let Some(path) = path {
        return std::fs::write(path, text).map_err(|error| cannot("write", path, &error));
    }
    output::raw(text);
    Ok(())
}

/// Writes a file for each object, named as kustomize names them.
fn write_each(folder: &Path, resources: &[Resource]) -> Result<(), Failure> {
    for (name, resource) in kustomize::file_names(resources).into_iter().zip(resources) {
        let path = folder.join(name.replace('/', "_"));
        std::fs::write(&path, goyaml::emit(&resource.value)).map_err(|error| cannot("write", &path, &error))?;
    }
    Ok(())
}

/// Builds a folder and notes where every field comes from.
pub(super) fn traced(path: &Path, options: &BuildOptions) -> Result<Traced, Failure> {
    let (tree, path) = files(path)?;
    render::trace_folder(&TreeFiles::new(&tree), &path, options).map_err(|errors| refused(&errors))
}

/// The files of the repository that a folder is in, and the folder's path there.
fn files(path: &Path) -> Result<(FileTree, String), Failure> {
    let folder = LocalFolder::discover(path).map_err(|error| Failure::task(error.to_string()))?;
    let tree = folder.files().map_err(|error| Failure::task(error.to_string()))?;
    Ok((tree, folder.sub_path().to_owned()))
}

/// The objects, each under a line that says where it was read and what changed it.
fn annotated(traced: &Traced) -> String {
    let document = |object: &Object| {
        let mut text = format!("# {} is from {}", object.key(), object.origin);
        for (at, step) in object.origin.chain.iter().enumerate() {
            let _ = write!(text, "{} {step}", if at == 0 { "; changed by" } else { "," });
        }
        format!("{text}\n{}", object::annotated(&object.value, &traced.origins))
    };
    traced.objects.iter().map(document).collect::<Vec<_>>().join("---\n")
}

fn refused<E: Display>(errors: &[E]) -> Failure {
    let mut message = if errors.len() == 1 { String::new() } else { format!("{} errors\n", errors.len()) };
    for error in errors {
        let _ = writeln!(message, "{error}");
    }
    Failure::task(message)
}
