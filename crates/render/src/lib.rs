//! Makes objects from a snapshot: plain folders and Kustomize, substitution, labels.
//!
//! [`kustomization`] does what Flux does with a Kustomization between fetching its source and applying it:
//! a kustomization is generated where there is none, the fields of the Kustomization are laid over it, it is built,
//! variables are substituted, objects are normalised and get the common metadata.

mod artifact;
mod cache;
mod charts;
mod check;
mod decrypt;
mod diagnostic;
pub mod envsubst;
mod generator;
mod merged_yaml;
mod path_pattern;
mod release;
mod remote;
mod substitute;
mod trace;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::origin::{Origins, Tracer};
use goyaml::{Map, Value};
use kustomize::{BuildError, BuildOptions, Edition, EntryKind, Files, ManifestCache, Remote, Resource};
use object::{Object, Origin};

pub use artifact::{ArtifactFiles, Copy, MAX_ARTIFACT_FILES, Strategy, Unpack, Unpacked, artifact_files};
pub use cache::{CacheCounts, RenderCache};
pub use charts::{ChartSource, HelmCharts, chart_of_archive, chart_of_folder};
pub use decrypt::Decryption;
pub use diagnostic::Diagnostic;
pub use merged_yaml::{Documents, merged_yaml};
pub use path_pattern::{Match, PathPattern, filled};
pub use release::{ReleaseRequest, ReleaseValues, helm_release};
pub use remote::{MAX_REMOTE_FILE, RemoteBase};
pub use tree::{SnapshotFiles, TreeFiles};

use decrypt::DecryptedFiles;
use substitute::Substitution;
use trace::Notes;
use tree::{Record, RecordingFiles};

/// What a Kustomization asks to be rendered.
pub struct KustomizationRequest<'a> {
    /// The files of the source.
    pub tree: &'a dyn Files,
    /// Directory in the tree; `./` and a leading slash are allowed as in `spec.path`.
    pub path: &'a str,
    /// The Kustomization's `spec`: of it `targetNamespace`, `namePrefix`, `nameSuffix`, `patches`, `images`,
    /// `components`, `ignoreMissingComponents`, `commonMetadata`, `postBuild` and `buildMetadata` are used.
    pub spec: &'a Value,
    /// What messages call the place `spec` was read from: a file of the source, or `Kustomization flux-system/apps`.
    /// Lines told with it are those of the positions in `spec`.
    pub place: &'a str,
    /// Values of `postBuild`, `substituteFrom` already read and overridden by `substitute`.
    pub variables: BTreeMap<String, String>,
    /// Whether a variable without a value and without a default is an error.
    pub strict: bool,
    /// Fetches remote bases; `None` refuses them.
    pub remote: Option<Arc<dyn Remote>>,
    /// Reads what is encrypted; `None` refuses encrypted objects.
    pub decryption: Option<Arc<Decryption>>,
}

/// What a source renders to.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The objects, in the order of the build.
    pub objects: Vec<Object>,
    /// Findings that do not stop the build.
    pub diagnostics: Vec<Diagnostic>,
    /// SHA-256 over everything that went in, in hexadecimal: what was asked of the tree, what remote bases resolved to,
    /// spec and variables.
    pub inputs: String,
    /// The remote bases that went in.
    pub remote: Vec<RemoteBase>,
}

/// What a source renders to, with the origin of every field.
#[derive(Clone, Debug, Default)]
pub struct Traced {
    /// The objects, in the order of the build. What the positions of their nodes mean is told by `origins`.
    pub objects: Vec<Object>,
    /// Where each field comes from; see [`object::FieldOrigin`].
    pub origins: Origins,
}

/// Renders a Kustomization over its source and notes where each field of its objects comes from. It is for reading:
/// what is encrypted with SOPS stays as it is, whatever the request says of decryption.
pub fn trace(request: &KustomizationRequest<'_>) -> Result<Traced, Vec<Diagnostic>> {
    let remote = request.remote.clone();
    let sources = Sources { files: request.tree, remote, manifests: None, keeps_encrypted: true, decryption: None };
    let (objects, tracer, _) = objects(request, &sources, kustomize::trace)?;
    Ok(Traced { objects, origins: tracer.finish() })
}

/// The objects of a folder that is built as `kustomize build` does, with the origin of every field.
pub fn trace_folder(files: &dyn Files, path: &str, options: &BuildOptions) -> Result<Traced, Vec<BuildError>> {
    let traced = kustomize::trace(files, path, options)?;
    Ok(Traced { objects: traced.resources.into_iter().map(object).collect(), origins: traced.tracer.finish() })
}

fn object(Resource { value, file, line, chain }: Resource) -> Object {
    Object::new(value, Origin { file, line, chain })
}

/// Renders a Kustomization over its source. All faults that can be told apart are given back at once.
pub fn kustomization(request: &KustomizationRequest<'_>) -> Result<Rendered, Vec<Diagnostic>> {
    render_recorded(request, None).map(|(rendered, _)| rendered)
}

pub(crate) fn render_recorded(
    request: &KustomizationRequest<'_>,
    manifests: Option<&Arc<ManifestCache>>,
) -> Result<(Rendered, Record), Vec<Diagnostic>> {
    let (files, recording) = (RecordingFiles::new(request.tree), cache::recording(request));
    let remote = recording.clone().map(|remote| remote as Arc<dyn Remote>);
    let sources = Sources {
        files: &files,
        remote,
        manifests: manifests.cloned(),
        keeps_encrypted: false,
        decryption: request.decryption.as_deref(),
    };
    let (objects, _, mut diagnostics) = objects(request, &sources, untraced)?;
    diagnostics.extend(check::twice(&objects));
    let (inputs, record) = cache::inputs_digest(request, files, recording.as_deref());
    let remote = record.remote().cloned().collect();
    Ok((Rendered { objects, diagnostics, inputs, remote }, record))
}

/// What a render is read from.
struct Sources<'a> {
    files: &'a dyn Files,
    remote: Option<Arc<dyn Remote>>,
    /// Files that other renders parsed.
    manifests: Option<Arc<ManifestCache>>,
    /// Whether encrypted objects are part of what comes out.
    keeps_encrypted: bool,
    /// Reads what is encrypted.
    decryption: Option<&'a Decryption>,
}

/// A build of a kustomization, with or without origins.
type Build = fn(&dyn Files, &str, &BuildOptions) -> Result<kustomize::Traced, Vec<BuildError>>;

fn untraced(files: &dyn Files, path: &str, options: &BuildOptions) -> Result<kustomize::Traced, Vec<BuildError>> {
    let resources = kustomize::build(files, path, options)?;
    Ok(kustomize::Traced { resources, tracer: Tracer::default() })
}

/// The objects, what their positions mean, and findings that do not stop the build.
type Made = (Vec<Object>, Tracer, Vec<Diagnostic>);

fn objects(request: &KustomizationRequest<'_>, sources: &Sources<'_>, build: Build) -> Result<Made, Vec<Diagnostic>> {
    let files = sources.files;
    let path = directory(request, files).map_err(|error| vec![error])?;
    let in_place = |errors: Vec<Diagnostic>| {
        let place = |error: Diagnostic| {
            if error.file.is_empty() { Diagnostic { file: request.place.to_owned(), ..error } } else { error }
        };
        errors.into_iter().map(place).collect::<Vec<_>>()
    };
    let overlay = generator::overlay(files, &path, request.spec).map_err(in_place)?;
    let decrypt = |decryption| DecryptedFiles::new(files, decryption, (&path, &overlay));
    let decrypted = sources.decryption.map(decrypt).transpose()?;
    let files = decrypted.as_ref().map_or(files, |decrypted| decrypted as &dyn Files);
    let options = options(request, sources, overlay.clone());
    let kustomize::Traced { resources, tracer } = build(files, &path, &options)
        .map_err(|errors| errors.into_iter().map(|error| from_build(request, error)).collect::<Vec<_>>())?;
    let objects = finish(request, resources, (sources, &Notes::new(request, &tracer)))?;
    Ok((objects, tracer, decrypted.map(DecryptedFiles::into_findings).unwrap_or_default()))
}

fn options(request: &KustomizationRequest<'_>, sources: &Sources<'_>, overlay: Value) -> BuildOptions {
    BuildOptions {
        overlay: Some(overlay),
        overlay_place: Some(request.place.into()),
        legacy_order: false,
        root_only: false,
        edition: Edition::V5_8_1,
        remote: sources.remote.clone(),
        charts: None,
        cache: sources.manifests.clone(),
    }
}

/// The directory that is rendered, or why it cannot be.
fn directory(request: &KustomizationRequest<'_>, files: &dyn Files) -> Result<String, Diagnostic> {
    let path = generator::normalise("", request.path.trim_start_matches('/'));
    match path {
        Some(path) if files.kind(&path) == Some(EntryKind::Dir) => Ok(path),
        _ => Err(Diagnostic {
            file: request.place.to_owned(),
            line: request.spec.get("path").map_or(0, |path| path.pos().line),
            message: format!("kustomization path not found: {}", request.path),
            hint: Some("Correct spec.path: it is a directory from the root of the source.".to_owned()),
            ..Diagnostic::default()
        }),
    }
}

fn from_build(request: &KustomizationRequest<'_>, error: BuildError) -> Diagnostic {
    // A kustomization that stands in for one that is not there is nobody's file.
    let file = if request.tree.kind(&error.file).is_some() { error.file } else { request.place.to_owned() };
    Diagnostic { file, line: error.line, column: error.column, message: error.message, hint: error.hint }
}

/// Everything after the build, object by object.
fn finish(
    request: &KustomizationRequest<'_>,
    resources: Vec<Resource>,
    (sources, notes): (&Sources<'_>, &Notes<'_>),
) -> Result<Vec<Object>, Vec<Diagnostic>> {
    let refused = if sources.keeps_encrypted { check::fault } else { check::fault_of_applied };
    let substitution = Substitution::new(request.spec, &request.variables, request.strict).map_err(|error| {
        vec![Diagnostic { file: request.place.to_owned(), message: error.to_string(), ..Diagnostic::default() }]
    })?;
    let mut errors = Vec::new();
    let mut objects = Vec::with_capacity(resources.len());
    for mut object in resources.into_iter().map(object) {
        let decrypted = sources.decryption.map_or(Ok(()), |decryption| decryption.object(&mut object));
        if let Some(fault) = decrypted.err().or_else(|| refused(&object)) {
            errors.push(fault);
            continue;
        }
        if let Some(Err(message)) =
            substitution.as_ref().map(|substitution| substitution.apply(&mut object.value, notes))
        {
            errors.push(not_substituted(request.tree, &object, &message));
            continue;
        }
        let before = notes.tracer.is_on().then(|| object.value.clone());
        object::normalize::for_apply(&mut object.value);
        notes.normalised(before.as_ref(), &mut object.value);
        add_common_metadata(&mut object.value, notes);
        objects.push(object);
    }
    if errors.is_empty() { Ok(objects) } else { Err(errors) }
}

fn not_substituted(files: &dyn Files, object: &Object, message: &str) -> Diagnostic {
    let variable = message.split('"').nth(1).map(str::to_owned);
    let line = variable.as_deref().and_then(|name| line_of(files, &object.origin, name));
    let hint = match &variable {
        Some(name) => format!("Set {name} under postBuild.substitute, give it a default (${{{name}:=value}}), or write $${{{name}}} for the text itself."),
        None => "Write $${…} for text that is no variable, or label the object kustomize.toolkit.fluxcd.io/substitute: disabled.".to_owned(),
    };
    Diagnostic {
        file: object.origin.file.to_string(),
        line: line.unwrap_or(object.origin.line),
        column: 0,
        message: format!("{}: envsubst error: {message}", object.key()),
        hint: Some(hint),
    }
}

/// The line of an object's file where a variable is named, at or after the object's start.
fn line_of(files: &dyn Files, origin: &Origin, name: &str) -> Option<u32> {
    let bytes = files.read(&origin.file).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mark = format!("${{{name}");
    let start = usize::try_from(origin.line.saturating_sub(1)).ok()?;
    let at = text.lines().skip(start).position(|line| line.contains(&mark))?;
    u32::try_from(start + at + 1).ok()
}

/// Labels and annotations that every object of a Kustomization gets.
fn add_common_metadata(object: &mut Value, notes: &Notes<'_>) {
    for field in ["labels", "annotations"] {
        let entries = notes.spec.at(&["commonMetadata", field]).and_then(Value::as_map);
        for (key, value) in entries.into_iter().flat_map(Map::iter) {
            notes.common(object, [field, key], value);
        }
    }
}
