//! A kustomization file as kustomize's fields.

pub(crate) mod charts;
pub(crate) mod decode;
pub(crate) mod fields;
pub(crate) mod replacements;

use std::sync::Arc;

use goyaml::origin::Tracer;
use goyaml::{ParseOptions, Pos, Value};

use crate::BuildError;
use crate::documents::Source;
use crate::selector::Selector;
use crate::table::fields::FieldSpec;
use charts::Chart;
use replacements::ReplacementField;

/// A text with the place it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) pos: Pos,
}

impl Text {
    /// Line in the file, from 1.
    pub(crate) fn line(&self) -> u32 {
        self.pos.line
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The node that was read.
    pub(crate) fn value(&self) -> Value {
        Value::from(self.text.as_str()).with_pos(self.pos)
    }

    /// A new node with this text.
    pub(crate) fn made(&self, tracer: &Tracer) -> Value {
        tracer.same(Value::from(self.text.as_str()), &self.value())
    }
}

/// A key and its text.
pub(crate) type Pair = (String, Text);

/// A kustomization or a component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kustomization {
    /// The file holds nothing but type and version.
    pub(crate) is_empty: bool,
    pub(crate) is_component: bool,
    /// `resources`, then `bases`.
    pub(crate) resources: Vec<Text>,
    /// How many of them are `bases`.
    pub(crate) bases: usize,
    pub(crate) components: Vec<Text>,
    pub(crate) namespace: Option<Text>,
    pub(crate) name_prefix: Option<Text>,
    pub(crate) name_suffix: Option<Text>,
    pub(crate) common_labels: Vec<Pair>,
    pub(crate) labels: Vec<Labels>,
    pub(crate) common_annotations: Vec<Pair>,
    pub(crate) patches_strategic_merge: Vec<Text>,
    pub(crate) patches_json: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replicas: Vec<Replicas>,
    pub(crate) config_maps: Vec<Generator>,
    pub(crate) secrets: Vec<Generator>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    /// `helmCharts`, then `helmChartInflationGenerator`.
    pub(crate) charts: Vec<Chart>,
    /// `helmGlobals.chartHome`.
    pub(crate) chart_home: Option<Text>,
    pub(crate) replacements: Vec<ReplacementField>,
    pub(crate) vars: Vec<Var>,
    pub(crate) configurations: Vec<Text>,
    pub(crate) crds: Vec<Text>,
    pub(crate) open_api_path: Option<Text>,
    /// `openapi.version` names the built-in schema.
    pub(crate) wants_built_in_schema: bool,
    pub(crate) generator_plugins: Vec<Text>,
    pub(crate) transformer_plugins: Vec<Text>,
    pub(crate) validator_plugins: Vec<Text>,
    pub(crate) sort: Option<Sort>,
    pub(crate) build_metadata: Vec<Text>,
}

/// An entry of `labels`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
    pub(crate) line: u32,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patch {
    pub(crate) path: Option<Text>,
    pub(crate) inline: Option<Text>,
    /// Lines of the kustomization before the first line of an inline patch.
    pub(crate) offset: u32,
    pub(crate) target: Option<Selector>,
    /// Whether the target names an object, as `patchesJson6902` demands.
    pub(crate) target_has_name: bool,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// The place the patch comes from, if that is not the kustomization file.
    pub(crate) from: Option<Arc<str>>,
    pub(crate) line: u32,
    pub(crate) pos: Pos,
}

/// An entry of `images`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: Text,
    pub(crate) new_tag: Text,
    pub(crate) tag_suffix: Text,
    pub(crate) digest: Text,
    pub(crate) line: u32,
}

/// An entry of `replicas`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replicas {
    pub(crate) name: String,
    pub(crate) count: i64,
    /// Where the count stands.
    pub(crate) count_at: Pos,
    pub(crate) line: u32,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generator {
    /// The field it is an entry of, or the kind of the plugin that it is.
    pub(crate) field: Text,
    pub(crate) name: Text,
    pub(crate) namespace: Text,
    pub(crate) behavior: String,
    pub(crate) kind: Text,
    pub(crate) literals: Vec<Text>,
    pub(crate) files: Vec<Text>,
    pub(crate) envs: Vec<Text>,
    pub(crate) options: GeneratorOptions,
    pub(crate) line: u32,
}

/// An entry of `vars`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Var {
    pub(crate) name: String,
    /// The object that has the value.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) object: String,
    pub(crate) namespace: String,
    /// Where the value is in the object.
    pub(crate) field_path: String,
    pub(crate) pos: Pos,
}

/// What generated objects get beside their data.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Vec<Pair>,
    pub(crate) annotations: Vec<Pair>,
    pub(crate) disable_name_suffix_hash: bool,
    /// The `true` that says so.
    pub(crate) immutable: Option<Value>,
}

/// `sortOptions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The order of the files.
    Fifo,
    /// By kind; these kinds first and last, or kustomize's own lists.
    Legacy(Option<(Vec<String>, Vec<String>)>),
}

/// Reads a kustomization file. All that is wrong is told at once.
pub(crate) fn kustomization(source: &Source, bytes: &[u8]) -> Result<Kustomization, Vec<BuildError>> {
    let file = &source.file;
    let value = parse_as(source.index, file, bytes)?;
    let mut read = fields::read(file, &value)?;
    read.is_empty = is_empty(&value);
    Ok(read)
}

/// The one document of a file that kustomize reads as its own: a kustomization, or what it names beside manifests.
pub(crate) fn parse(file: &Arc<str>, bytes: &[u8]) -> Result<Value, Vec<BuildError>> {
    parse_as(0, file, bytes)
}

/// The same with the index that positions carry.
pub(crate) fn parse_as(source: u32, file: &Arc<str>, bytes: &[u8]) -> Result<Value, Vec<BuildError>> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| vec![BuildError::new(&**file, 0, "the file is not UTF-8 text")])?;
    let options = ParseOptions { source, ..ParseOptions::sigs() };
    let read = goyaml::parse_documents(text, &options).or_else(|errors| {
        // Kustomize looks at nothing behind lines that are indented more than those that follow.
        let is_behind = errors.iter().all(|error| error.message == "did not find expected <document start>");
        let first = goyaml::parse_first(text, &options).ok().filter(|_| is_behind && !text.starts_with('{'));
        first.map(|first| first.into_iter().collect()).ok_or(errors)
    });
    let documents = read.map_err(|errors| {
        let fault = |error: &goyaml::YamlError| {
            BuildError::new(&**file, error.pos.line, error.message.clone()).at_column(error.pos.column)
        };
        errors.iter().map(fault).collect::<Vec<_>>()
    })?;
    let mut documents = documents.into_iter();
    let value = documents.next().map(|document| document.value).unwrap_or_default();
    if let Some(second) = documents.next() {
        let error = BuildError::new(&**file, second.pos.line, "the file may hold one document only")
            .hint("Move what follows '---' into a file of its own and list it under resources.");
        return Err(vec![error]);
    }
    Ok(value)
}

/// Nothing but type and version.
fn is_empty(value: &Value) -> bool {
    let Some(map) = value.as_map() else { return value.is_null() };
    map.iter().all(|(key, value)| {
        value.is_null() || key.eq_ignore_ascii_case("kind") || key.eq_ignore_ascii_case("apiVersion")
    })
}

/// Merges fields that come from elsewhere into the root kustomization, as Flux does with a Kustomization's.
///
/// Single values replace; lists are appended, except that an image is merged into the one with the same name, tag and
/// digest as one. `place` is what messages call the place those fields come from.
pub(crate) fn overlay(
    base: Option<Kustomization>,
    place: &Arc<str>,
    value: &Value,
) -> Result<Kustomization, Vec<BuildError>> {
    let mut over = fields::read(place, value)?;
    over.patches.iter_mut().chain(&mut over.patches_json).for_each(|patch| patch.from = Some(place.clone()));
    let Some(mut base) = base else { return Ok(over) };
    for (slot, new) in [
        (&mut base.namespace, over.namespace),
        (&mut base.name_prefix, over.name_prefix),
        (&mut base.name_suffix, over.name_suffix),
    ] {
        if new.is_some() {
            *slot = new;
        }
    }
    if base.resources.len() == base.bases {
        // Flux looks at `resources` alone, and writes this, so that kustomize does not call the file empty.
        base.build_metadata = vec![Text { text: "originAnnotations".to_owned(), pos: Pos::default() }];
    }
    base.resources.extend(over.resources);
    base.components.extend(over.components);
    base.patches_strategic_merge.extend(over.patches_strategic_merge);
    base.patches_json.extend(over.patches_json);
    base.patches.extend(over.patches);
    for image in over.images {
        overlay_image(&mut base.images, image);
    }
    if !over.build_metadata.is_empty() {
        base.build_metadata = over.build_metadata;
    }
    Ok(base)
}

fn overlay_image(images: &mut Vec<Image>, image: Image) {
    let Some(known) = images.iter_mut().find(|known| known.name == image.name) else {
        images.push(image);
        return;
    };
    if !image.new_name.is_empty() {
        known.new_name = image.new_name;
    }
    if !image.new_tag.is_empty() || !image.digest.is_empty() {
        known.new_tag = image.new_tag;
        known.digest = image.digest;
    }
}
