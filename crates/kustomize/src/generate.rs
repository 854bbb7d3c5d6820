//! `ConfigMap`s and `Secret`s out of literals and files.

use goyaml::origin::Tracer;
use goyaml::{Map, Value};

use crate::accumulate::{By, Context, step};
use crate::id::Id;
use crate::item::{Behavior, Item};
use crate::load::{Data, GeneratorInput, Layer};
use crate::raw::{self, RawTexts};
use crate::{BuildError, hash, origin, path, set};

/// Runs the generators of a kustomization and puts what they make among its objects.
pub(crate) fn run(
    context: &Context,
    layer: &Layer,
    items: &mut Vec<Item>,
    origin_path: &str,
) -> Result<(), Vec<BuildError>> {
    let mut errors = Vec::new();
    for input in &layer.generators {
        let mut made = match &input.ready {
            Some(ready) => ready.clone(),
            None => vec![make(layer, input, &context.raw)],
        };
        // A plugin's own object is of a kind that kustomize does not know.
        if input.plugin.is_some() || made.iter().any(|item| !item.gvk().is_known()) {
            context.look_up_kinds()?;
        }
        if context.track_origin {
            for item in &mut made {
                annotate(item, (layer, input), (context, origin_path));
            }
        }
        for item in made {
            if let Err(message) = absorb(items, item, &context.raw) {
                errors.push(BuildError::new(&*layer.file, input.line, message));
            }
        }
        set::check_count(items, &layer.file)?;
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Notes on an object what generated it.
fn annotate(item: &mut Item, (layer, input): (&Layer, &GeneratorInput), (context, origin_path): (&Context, &str)) {
    let generator = match (&input.ready, input.is_secret) {
        (Some(_), _) => "HelmChartInflationGenerator",
        (None, true) => "SecretGenerator",
        (None, false) => "ConfigMapGenerator",
    };
    let text = match &input.plugin {
        Some(id) => origin::of_plugin(origin_path, id),
        None => origin::of_field(&path::join_relative(origin_path, path::base_name(&layer.file)), generator),
    };
    let named = input.plugin.as_ref().map_or(&[][..], |id| &id.named);
    origin::annotate_generated(item, &text, (named, &context.raw));
}

fn make(layer: &Layer, input: &GeneratorInput, raw: &RawTexts) -> Item {
    let mut value = Value::empty_map();
    let by = By::new(&input.field.text, step(&input.field.text, &layer.file, input.line), raw);
    let own = |text: &str| by.derive(text.into(), |derivation| derivation.asked_by(&input.field.value()));
    value.set_at(&["apiVersion"], own("v1"));
    value.set_at(&["kind"], own(if input.is_secret { "Secret" } else { "ConfigMap" }));
    value.set_at(&["metadata", "name"], input.name.made(&raw.tracer));
    if !input.namespace.is_empty() {
        value.set_at(&["metadata", "namespace"], input.namespace.made(&raw.tracer));
    }
    for (field, entries) in [("labels", &input.options.labels), ("annotations", &input.options.annotations)] {
        for (key, text) in entries {
            value.set_at(&["metadata", field, key], text.made(&raw.tracer));
        }
    }
    if input.is_secret {
        value.set_at(&["type"], if input.kind.is_empty() { own("Opaque") } else { input.kind.made(&raw.tracer) });
        let encode = |data: &Data| (data.key.clone(), data.derived(&hash::base64_lines(&data.bytes), &by));
        value.set_at(&["data"], input.pairs.iter().map(encode).collect::<Map>());
    } else {
        for data in &input.pairs {
            match std::str::from_utf8(&data.bytes) {
                Ok(text) => value.set_at(&["data", &data.key], data.derived(text, &by)),
                Err(_) => value.set_at(&["binaryData", &data.key], data.derived(&hash::base64_lines(&data.bytes), &by)),
            };
        }
    }
    if let Some(flag) = &input.options.immutable {
        value.set_at(&["immutable"], raw.tracer.same(Value::from(true), flag));
    }
    let mut item = Item::new(value, layer.file.clone(), input.line, raw);
    item.is_generated = true;
    item.behavior = input.behavior;
    item.noted_behavior = input.behavior.noted();
    item.needs_hash = !input.options.disable_name_suffix_hash;
    item
}

/// Adds a generated object, or replaces or merges the one with its id.
fn absorb(items: &mut Vec<Item>, mut new: Item, raw: &RawTexts) -> Result<(), String> {
    let id = new.id();
    let matches = set::with_any_id(items, &id);
    match (matches.as_slice(), new.behavior) {
        ([], Behavior::Create | Behavior::Unspecified) => items.push(new),
        ([], _) => {
            let instead = set::instead(items, [&id.gvk.kind, &id.name], &raw.tracer);
            return Err(format!("id {id} does not exist; cannot merge or replace{instead}"));
        }
        ([_], Behavior::Create | Behavior::Unspecified) => {
            return Err(format!("id {id} exists; behavior must be merge or replace"));
        }
        ([at], behavior) => {
            let old = &items[*at];
            let note = step("generator", &new.file, new.line);
            let origin_of_old = old.value.at(&["metadata", "annotations", origin::ORIGIN]).cloned();
            inherit(&mut new, old, raw);
            if behavior == Behavior::Merge {
                merge_data(&mut new, old, raw);
                if let Some(text) = origin_of_old {
                    new.value.set_at(&["metadata", "annotations", origin::ORIGIN], text);
                }
            }
            new.touched(&note);
            let at = place_of(items, &new.id(), &raw.tracer)?;
            items[at] = new;
        }
        (several, _) => {
            return Err(format!("found {} objects that could accept the generated {id}", several.len()));
        }
    }
    Ok(())
}

/// Where the object is that has this id now: the one that was found may only have had it.
fn place_of(items: &[Item], id: &Id, tracer: &Tracer) -> Result<usize, String> {
    items.iter().position(|item| item.id() == *id).ok_or_else(|| {
        let instead = set::instead(items, [&id.gvk.kind, &id.name], tracer);
        format!("id {id} was found, but has become another by now; cannot merge or replace{instead}")
    })
}

/// Takes over the old object's identity and metadata; what the new one says itself wins.
fn inherit(new: &mut Item, old: &Item, raw: &RawTexts) {
    let tracer = &raw.tracer;
    new.noted_behavior = old.noted_behavior;
    for field in ["labels", "annotations"] {
        let mut map: Map = old.metadata_texts(field, raw).into_iter().collect();
        for (key, text) in new.metadata_texts(field, raw) {
            let text = tracer.replace(map.get(&key), text);
            map.insert(key, text);
        }
        if !map.is_empty() {
            new.value.set_at(&["metadata", field], map);
        }
    }
    new.set_name(&old.metadata_text("name", raw), raw);
    new.set_namespace(&old.metadata_text("namespace", raw), raw);
    new.needs_hash &= old.needs_hash;
    new.behavior = old.behavior;
    new.is_generated = old.is_generated;
    new.previous.clone_from(&old.previous);
    new.was_nameless = old.was_nameless;
    new.variables.clone_from(&old.variables);
    new.prefixes.clone_from(&old.prefixes);
    new.suffixes.clone_from(&old.suffixes);
    new.is_suffixed_first = old.is_suffixed_first;
    new.chain.clone_from(&old.chain);
    new.file.clone_from(&old.file);
    new.line = old.line;
}

fn merge_data(new: &mut Item, old: &Item, raw: &RawTexts) {
    let tracer = &raw.tracer;
    for field in ["data", "binaryData"] {
        let mut map = Map::new();
        for source in [old, &*new] {
            for (key, value) in source.value.get(field).and_then(Value::as_map).into_iter().flat_map(Map::iter) {
                let text = if value.is_null() && !raw::is_no_null(value) { String::new() } else { raw.text(value) };
                let text = tracer.same(Value::from(text), value);
                let is_quoted = text.as_str().is_some_and(raw::is_written_in_quotes);
                let text = tracer.replace(map.get(key), text.with_quotes(is_quoted));
                map.insert(key, text);
            }
        }
        if map.is_empty() {
            new.value.remove_at(&[field]);
        } else {
            new.value.set_at(&[field], map);
        }
    }
}
