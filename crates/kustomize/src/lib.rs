//! Builds a kustomization over an in-memory file tree, as kustomize does.
//!
//! [`build`] takes a tree of [`Files`] and the path of a directory with a kustomization, and gives back the
//! [`Resource`]s in the order and with the content kustomize prints, each with the place it was read from and what
//! changed it. [`trace`] does the same and notes where every field comes from. The crate does no I/O.

mod accumulate;
mod build;
mod cache;
mod charts;
mod config;
mod documents;
mod dotted;
mod error;
mod field_path;
mod file_names;
mod files;
mod folded;
mod generate;
mod hash;
mod id;
mod item;
mod json_patch;
mod layout;
mod limit;
mod load;
mod merge;
mod name_reference;
mod open_api;
mod origin;
mod path;
mod raw;
mod read;
mod remote;
mod scalar;
mod selector;
mod set;
mod shared;
mod sort;
mod table;
mod target;
mod transform;
mod variables;

use std::sync::Arc;

use goyaml::Value;
use goyaml::origin::Tracer;

pub use cache::ManifestCache;
pub use charts::{ChartAddress, ChartRequest, ChartValues, Charts, Inflated, InflatedDocument};
pub use error::BuildError;
pub use file_names::file_names;
pub use files::{EntryKind, FileError, Files, MemoryFiles};
pub use remote::{DEFAULT_TIMEOUT, Remote, RepositoryAddress};
pub use target::{TargetSelector, TargetText};

/// One object of a build.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The manifest.
    pub value: Value,
    /// Path of the file it was read from; for a generated object that of the kustomization.
    pub file: Arc<str>,
    /// Line where it starts in that file, from 1.
    pub line: u32,
    /// What changed it afterwards, in order, such as `patch apps/prod/patch.yaml:7`.
    pub chain: Vec<Arc<str>>,
}

/// Which release of kustomize to be like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// 5.7.1, of kubectl 1.35: the command line.
    #[default]
    V5_7_1,
    /// 5.8.1, of Flux 2.9: Flux's Kustomizations.
    V5_8_1,
}

/// How to build.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Fields to be merged into the root kustomization before the build, in the form of a kustomization file;
    /// `None` builds what the files say. If the root directory has no kustomization file, this one stands in for it.
    pub overlay: Option<Value>,
    /// What messages call the place the overlay comes from; lines of its values are lines there.
    pub overlay_place: Option<Arc<str>>,
    /// Sort as `kustomize build` does when `sortOptions` says nothing; otherwise keep the order of the files.
    pub legacy_order: bool,
    /// Files must lie in or below the directory of the kustomization that names them, as on the command line.
    pub root_only: bool,
    /// Which release of kustomize to be like.
    pub edition: Edition,
    /// Fetches remote files and bases; `None` refuses them.
    pub remote: Option<Arc<dyn Remote>>,
    /// Renders Helm charts; `None` refuses them, as kustomize does without `--enable-helm`.
    pub charts: Option<Arc<dyn Charts>>,
    /// Files parsed by other builds, and where this one leaves its own.
    pub cache: Option<Arc<ManifestCache>>,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            overlay: None,
            overlay_place: None,
            legacy_order: true,
            root_only: true,
            edition: Edition::default(),
            remote: None,
            charts: None,
            cache: None,
        }
    }
}

/// A build that knows where each of its fields comes from.
#[derive(Debug)]
pub struct Traced {
    /// The objects.
    pub resources: Vec<Resource>,
    /// What the positions of their nodes mean; more may be done to the objects, and noted here.
    pub tracer: Tracer,
}

/// Builds the kustomization in the directory `path`. All faults that can be told apart are given back at once.
pub fn build(files: &dyn Files, path: &str, options: &BuildOptions) -> Result<Vec<Resource>, Vec<BuildError>> {
    let built = build::build(files, path, options, Tracer::new(false));
    // A build that fails is done again with origins, so that its errors can name the places that are to blame.
    built.or_else(|_| trace(files, path, options)).map(|traced| traced.resources)
}

/// The same, with the origin of every field.
pub fn trace(files: &dyn Files, path: &str, options: &BuildOptions) -> Result<Traced, Vec<BuildError>> {
    build::build(files, path, options, Tracer::new(true))
}
