//! Building: from the innermost kustomization outwards, objects are gathered, generated and changed.
//!
//! The order in one directory is kustomize's: resources, generators, components, then the transformers.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use goyaml::Value;
use goyaml::origin::Derivation;

use crate::config::{self, Config};
use crate::id::Gvk;
use crate::item::Item;
use crate::load::{Entry, Layer};
use crate::open_api::OpenApi;
use crate::raw::RawTexts;
use crate::variables::{self, Vars};
use crate::{BuildError, generate, origin, path, set, transform};

/// What a whole build shares.
pub(crate) struct Context {
    /// Objects carry where they come from, and what changed them, as annotations.
    pub(crate) track_origin: bool,
    pub(crate) raw: RawTexts,
    /// What the first kustomization on the way that sets a schema has set: one of its own, or the built-in one. No other can.
    schema: OnceCell<Option<Schema>>,
    /// The built-in schema was needed, or will be, before any other was set.
    uses_built_in: Cell<bool>,
}

/// A schema of the user's.
#[derive(Clone)]
pub(crate) struct Schema {
    pub(crate) api: Arc<OpenApi>,
    /// It came after the built-in one had been used, and adds to it.
    pub(crate) adds: bool,
}

impl Context {
    pub(crate) fn new(track_origin: bool, raw: RawTexts) -> Self {
        Self { track_origin, raw, schema: OnceCell::new(), uses_built_in: Cell::new(false) }
    }

    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.get()?.as_ref()
    }

    /// Notes that the kinds of objects are looked up: in the schema that is set, or in the built-in one.
    pub(crate) fn look_up_kinds(&self) -> Result<(), Vec<BuildError>> {
        self.uses_built_in.set(true);
        self.schema().map_or(Ok(()), |schema| schema.api.check())
    }

    fn use_schema(&self, layer: &Layer) {
        if layer.open_api.is_some() || layer.kustomization.wants_built_in_schema {
            let adds = self.uses_built_in.get();
            self.schema.get_or_init(|| layer.open_api.clone().map(|api| Schema { api, adds }));
        }
    }
}

/// The objects of a kustomization and what comes along with them.
pub(crate) struct Accumulated {
    /// With names not yet hashed and references not yet followed.
    pub(crate) items: Vec<Item>,
    pub(crate) config: Option<Arc<Config>>,
    pub(crate) vars: Vars,
}

impl Accumulated {
    fn empty() -> Self {
        Self { items: Vec::new(), config: None, vars: Vars::new() }
    }

    /// The fields that transformers change here.
    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.clone().unwrap_or_else(config::built_in)
    }

    fn add_config(&mut self, more: &Arc<Config>) -> Result<(), String> {
        self.config = Some(match &self.config {
            Some(own) => config::merged(own, more)?,
            None => config::first(more)?,
        });
        Ok(())
    }
}

/// Builds the outermost kustomization. `origin` is how it is named in origin annotations.
pub(crate) fn accumulate_root(context: &Context, root: &Layer, origin: &str) -> Result<Vec<Item>, Vec<BuildError>> {
    all(context, root, origin).map(|all| all.items)
}

/// The same with the fields and variables of all kustomizations.
pub(crate) fn all(context: &Context, root: &Layer, origin: &str) -> Result<Accumulated, Vec<BuildError>> {
    context.use_schema(root);
    accumulate(context, root, Accumulated::empty(), origin)
}

/// Builds a kustomization. `above` is what a component works on; a kustomization starts with nothing.
/// `origin` is the path of the directory as the root kustomization would name it.
fn accumulate(
    context: &Context,
    layer: &Layer,
    above: Accumulated,
    origin: &str,
) -> Result<Accumulated, Vec<BuildError>> {
    let mut all = above;
    resources(context, layer, &mut all, origin)?;
    set::check_ids(&all.items, &layer.file)?;
    let conflict = |message| vec![BuildError::new(&*layer.file, 0, message)];
    all.add_config(&layer.config).map_err(conflict)?;
    if let Some(crds) = &layer.crds {
        all.add_config(crds).map_err(conflict)?;
    }
    generate::run(context, layer, &mut all.items, origin)?;
    for (named, component) in &layer.components {
        context.use_schema(component);
        all = accumulate(context, component, all, &path::join_relative(origin, &named.text))?;
        set::check_ids(&all.items, &layer.file)?;
        // What comes out of a component comes as what comes out of a base.
        all.config = all.config.map(|config| config::first(&config)).transpose().map_err(conflict)?;
    }
    let config = all.config();
    transform::run(context, &config, layer, &mut all.items, origin)?;
    transform::validate(context, layer, &all.items)?;
    variables::define(&mut all.vars, (&layer.file, &layer.kustomization.vars), &mut all.items)?;
    Ok(all)
}

fn resources(context: &Context, layer: &Layer, all: &mut Accumulated, origin: &str) -> Result<(), Vec<BuildError>> {
    let mut errors = Vec::new();
    for entry in &layer.resources {
        set::check_count(&all.items, &layer.file)?;
        match entry {
            Entry::File { named, file, manifests } => {
                let label = context.track_origin.then(|| path::join_relative(origin, &named.text));
                if manifests.iter().any(|manifest| !Gvk::of(&manifest.value).is_known()) {
                    // Kustomize asks of every kind that it does not know whether it is namespaced.
                    context.look_up_kinds()?;
                }
                all.items.extend(manifests.iter().map(|manifest| {
                    let mut item = Item::new(manifest.value.clone(), file.clone(), manifest.line, &context.raw);
                    if let Some(label) = &label {
                        origin::annotate_file(&mut item, label, (named, &context.raw));
                    }
                    item
                }));
            }
            Entry::Layer(named, child) => {
                let below = path::join_relative(origin, &named.text);
                context.use_schema(child);
                let mut built = accumulate(context, child, Accumulated::empty(), &below);
                if let Ok(built) = &mut built {
                    origin::came_through(&mut built.items, named, &context.raw);
                }
                if let Err(more) = built.and_then(|more| absorb(layer, all, more)) {
                    errors.extend(more);
                }
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn absorb(layer: &Layer, all: &mut Accumulated, more: Accumulated) -> Result<(), Vec<BuildError>> {
    all.items.extend(more.items);
    if let Some(config) = &more.config {
        all.add_config(config).map_err(|message| vec![BuildError::new(&*layer.file, 0, message)])?;
    }
    variables::merge(&mut all.vars, more.vars)
}

/// What changes objects: how their chains name it, and how the origins of their fields do.
pub(crate) struct By<'a> {
    pub(crate) note: Arc<str>,
    pub(crate) name: &'a str,
    pub(crate) raw: &'a RawTexts,
}

impl<'a> By<'a> {
    pub(crate) fn new(name: &'a str, note: Arc<str>, raw: &'a RawTexts) -> Self {
        Self { note, name, raw }
    }

    /// A value that this makes.
    pub(crate) fn derive(&self, value: Value, how: impl FnOnce(Derivation) -> Derivation) -> Value {
        self.raw.tracer.derive(value, || how(Derivation::by(self.name.to_owned())))
    }
}

/// How the chain of an object names a field of a kustomization.
pub(crate) fn step(what: &str, file: &Arc<str>, line: u32) -> Arc<str> {
    if line == 0 { format!("{what} {file}").into() } else { format!("{what} {file}:{line}").into() }
}
