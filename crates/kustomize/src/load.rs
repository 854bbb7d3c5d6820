//! Reading: all kustomizations a build reaches, with their files, before anything is changed.
//!
//! Everything that cannot be read is collected here, so that one build tells all of it.

mod charts;
mod configs;
mod generators;
mod inline;
mod parsed;
mod patches;
mod plugins;
mod trees;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use goyaml::Value;
use goyaml::origin::{self, Tracer};

use crate::cache::{Content, Generation};
use crate::config::Config;
use crate::documents::{self, Manifest, Source};
use crate::limit::{MAX_DEPTH, MAX_ERRORS, MAX_FILE_BYTES, MAX_LAYERS};
use crate::open_api::OpenApi;
use crate::raw::RawTexts;
use crate::read::replacements::Replacement;
use crate::read::{self, Kustomization, Text};
use crate::{BuildError, BuildOptions, Edition, EntryKind, FileError, Files, path, remote};

pub(crate) use generators::{Data, GeneratorInput};
pub(crate) use patches::{PatchInput, PatchKind};
pub(crate) use plugins::{Action, AddValue, Plugin, PluginId, Subjects};

use parsed::Parsed;
use trees::Trees;

/// Names a kustomization file may have.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization with everything it names.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Path of the kustomization file.
    pub(crate) file: Arc<str>,
    pub(crate) kustomization: Arc<Kustomization>,
    pub(crate) resources: Vec<Entry>,
    pub(crate) components: Vec<(Text, Self)>,
    /// `patchesStrategicMerge`, then `patches`.
    pub(crate) patches: Vec<PatchInput>,
    /// `patchesJson6902`, which come later.
    pub(crate) late_patches: Vec<PatchInput>,
    pub(crate) generators: Vec<GeneratorInput>,
    /// Each with the file it stands in.
    pub(crate) replacements: Vec<(Arc<str>, Replacement)>,
    pub(crate) transformers: Vec<Plugin>,
    pub(crate) validators: Vec<Plugin>,
    /// The fields transformers change, less what bases bring along.
    pub(crate) config: Arc<Config>,
    /// Fields of custom resources, added to those.
    pub(crate) crds: Option<Arc<Config>>,
    pub(crate) open_api: Option<Arc<OpenApi>>,
}

/// A kustomization and what its whole build needs.
pub(crate) struct Loaded {
    pub(crate) root: Layer,
    pub(crate) raw: RawTexts,
}

/// One entry of `resources`.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A file with its objects.
    File { named: Text, file: Arc<str>, manifests: Arc<Vec<Manifest>> },
    /// A directory with its kustomization.
    Layer(Text, Box<Layer>),
}

/// Reads the kustomization in a directory and all that it names.
pub(crate) fn load(
    files: &dyn Files,
    dir: &str,
    options: &BuildOptions,
    tracer: Tracer,
) -> Result<Loaded, Vec<BuildError>> {
    let cache = options.cache.as_ref().filter(|_| !tracer.is_on()).map(|cache| cache.generation());
    let notes = cache.as_ref().map(|cache| cache.notes.clone()).unwrap_or_default();
    let mut loader = Loader {
        files: Trees::new(files, options.remote.as_deref()),
        options,
        errors: Vec::new(),
        layers: 0,
        manifests: HashMap::default(),
        parsed: HashMap::default(),
        cache,
        raw: RawTexts::new(tracer, notes),
        namespace: String::new(),
    };
    let layer = match &options.overlay {
        Some(overlay) => loader.root_with_overlay(dir, overlay),
        None => loader.layer(dir, &[]),
    };
    match layer {
        Some(root) if loader.errors.is_empty() => Ok(Loaded { root, raw: loader.raw }),
        _ => Err(loader.errors),
    }
}

struct Loader<'a> {
    files: Trees<'a>,
    options: &'a BuildOptions,
    errors: Vec<BuildError>,
    layers: usize,
    /// Files that were read already; `None` for those with faults, which are told once.
    manifests: HashMap<String, Option<Arc<Vec<Manifest>>>, RandomState>,
    /// Files that were parsed before they are asked for.
    parsed: HashMap<String, Parsed, RandomState>,
    cache: Option<Arc<Generation>>,
    raw: RawTexts,
    /// The namespace that charts get which name none.
    namespace: String,
}

/// Kustomization files of a directory.
enum Found {
    None,
    One(String),
    /// An error, which was told.
    Several,
}

/// Where a name was read.
#[derive(Clone, Copy)]
struct Place<'a> {
    dir: &'a str,
    file: &'a Arc<str>,
    line: u32,
}

impl Place<'_> {
    fn error(&self, message: impl Into<String>) -> BuildError {
        BuildError::new(&**self.file, self.line, message)
    }
}

impl Loader<'_> {
    /// Notes a fault; one of a base that is named twice is noted once.
    fn fail(&mut self, error: BuildError) {
        if self.errors.len() < MAX_ERRORS && !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn fail_all(&mut self, errors: Vec<BuildError>) {
        for error in errors {
            self.fail(error);
        }
    }

    /// A file that is read.
    fn source(&mut self, file: &Arc<str>) -> Source {
        let index = self.raw.tracer.add(origin::Source::file(file.clone()));
        Source { file: file.clone(), index, offset: 0 }
    }

    /// The kustomization file of a directory.
    fn find_kustomization(&mut self, dir: &str) -> Found {
        let candidates = FILE_NAMES.iter().filter_map(|name| path::join(dir, name));
        let mut found = candidates.filter(|file| self.files.kind(file) == Some(EntryKind::File));
        let first = found.next();
        let (first, second) = match (first, found.next()) {
            (None, _) => return Found::None,
            (Some(only), None) => return Found::One(only),
            (Some(first), Some(second)) => (first, second),
        };
        self.fail(
            BuildError::new(&*first, 0, format!("Found multiple kustomization files under: {}", path::shown(dir)))
                .hint(format!("Keep one of {} and {}.", path::base_name(&first), path::base_name(&second))),
        );
        Found::Several
    }

    fn kustomization(&mut self, file: &str) -> Option<Arc<Kustomization>> {
        let name: Arc<str> = file.into();
        let bytes = match self.files.read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.fail(BuildError::new(file, 0, error.to_string()));
                return None;
            }
        };
        if let Some(kept) = self.cache.as_ref().and_then(|cache| cache.kustomization(&name, &bytes)) {
            return Some(kept);
        }
        let source = self.source(&name);
        self.raw.keep(source.index, &bytes);
        match read::kustomization(&source, &bytes) {
            Ok(kustomization) => {
                let kustomization = Arc::new(kustomization);
                if let Some(cache) = &self.cache {
                    cache.keep_kustomization(&name, &bytes, &kustomization);
                }
                Some(kustomization)
            }
            Err(errors) => {
                self.fail_all(errors);
                None
            }
        }
    }

    fn root_with_overlay(&mut self, dir: &str, overlay: &Value) -> Option<Layer> {
        let (file, base) = match self.find_kustomization(dir) {
            Found::One(file) => {
                let base = self.kustomization(&file)?;
                (file, Some(Arc::unwrap_or_clone(base)))
            }
            Found::None => (path::join(dir, FILE_NAMES[0]).unwrap_or_default(), None),
            Found::Several => return None,
        };
        let file: Arc<str> = file.into();
        let place = self.options.overlay_place.clone().unwrap_or_else(|| file.clone());
        let overlay = self.raw.tracer.placed(overlay, origin::Source::given(place.clone()));
        match read::overlay(base, &place, &overlay) {
            Ok(kustomization) => self.contents(dir, &[], file, Arc::new(kustomization)),
            Err(errors) => {
                self.fail_all(errors);
                None
            }
        }
    }

    /// Reads the kustomization in `dir`; `above` are the directories that led there.
    fn layer(&mut self, dir: &str, above: &[&str]) -> Option<Layer> {
        let found = self.find_kustomization(dir);
        if matches!(found, Found::Several) {
            return None;
        }
        let Found::One(file) = found else {
            let at = if dir.is_empty() { "kustomization.yaml" } else { dir };
            let names = FILE_NAMES.map(|name| format!("'{name}'")).join(", ");
            let message = format!("unable to find one of {names} in directory '{}'", path::shown(dir));
            self.fail(BuildError::new(at, 0, message));
            return None;
        };
        let kustomization = self.kustomization(&file)?;
        if kustomization.is_empty {
            self.fail(BuildError::new(file, 0, "kustomization.yaml is empty").hint("Add at least 'resources:'."));
            return None;
        }
        self.contents(dir, above, file.into(), kustomization)
    }

    fn contents(
        &mut self,
        dir: &str,
        above: &[&str],
        file: Arc<str>,
        kustomization: Arc<Kustomization>,
    ) -> Option<Layer> {
        self.layers += 1;
        if above.len() >= MAX_DEPTH || self.layers > MAX_LAYERS {
            let message = format!("more than {MAX_DEPTH} levels of kustomizations, or more than {MAX_LAYERS} in all");
            self.fail(BuildError::new(&*file, 0, message));
            return None;
        }
        let mut chain = above.to_vec();
        chain.push(dir);
        let outer = self.namespace.clone();
        if let Some(namespace) = kustomization.namespace.as_ref().filter(|_| self.options.edition == Edition::V5_8_1) {
            self.namespace.clone_from(&namespace.text);
        }
        self.parse_ahead(dir, &kustomization.resources);
        let entries: Vec<Option<Entry>> =
            kustomization.resources.iter().map(|named| self.resource(dir, &chain, &file, named)).collect();
        let components: Vec<Option<(Text, Layer)>> =
            kustomization.components.iter().map(|named| self.component(dir, &chain, &file, named)).collect();
        let patches = self.patches(dir, &file, &kustomization);
        let late_patches = self.late_patches(dir, &file, &kustomization);
        let place = Place { dir, file: &file, line: 0 };
        let config = self.config(place, &kustomization.configurations);
        let crds = self.crds(place, &kustomization.crds);
        let open_api = kustomization.open_api_path.as_ref().and_then(|named| self.open_api(place, named));
        let replacements = self.replacements(place, &kustomization.replacements);
        let mut generators = self.generators(dir, &file, &kustomization);
        generators.extend(self.charts(place, &kustomization.charts, kustomization.chart_home.as_ref()));
        generators.extend(self.generator_plugins(place, &chain, &kustomization.generator_plugins));
        let transformers = self.plugins(place, &chain, &kustomization.transformer_plugins);
        let validators = self.plugins(place, &chain, &kustomization.validator_plugins);
        self.namespace = outer;
        Some(Layer {
            resources: entries.into_iter().flatten().collect(),
            components: components.into_iter().flatten().collect(),
            patches,
            late_patches,
            generators,
            replacements,
            transformers,
            validators,
            config,
            crds,
            open_api,
            kustomization,
            file,
        })
    }

    fn resource(&mut self, dir: &str, chain: &[&str], file: &Arc<str>, named: &Text) -> Option<Entry> {
        let place = Place { dir, file, line: named.line() };
        let target = self.resolve(place, &named.text)?;
        match self.files.kind(&target) {
            Some(EntryKind::File) => {
                let manifests = self.manifests(place, &target)?;
                Some(Entry::File { named: named.clone(), file: target.into(), manifests })
            }
            Some(EntryKind::Dir) => {
                let layer = self.child(place, chain, &target)?;
                if layer.kustomization.is_component {
                    let message = format!("'{}' is a Component: list it under components", named.text);
                    self.fail(BuildError::new(&**file, named.line(), message));
                    return None;
                }
                Some(Entry::Layer(named.clone(), Box::new(layer)))
            }
            None => {
                self.missing(place, &named.text, &target);
                None
            }
        }
    }

    fn component(&mut self, dir: &str, chain: &[&str], file: &Arc<str>, named: &Text) -> Option<(Text, Layer)> {
        let place = Place { dir, file, line: named.line() };
        let target = self.resolve(place, &named.text)?;
        match self.files.kind(&target) {
            Some(EntryKind::Dir) => {
                let layer = self.child(place, chain, &target)?;
                if layer.kustomization.is_component {
                    return Some((named.clone(), layer));
                }
                let message = format!("expected kind 'Component' for path '{}' but got 'Kustomization'", named.text);
                self.fail(
                    BuildError::new(&**file, named.line(), message)
                        .hint("List it under resources, or make it a Component."),
                );
            }
            Some(EntryKind::File) => {
                let message = format!("'{}' is a file: a component is a directory", named.text);
                self.fail(BuildError::new(&**file, named.line(), message));
            }
            None => self.missing(place, &named.text, &target),
        }
        None
    }

    fn child(&mut self, place: Place<'_>, chain: &[&str], target: &str) -> Option<Layer> {
        if let Some(visited) = chain.iter().find(|visited| path::is_within(visited, target)) {
            let message = format!(
                "cycle detected: candidate root '{}' contains visited root '{}'",
                path::shown(target),
                path::shown(visited)
            );
            self.fail(
                BuildError::new(&**place.file, place.line, message)
                    .hint("A kustomization cannot name itself or a directory above it."),
            );
            return None;
        }
        self.layer(target, chain)
    }

    /// A path inside the tree, or an error for what is none.
    fn resolve(&mut self, place: Place<'_>, named: &str) -> Option<String> {
        if remote::is_address(named) {
            let fetched = self.files.fetch(named);
            return match fetched {
                Ok(path) => Some(path),
                Err(why) => {
                    self.fail(place.error(format!("'{named}': {why}")));
                    None
                }
            };
        }
        let target = path::join(place.dir, named).filter(|_| !named.is_empty());
        let target = target.filter(|target| trees::stays(&self.files, place.dir, target));
        if target.is_none() {
            let message = format!("'{named}' leads out of the source");
            self.fail(
                BuildError::new(&**place.file, place.line, message)
                    .hint("Name a file or directory below the root of the repository, relative to this file."),
            );
        }
        target
    }

    fn missing(&mut self, place: Place<'_>, named: &str, target: &str) {
        let mut error = BuildError::new(&**place.file, place.line, format!("'{named}' does not exist ({target})"));
        if let Some(near) = self.similar(target) {
            error = error.hint(format!("Did you mean '{near}'?"));
        }
        self.fail(error);
    }

    /// A name in the same directory that differs by little: case, or the ending.
    fn similar(&self, target: &str) -> Option<String> {
        let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_ascii_lowercase();
        let wanted = stem(path::base_name(target));
        self.files.list(path::parent(target)).into_iter().find(|name| stem(name) == wanted)
    }

    /// The content of a file that a kustomization names.
    fn content(&mut self, place: Place<'_>, named: &str) -> Option<(String, Arc<[u8]>)> {
        let target = self.resolve(place, named)?;
        let bytes = self.bytes(place, named, &target)?;
        Some((target, bytes))
    }

    fn bytes(&mut self, place: Place<'_>, named: &str, target: &str) -> Option<Arc<[u8]>> {
        let is_fetched = self.files.tree_of(target) != self.files.tree_of(place.dir);
        if self.options.root_only && !is_fetched && !path::is_within(target, place.dir) {
            let dir = path::shown(place.dir);
            let message = format!("security; file '{target}' is not in or below '{dir}'");
            self.fail(
                BuildError::new(&**place.file, place.line, message)
                    .hint("Move the file, or make its directory a kustomization and list that."),
            );
            return None;
        }
        match self.files.read(target) {
            Ok(bytes) if bytes.len() > MAX_FILE_BYTES => {
                let message =
                    format!("'{named}' has {} bytes, more than the {MAX_FILE_BYTES} that are read", bytes.len());
                self.fail(BuildError::new(&**place.file, place.line, message));
                None
            }
            Ok(bytes) => Some(bytes),
            Err(FileError::NotFound(_)) => {
                self.missing(place, named, target);
                None
            }
            Err(error) => {
                self.fail(BuildError::new(&**place.file, place.line, error.to_string()));
                None
            }
        }
    }

    fn manifests(&mut self, place: Place<'_>, target: &str) -> Option<Arc<Vec<Manifest>>> {
        let bytes = self.bytes(place, target, target)?;
        if let Some(known) = self.manifests.get(target) {
            return known.clone();
        }
        let content = || self.files.content_id(target).map_or_else(|| Content::Bytes(bytes.clone()), Content::Id);
        let cache = self.cache.as_ref().map(|cache| (cache.clone(), content()));
        if let Some(kept) = cache.as_ref().and_then(|(cache, content)| cache.get(content)) {
            self.manifests.insert(target.to_owned(), Some(kept.clone()));
            return Some(kept);
        }
        let Parsed { source, documents } = match self.parsed.remove(target) {
            Some(parsed) => parsed,
            None => Parsed::new(self.source(&target.into()), &bytes),
        };
        self.raw.keep(source.index, &bytes);
        let read = documents.and_then(|documents| documents::read_parsed(documents, &bytes, &source, &self.raw));
        let read = match read {
            Ok(manifests) => {
                let manifests = Arc::new(manifests);
                if let Some((cache, content)) = cache {
                    cache.keep(content, bytes.len(), &manifests);
                }
                Some(manifests)
            }
            Err(errors) => {
                self.fail_all(errors);
                None
            }
        };
        self.manifests.insert(target.to_owned(), read.clone());
        read
    }
}
