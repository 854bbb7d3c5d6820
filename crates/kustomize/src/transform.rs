//! The transformers of one kustomization, in kustomize's order.

mod add_value;
mod images;
mod labels;
mod names;
mod namespace;
mod patches;
mod replacements;
mod replicas;

use std::sync::Arc;

use goyaml::origin::Derivation;
use goyaml::{Kind, Value};

use crate::accumulate::{By, Context, step};
use crate::config::Config;
use crate::item::Item;
use crate::load::{Action, Layer, PatchInput, Plugin};
use crate::{BuildError, hash, origin, path, raw, scalar, set};

type Outcome = Result<(), Vec<BuildError>>;

/// The objects of a kustomization, and how changes to them are noted.
struct Run<'a> {
    context: &'a Context,
    items: &'a mut Vec<Item>,
    /// Path of the kustomization file as origin annotations name it.
    origin_file: String,
}

impl<'a> Run<'a> {
    /// A field of the kustomization, as what changes objects.
    fn by(&self, field: &'static str, layer: &Layer, line: u32) -> By<'a> {
        By::new(field, step(field, &layer.file, line), &self.context.raw)
    }

    /// Notes on all objects that a built-in transformer has run.
    fn ran(&mut self, kind: &str) {
        if self.context.track_origin {
            let text = origin::of_field(&self.origin_file, kind);
            origin::annotate_transformed(self.items, &text, (&[], &self.context.raw));
        }
    }
}

/// Runs all transformers of a kustomization over its objects.
pub(crate) fn run(
    context: &Context,
    config: &Config,
    layer: &Layer,
    items: &mut Vec<Item>,
    origin_dir: &str,
) -> Outcome {
    let origin_file = path::join_relative(origin_dir, path::base_name(&layer.file));
    let mut run = Run { context, items, origin_file };
    run.patches(layer)?;
    run.names_and_labels(config, layer)?;
    run.fields(config, layer)?;
    for plugin in &layer.transformers {
        context.look_up_kinds()?;
        act(context, plugin, items)?;
        if context.track_origin {
            let text = origin::of_plugin(origin_dir, &plugin.id);
            origin::annotate_transformed(items, &text, (&plugin.id.named, &context.raw));
        }
    }
    Ok(())
}

impl Run<'_> {
    fn patches(&mut self, layer: &Layer) -> Outcome {
        let merges = layer.kustomization.patches_strategic_merge.len();
        let (first, others) = layer.patches.split_at(merges.min(layer.patches.len()));
        patches::run(self.context, layer, first, self.items)?;
        if !first.is_empty() {
            self.ran("PatchStrategicMergeTransformer");
        }
        self.each_patch(layer, others, "PatchTransformer")
    }

    fn each_patch(&mut self, layer: &Layer, inputs: &[PatchInput], kind: &str) -> Outcome {
        if !self.context.track_origin {
            return patches::run(self.context, layer, inputs, self.items);
        }
        for input in inputs {
            patches::run(self.context, layer, std::slice::from_ref(input), self.items)?;
            self.ran(kind);
        }
        Ok(())
    }

    fn names_and_labels(&mut self, config: &Config, layer: &Layer) -> Outcome {
        let kustomization = &layer.kustomization;
        if let Some(namespace) = &kustomization.namespace {
            let change = namespace::Change::new(namespace, &config.namespace);
            let by = self.by("namespace", layer, 0);
            change.run(self.items, &by)?;
            self.ran("NamespaceTransformer");
        }
        if let Some(prefix) = &kustomization.name_prefix {
            let by = self.by("namePrefix", layer, 0);
            names::prefix(prefix, &config.name_prefix, self.items, &by)?;
            self.ran("PrefixTransformer");
        }
        if let Some(suffix) = &kustomization.name_suffix {
            let by = self.by("nameSuffix", layer, 0);
            names::suffix(suffix, &config.name_suffix, self.items, &by)?;
            self.ran("SuffixTransformer");
        }
        for entry in &kustomization.labels {
            let specs = labels::specs(entry, config)
                .map_err(|message| vec![BuildError::new(&*layer.file, entry.line, message)])?;
            let by = self.by("labels", layer, entry.line);
            labels::set(self.items, &by, &entry.pairs, &specs)?;
            self.ran("LabelTransformer");
        }
        let common = &kustomization.common_labels;
        if !common.is_empty() {
            let by = self.by("commonLabels", layer, 0);
            labels::set(self.items, &by, common, &config.common_labels)?;
        }
        if !common.is_empty() || !kustomization.labels.is_empty() {
            self.ran("LabelTransformer");
        }
        let annotations = &kustomization.common_annotations;
        if !annotations.is_empty() {
            let by = self.by("commonAnnotations", layer, 0);
            labels::set(self.items, &by, annotations, &config.annotations)?;
            self.ran("AnnotationsTransformer");
        }
        Ok(())
    }

    fn fields(&mut self, config: &Config, layer: &Layer) -> Outcome {
        self.each_patch(layer, &layer.late_patches, "PatchJson6902Transformer")?;
        let mut errors = Vec::new();
        for entry in &layer.kustomization.replicas {
            match replicas::run(self.items, entry, &config.replicas, (&layer.file, &self.context.raw)) {
                Ok(()) => self.ran("ReplicaCountTransformer"),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for entry in &layer.kustomization.images {
            images::run(self.items, entry, &config.images, (&layer.file, &self.context.raw))?;
            self.ran("ImageTagTransformer");
        }
        if !layer.kustomization.replacements.is_empty() {
            replacements::run(&layer.replacements, &self.context.raw, self.items)?;
            self.ran("ReplacementTransformer");
        }
        Ok(())
    }
}

/// Runs a configured transformer.
fn act(context: &Context, plugin: &Plugin, items: &mut Vec<Item>) -> Outcome {
    let raw = &context.raw;
    let by = By::new(&plugin.id.kind, step(&plugin.id.kind, &plugin.file, plugin.line), raw);
    match &plugin.action {
        Action::Patches(inputs) => patches::run_in(context, &plugin.file, inputs, items),
        Action::Namespace { namespace, .. } if namespace.is_empty() => Ok(()),
        Action::Namespace { namespace, specs, unset_only, subjects } => {
            let change = namespace::Change::new(namespace, specs);
            namespace::Change { unset_only: *unset_only, subjects: *subjects, ..change }.run(items, &by)
        }
        Action::Names { prefix, suffix, specs } => {
            if let Some(prefix) = prefix {
                names::prefix(prefix, specs, items, &by)?;
            }
            suffix.as_ref().map_or(Ok(()), |suffix| names::suffix(suffix, specs, items, &by))
        }
        Action::Labels { pairs, specs } => labels::set(items, &by, &pairs.pairs, specs),
        Action::Image { image, specs } => images::run(items, image, specs, (&plugin.file, raw)),
        Action::Replicas { replicas, specs } => replicas::run(items, replicas, specs, (&plugin.file, raw)),
        Action::Replacements(replacements) => replacements::run(replacements, &context.raw, items),
        Action::Hash => {
            add_hashes(items, &by);
            Ok(())
        }
        Action::AddValue(targets) => add_value::run(targets, items, (&by, &context.raw)),
    }
}

/// Runs the validators of a kustomization, which may look but not change.
pub(crate) fn validate(context: &Context, layer: &Layer, items: &[Item]) -> Outcome {
    for plugin in &layer.validators {
        context.look_up_kinds()?;
        let mut after = items.to_vec();
        act(context, plugin, &mut after)?;
        set::check_ids(&after, &plugin.file)?;
        // What kustomize remembers of an object is part of it here.
        let is_same = |before: &Item, after: &Item| {
            before.previous.len() == after.previous.len()
                && before.prefixes == after.prefixes
                && before.suffixes == after.suffixes
                && unchanged(&before.value, &after.value)
        };
        if items.len() != after.len() || !items.iter().zip(&after).all(|(before, after)| is_same(before, after)) {
            let message = format!("{} '{}': a validator must not change objects", plugin.id.kind, plugin.id.name);
            let hint = "List it under transformers.";
            return Err(vec![BuildError::new(&*plugin.file, plugin.line, message).hint(hint)]);
        }
    }
    Ok(())
}

/// Puts the hash of its content behind the name of every generated object.
pub(crate) fn add_hashes(items: &mut [Item], by: &By<'_>) {
    for item in items.iter_mut().filter(|item| item.needs_hash) {
        let old = item.metadata_text("name", by.raw);
        let name = format!("{}-{}", scalar::text(&old), hash::suffix(item, by.raw));
        let name = by.derive(name.into(), |derivation| {
            let old = item.value.at(&["metadata", "name"]).cloned().unwrap_or_default();
            hash::inputs(item).into_iter().fold(derivation.of(&old), Derivation::with)
        });
        item.remember_id();
        let is_quoted = item.value.at(&["metadata", "name"]).is_some_and(Value::is_quoted);
        item.value.set_at(&["metadata", "name"], raw::untyped(name).with_quotes(is_quoted));
        item.touched(&by.note);
    }
}

/// Changes each object, collecting what goes wrong with any. `by` is noted on those that are other than before.
fn each(items: &mut [Item], by: &By<'_>, mut change: impl FnMut(&mut Item) -> Result<(), String>) -> Outcome {
    let mut errors = Vec::new();
    for item in items {
        let before = item.value.clone();
        match change(item) {
            Ok(()) if !unchanged(&before, &item.value) => item.touched(&by.note),
            Ok(()) => {}
            Err(message) => errors.push(BuildError::new(&*item.file, item.line, format!("{}: {message}", by.note))),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Whether two trees, the one grown out of the other, are equal. What they share is not looked into.
fn unchanged(before: &Value, after: &Value) -> bool {
    match (before.kind(), after.kind()) {
        (Kind::Map(one), Kind::Map(other)) => {
            Arc::ptr_eq(one, other)
                || (one.len() == other.len()
                    && one
                        .iter()
                        .zip(other.iter())
                        .all(|((key, one), (other_key, other))| key == other_key && unchanged(one, other)))
        }
        (Kind::List(one), Kind::List(other)) => {
            Arc::ptr_eq(one, other)
                || (one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| unchanged(one, other)))
        }
        _ => before == after,
    }
}
