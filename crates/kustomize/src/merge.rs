//! Strategic merge as kustomize does it: its own rules, not the API server's.
//!
//! Maps are merged, `null` deletes, `$patch: delete|replace|merge` in maps and lists is obeyed. Lists replace lists,
//! unless their items match by key ([`merge_keys`]): then items that match are merged and new ones come *first*.

use std::sync::Arc;

use goyaml::{Key, Kind, Map, Pos, Value};

use crate::accumulate;
use crate::id::Gvk;
use crate::open_api;
use crate::raw::{self, RawTexts};
use crate::scalar;
use crate::shared;
use crate::table::kinds;
use crate::table::merge_keys::{self, Field};

const DIRECTIVE: &str = "$patch";

/// What a patch says about the node it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// What a patch makes of an object.
pub(crate) enum Outcome {
    Deleted,
    /// Kustomize drops what a patch puts in the place of the whole object: `$patch: replace` at its top does nothing.
    Kept,
    Merged(Value),
}

/// Merges a patch into an object.
pub(crate) fn strategic(
    object: &Value,
    patch: &Value,
    custom: Option<&accumulate::Schema>,
    raw: &RawTexts,
) -> Result<Outcome, String> {
    let schema = Schema { custom, raw: Some(raw), ..Schema::default() };
    let merged = node(Some(object.clone()), Some(patch.clone()), schema)?;
    Ok(match merged.value {
        _ if !merged.in_place => Outcome::Kept,
        Some(value) => Outcome::Merged(value),
        None => Outcome::Deleted,
    })
}

/// Whether a patch takes all annotations away that an object has, be it to give it others.
pub(crate) fn takes_annotations(patch: &Value) -> bool {
    let is_taken = |node: &Value| {
        let directive = node.get(DIRECTIVE).map(directive_of);
        node.is_null() || matches!(directive, Some(Ok(Directive::Replace | Directive::Delete)))
    };
    let metadata = patch.get("metadata");
    metadata.is_some_and(|metadata| is_taken(metadata) || metadata.get("annotations").is_some_and(is_taken))
}

/// Merges values of a chart over others, by the same rules, but that scalars are taken as they are and that items which are
/// new in a list come last.
pub(crate) fn values(under: &Value, over: &Value) -> Result<Value, String> {
    let schema = Schema { appends: true, ..Schema::default() };
    let merged = node(Some(under.clone()), Some(over.clone()), schema)?;
    Ok(merged.value.filter(|value| !value.is_null()).unwrap_or_else(Value::empty_map))
}

/// What is known about the node being merged.
#[derive(Clone, Copy, Default)]
struct Schema<'a> {
    of: Of<'a>,
    custom: Option<&'a accumulate::Schema>,
    raw: Option<&'a RawTexts>,
    /// Items that are new in a list come last, not first.
    appends: bool,
}

/// A type.
#[derive(Clone, Copy, Default)]
enum Of<'a> {
    #[default]
    Unknown,
    /// A field of a built-in type, or the type itself by its name.
    BuiltIn(&'static str, Option<&'static [&'static str]>),
    Custom(&'a Value),
}

impl<'a> Schema<'a> {
    /// The schema of a node that has none from above: objects inside objects say their type themselves.
    fn or_own(self, dest: Option<&Value>, patch: Option<&Value>) -> Self {
        if !matches!(self.of, Of::Unknown) {
            return self;
        }
        let own = |node: Option<&Value>| {
            let node = node.filter(|node| node.get("kind").is_some() && node.get("apiVersion").is_some())?;
            let gvk = Gvk::of(node);
            if let Some(schema) = self.custom.and_then(|custom| custom.api.of_kind(&gvk)) {
                return Some(Of::Custom(schema));
            }
            let built_in = || kinds::merge_type(&gvk.group, &gvk.version, &gvk.kind);
            let name = self.custom.is_none_or(|custom| custom.adds).then(built_in).flatten()?;
            Some(Of::BuiltIn(name, None))
        };
        Self { of: own(dest).or_else(|| own(patch)).unwrap_or_default(), ..self }
    }

    fn field(self, name: &str) -> Self {
        let of = match self.of {
            // A list has no fields, also where a map stands in its place.
            Of::Unknown | Of::BuiltIn(_, Some(_)) => Of::Unknown,
            Of::BuiltIn(of, None) => match merge_keys::find(of).and_then(|of| of.field(name)) {
                Some(Field { keys: None, child: "", .. }) | None => Of::Unknown,
                Some(Field { keys, child, .. }) => Of::BuiltIn(child, keys),
            },
            Of::Custom(schema) => {
                self.custom.and_then(|custom| custom.api.field(schema, name)).map_or(Of::Unknown, Of::Custom)
            }
        };
        Self { of, ..self }
    }

    /// A patch's node, in the place of the object's.
    fn replaced(self, dest: Option<&Value>, patch: Value) -> Value {
        match self.raw {
            Some(raw) => raw.tracer.replace(dest, patch),
            None => patch,
        }
    }

    /// How items of the list match, if it is one that is merged.
    fn keys(self) -> Option<Vec<&'a str>> {
        match self.of {
            Of::Unknown => None,
            Of::BuiltIn(_, keys) => keys.map(<[_]>::to_vec),
            Of::Custom(schema) => open_api::merge_keys(schema),
        }
    }

    fn items(self) -> Self {
        let of = match self.of {
            Of::Unknown | Of::BuiltIn("", _) => Of::Unknown,
            Of::BuiltIn(of, _) => Of::BuiltIn(of, None),
            Of::Custom(schema) => {
                self.custom.and_then(|custom| custom.api.items(schema)).map_or(Of::Unknown, Of::Custom)
            }
        };
        Self { of, ..self }
    }
}

/// A merged node.
struct Merged {
    /// The node; `None` if it is to be taken away.
    value: Option<Value>,
    /// Whether it grew out of the object's own node; if not, it took the node's place.
    in_place: bool,
}

impl Merged {
    const GONE: Self = Self { value: None, in_place: true };
}

fn node(dest: Option<Value>, patch: Option<Value>, schema: Schema<'_>) -> Result<Merged, String> {
    let schema = schema.or_own(dest.as_ref(), patch.as_ref());
    let dest = dest.map(|dest| if dest.is_null() && patch.is_none() { passed_by(dest, schema.raw) } else { dest });
    let shape = [&dest, &patch].into_iter().flatten().find(|node| !is_missing(node));
    let Some(shape) = shape else {
        return map(dest, patch, schema);
    };
    let kind = scalar::node_kind(shape);
    let other = [&dest, &patch].into_iter().flatten().find(|node| !is_missing(node) && scalar::node_kind(node) != kind);
    if let Some(other) = other {
        return Err(format!("wrong node kind: expected {kind} but was {}", scalar::node_kind(other)));
    }
    match (shape.kind(), schema.keys()) {
        (Kind::Map(_), _) => map(dest, patch, schema),
        (Kind::List(_), Some(keys)) => keyed_list(dest, patch, schema, &keys),
        _ => {
            let in_place = patch.is_none();
            let dest = dest.map(|dest| if in_place { passed_by(dest, schema.raw) } else { dest });
            let patch = patch.map(|patch| in_style_of(dest.as_ref(), patch, schema.raw));
            let value = patch.map(|patch| schema.replaced(dest.as_ref(), patch)).or(dest);
            Ok(Merged { value, in_place })
        }
    }
}

/// Whether there is nothing at a node. An empty text that kustomize has given no type is one all the same.
fn is_missing(node: &Value) -> bool {
    node.is_null() && !raw::is_no_null(node)
}

/// A scalar that a patch passes by, as kustomize writes it again: in quotes where a reader of YAML 1.1 would take the text for
/// something else, so that a number put there later becomes text.
pub(crate) fn passed_by(dest: Value, raw: Option<&RawTexts>) -> Value {
    match raw {
        Some(raw) if scalar::is_scalar(&dest) && is_to_be_quoted(&dest, raw) => {
            let quoted = raw::untyped(Value::from(raw.text(&dest)).with_pos(dest.pos())).with_quotes(true);
            shared::in_place_of(&dest, quoted)
        }
        _ => dest,
    }
}

fn is_to_be_quoted(scalar: &Value, raw: &RawTexts) -> bool {
    if scalar.is_quoted() {
        return false;
    }
    match scalar.as_str() {
        Some(text) => raw::is_other_in_yaml_1_1(text) && !raw::is_tagged(scalar) && !raw.is_typed(scalar),
        None => raw.is_untyped(scalar) && raw::is_other_in_yaml_1_1(&raw.text(scalar)),
    }
}

/// A patch's scalar as kustomize writes it: in quotes where the old one was, so that a number put there becomes text.
fn in_style_of(dest: Option<&Value>, patch: Value, raw: Option<&RawTexts>) -> Value {
    let Some(raw) = raw.filter(|_| scalar::is_scalar(&patch)) else { return patch };
    let Some(dest) = dest.filter(|dest| scalar::is_scalar(dest)) else {
        let is_bare = !patch.is_quoted() && patch.as_str().is_some_and(raw::is_other_in_yaml_1_1);
        return if is_bare && !raw::is_tagged(&patch) && raw.is_text(&patch) { patch.with_quotes(true) } else { patch };
    };
    // What is put where a tag was gets one.
    let has_tag = raw.has_tag(dest);
    let becomes_text = dest.is_quoted() && !has_tag && !raw.is_text(&patch) && !patch.is_null();
    let styled = if becomes_text { raw.in_quotes(&patch) } else { patch };
    let styled = raw::styled_as(shared::in_place_of(dest, styled).with_quotes(dest.is_quoted()), dest);
    if has_tag && raw::is_plain_text(&styled) { raw::tagged(styled) } else { styled }
}

fn map(dest: Option<Value>, mut patch: Option<Value>, schema: Schema<'_>) -> Result<Merged, String> {
    let Some(dest) = dest.filter(|dest| !is_missing(dest) || patch.is_none()) else {
        return added_map(patch, schema);
    };
    if dest.is_null() {
        // Nothing to merge: a null that someone wrote stays, an empty field goes.
        let value = passed_null(&dest, schema.raw);
        return Ok(Merged { value, in_place: true });
    }
    let directive = match &mut patch {
        None => Directive::Merge,
        Some(patch) if patch.is_null() => return Ok(Merged::GONE),
        Some(patch) => take_directive(patch)?,
    };
    match directive {
        Directive::Delete => Ok(Merged::GONE),
        Directive::Replace => {
            let value = fields(patch.clone().unwrap_or_default(), patch.as_ref(), schema)?;
            Ok(Merged { value: Some(schema.replaced(Some(&dest), value)), in_place: false })
        }
        Directive::Merge => {
            // What another patch has left of its own directives in the object stays there.
            Ok(Merged { value: Some(fields(dest, patch.as_ref(), schema)?), in_place: true })
        }
    }
}

/// A map that only the patch has: taken over, less what its own nulls and directives take away.
fn added_map(patch: Option<Value>, schema: Schema<'_>) -> Result<Merged, String> {
    let Some(mut patch) = patch.filter(|patch| !patch.is_null()) else {
        return Ok(Merged::GONE);
    };
    if let Ok(Directive::Delete) = take_directive(&mut patch) {
        return Ok(Merged::GONE);
    }
    let value = fields(patch.clone(), Some(&patch), schema)?;
    Ok(Merged { value: Some(value), in_place: false })
}

fn fields(mut dest: Value, patch: Option<&Value>, schema: Schema<'_>) -> Result<Value, String> {
    let mut names: Vec<String> = Vec::new();
    for source in [Some(&dest), patch].into_iter().flatten().filter_map(Value::as_map) {
        names.extend(source.keys().map(|key| key.as_str().to_owned()));
    }
    names.sort_unstable();
    names.dedup();
    for name in names {
        let old = dest.get(&name).cloned();
        let new = patch.and_then(|patch| patch.get(&name)).cloned();
        if new.is_none() && old.as_ref().is_some_and(|old| is_settled(old, schema.raw)) {
            continue;
        }
        let kept_null = new.is_none() && old.as_ref().is_some_and(|old| passed_null(old, schema.raw).is_some());
        let is_flow = old.as_ref().map(|old| is_flow_after(old, new.as_ref()));
        let merged = node(old, new, schema.field(&name)).map_err(|error| within(&name, &error))?;
        let Some(map) = dest.as_map_mut() else { continue };
        match merged.value.filter(|value| !value.is_null() || kept_null) {
            Some(value) => {
                let value = match is_flow {
                    Some(is_flow) if !scalar::is_scalar(&value) => value.with_flow(is_flow),
                    _ => value,
                };
                let key = patch.and_then(Value::as_map).and_then(|patch| patch.key(&name)).cloned();
                map.insert(key.unwrap_or_else(|| Key::from(name.as_str())), value);
            }
            None => {
                map.remove(&name);
            }
        }
    }
    Ok(dest)
}

/// Whether a field stands between brackets or braces when a patch has been merged: as it did before, be there something else in
/// it now; what was empty, as the patch's own.
fn is_flow_after(old: &Value, patch: Option<&Value>) -> bool {
    match (old.kind(), patch) {
        (Kind::Map(map), Some(patch)) if map.is_empty() => patch.is_flow(),
        (Kind::List(items), Some(patch)) if items.is_empty() => patch.is_flow(),
        _ => old.is_flow(),
    }
}

/// Whether merging nothing into the node leaves it as it is: it holds no empty field that would be dropped, and no text that
/// would be put into quotes.
fn is_settled(value: &Value, raw: Option<&RawTexts>) -> bool {
    match value.kind() {
        Kind::Map(map) => map.values().all(|child| is_settled(child, raw)),
        Kind::List(items) => items.iter().all(scalar::is_scalar),
        Kind::Null => {
            passed_null(value, raw).is_some_and(|left| left.mark() == value.mark()) && !raw::is_untyped_null(value)
        }
        _ => raw.is_none_or(|raw| !is_to_be_quoted(value, raw)),
    }
}

/// What is left of a null that a patch passes by.
fn passed_null(null: &Value, raw: Option<&RawTexts>) -> Option<Value> {
    match raw {
        Some(raw) if null.is_null() => raw.passed_null(null),
        _ => raw::is_kept_null(null).then(|| null.clone()),
    }
}

fn within(name: &str, error: &str) -> String {
    match error.strip_prefix("at ") {
        Some(rest) => format!("at {name}.{rest}"),
        None => format!("at {name}: {error}"),
    }
}

fn directive_of(value: &Value) -> Result<Directive, String> {
    match scalar::text(value).as_str() {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(format!("unknown patch strategy '{other}': use delete, replace or merge")),
    }
}

/// Reads `$patch` out of a map or list and takes it away.
fn take_directive(patch: &mut Value) -> Result<Directive, String> {
    match patch.kind() {
        Kind::Map(map) => {
            let Some(value) = map.get(DIRECTIVE) else { return Ok(Directive::Merge) };
            let directive = directive_of(value)?;
            if let Some(map) = patch.as_map_mut() {
                map.remove(DIRECTIVE);
            }
            Ok(directive)
        }
        Kind::List(items) => {
            let Some(item) = items.iter().find(|item| item.get(DIRECTIVE).is_some()) else {
                return Ok(Directive::Merge);
            };
            if item.as_map().is_some_and(|map| map.len() > 1) {
                return Ok(Directive::Merge);
            }
            let directive = directive_of(item.get(DIRECTIVE).unwrap_or(&Value::NULL))?;
            if let Some(items) = patch.as_list_mut() {
                items.retain(|item| item.get(DIRECTIVE).is_none() && !is_empty(item));
            }
            Ok(directive)
        }
        _ => Err("a strategic merge patch must be a map or a list here".to_owned()),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_map().is_some_and(Map::is_empty)
}

fn keyed_list(dest: Option<Value>, patch: Option<Value>, schema: Schema<'_>, keys: &[&str]) -> Result<Merged, String> {
    let added = dest.as_ref().is_none_or(Value::is_null);
    let mut patch = patch;
    if !added && patch.as_ref().is_some_and(Value::is_null) {
        return Ok(Merged::GONE);
    }
    let directive = match &mut patch {
        Some(patch) if !added => take_directive(patch)?,
        _ => Directive::Merge,
    };
    let base = match directive {
        Directive::Delete => return Ok(Merged::GONE),
        Directive::Replace => patch.clone(),
        Directive::Merge if added => patch.clone(),
        Directive::Merge => dest,
    };
    let own = directive == Directive::Merge && !added;
    let (dest, patch) = (items_of(base.as_ref()), items_of(patch.as_ref()));
    let lists = Lists { dest, patch, appends: schema.appends, raw: schema.raw };
    let merged = if keys.is_empty() { lists.into_set()? } else { lists.by_keys(keys, schema.items())? };
    let pos = base.map_or(Pos::default(), |base| base.pos());
    Ok(Merged { value: Some(Value::from(merged).with_pos(pos)), in_place: own })
}

/// Whether both are one and the same map.
fn is_one(one: &Value, other: &Value) -> bool {
    matches!((one.kind(), other.kind()), (Kind::Map(one), Kind::Map(other)) if Arc::ptr_eq(one, other))
}

fn items_of(list: Option<&Value>) -> Vec<Value> {
    list.and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default()
}

/// Two lists that are merged item by item.
struct Lists<'a> {
    dest: Vec<Value>,
    patch: Vec<Value>,
    appends: bool,
    raw: Option<&'a RawTexts>,
}

impl Lists<'_> {
    /// All items, those that come first before the others.
    fn all(&self) -> impl Iterator<Item = &Value> {
        let (first, then) = if self.appends { (&self.dest, &self.patch) } else { (&self.patch, &self.dest) };
        first.iter().chain(then)
    }

    /// A list of scalars as a set. An item that is nothing but a directive is none.
    fn into_set(self) -> Result<Vec<Value>, String> {
        let is_directive =
            |item: &Value| item.as_map().is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE));
        let mut result: Vec<Value> = Vec::new();
        for item in self.all().filter(|item| !is_empty(item) && !is_directive(item)) {
            if !scalar::is_scalar(item) {
                return Err(format!("wrong node kind: expected ScalarNode but was {}", scalar::node_kind(item)));
            }
            let text = key_text(item, self.raw);
            if !result.iter().any(|known| key_text(known, self.raw) == text) {
                result.push(item.clone());
            }
        }
        Ok(result)
    }

    fn by_keys(mut self, keys: &[&str], schema: Schema<'_>) -> Result<Vec<Value>, String> {
        let mut all = self.key_values(keys);
        if all.is_empty() {
            return Ok(self.dest);
        }
        if keys.len() > 1 {
            complete(&mut all);
        }
        let valid = ValidKeys::of(keys, &all, self.raw);
        let mut result: Vec<Value> = Vec::new();
        for values in &all {
            let values = valid.pick(values);
            self.merge_item(&valid, &values, schema, &mut result)?;
        }
        for item in self.dest {
            if item.as_map().is_none() && !item.is_null() {
                return Err(format!("wrong node kind: expected MappingNode but was {}", scalar::node_kind(&item)));
            }
            valid.append(&mut result, item);
        }
        Ok(result)
    }

    /// The key values of all items, each once.
    fn key_values(&self, keys: &[&str]) -> Vec<Vec<String>> {
        let mut all: Vec<Vec<String>> = Vec::new();
        for item in self.all() {
            let values: Vec<String> = keys
                .iter()
                .map(|key| item.get(key).map(|field| key_text(field, self.raw)).unwrap_or_default())
                .collect();
            if !all.contains(&values) {
                all.push(values);
            }
        }
        all
    }

    fn merge_item(
        &mut self,
        valid: &ValidKeys<'_>,
        values: &[String],
        schema: Schema<'_>,
        result: &mut Vec<Value>,
    ) -> Result<(), String> {
        let at = self.dest.iter().position(|item| valid.finds(item, values));
        let patch = self.patch.iter().find(|item| valid.finds(item, values)).cloned();
        let is_own = at.is_some_and(|at| patch.as_ref().is_some_and(|patch| is_one(&self.dest[at], patch)));
        let merged = node(at.map(|at| self.dest[at].clone()), patch, schema)
            .map_err(|error| within(&format!("[{}]", values.join(",")), &error))?;
        let Some(mut value) = merged.value.filter(|value| !is_empty(value)) else {
            self.dest.retain(|item| !is_empty(item) && !valid.equals(item, values));
            return Ok(());
        };
        valid.complete_keys(&mut value, values, &|key, text| self.key_value(key, text));
        // Where the list is new it is the patch's own, and an item of it that had a directive is the one that is left.
        if let Some(at) = at.filter(|at| merged.in_place || is_own && self.dest[*at].get(DIRECTIVE).is_some()) {
            self.dest[at] = value.clone();
        }
        valid.put(result, value, values);
        Ok(())
    }

    /// A key that an item lacks, as the item has it that it is merged with.
    fn key_value(&self, key: &str, text: &str) -> Value {
        let mut nodes = self.patch.iter().chain(&self.dest).filter_map(|item| item.get(key));
        match (self.raw, nodes.find(|node| key_text(node, self.raw) == text)) {
            (Some(raw), Some(node)) => raw.tracer.same(plain(text), node),
            _ => plain(text),
        }
    }
}

/// Fills gaps in keys of several parts: an item without `protocol` is the one that has the same port.
fn complete(all: &mut [Vec<String>]) {
    for left in 0..all.len() {
        let first = all[left].clone();
        for right in 0..all.len() {
            if let Some(both) = unite(&first, &all[right]) {
                all[left].clone_from(&both);
                all[right] = both;
            }
        }
    }
}

fn unite(left: &[String], right: &[String]) -> Option<Vec<String>> {
    let mut shared = false;
    let mut both = Vec::with_capacity(left.len());
    for (left, right) in left.iter().zip(right) {
        if left == right {
            shared = true;
        } else if !left.is_empty() && !right.is_empty() {
            return None;
        }
        both.push(if left.is_empty() { right.clone() } else { left.clone() });
    }
    shared.then_some(both)
}

/// The keys of a list that at least one item has; all of them if none has any.
struct ValidKeys<'a> {
    keys: Vec<&'a str>,
    /// Whether a key of the type is among them.
    used: Vec<bool>,
    raw: Option<&'a RawTexts>,
}

impl<'a> ValidKeys<'a> {
    fn of(keys: &[&'a str], all: &[Vec<String>], raw: Option<&'a RawTexts>) -> Self {
        let mut used: Vec<bool> = (0..keys.len()).map(|at| all.iter().any(|values| !values[at].is_empty())).collect();
        if !used.contains(&true) {
            used.fill(true);
        }
        let keys = keys.iter().zip(&used).filter(|(_, used)| **used).map(|(key, _)| *key).collect();
        Self { keys, used, raw }
    }

    fn pick(&self, values: &[String]) -> Vec<String> {
        values.iter().zip(&self.used).filter(|(_, used)| **used).map(|(value, _)| value.clone()).collect()
    }

    /// Whether an item is the one meant: the parts of the key that have a value decide.
    fn finds(&self, item: &Value, values: &[String]) -> bool {
        if item.as_map().is_none() {
            return false;
        }
        let has_value = values.iter().any(|value| !value.is_empty());
        self.keys
            .iter()
            .zip(values)
            .filter(|(_, value)| !has_value || !value.is_empty())
            .all(|(key, value)| item.get(key).is_some_and(|field| key_text(field, self.raw) == *value))
    }

    /// Whether an item has all keys, with the values as far as these are known.
    fn equals(&self, item: &Value, values: &[String]) -> bool {
        self.keys.iter().zip(values).all(|(key, value)| {
            item.get(key).is_some_and(|field| value.is_empty() || key_text(field, self.raw) == *value)
        })
    }

    fn complete_keys(&self, item: &mut Value, values: &[String], known: &dyn Fn(&str, &str) -> Value) {
        let Some(map) = item.as_map_mut() else { return };
        for (key, value) in self.keys.iter().zip(values) {
            if !value.is_empty() && !map.contains_key(key) {
                map.insert(*key, known(key, value));
            }
        }
    }

    /// Puts an item in the place of those with the same key, or at the end.
    fn put(&self, items: &mut Vec<Value>, item: Value, values: &[String]) {
        items.retain(|known| !is_empty(known));
        let mut found = false;
        for known in items.iter_mut().filter(|known| self.equals(known, values)) {
            *known = item.clone();
            found = true;
        }
        if !found {
            items.push(item);
        }
    }

    /// Adds an item of the object behind those that are already merged; one of them may be itself.
    fn append(&self, items: &mut Vec<Value>, item: Value) {
        let text = |key: &&str| item.get(key).map(|field| key_text(field, self.raw));
        let known: Vec<Option<String>> = self.keys.iter().map(text).collect();
        if known.iter().all(Option::is_some) {
            let values: Vec<String> = known.into_iter().flatten().collect();
            if self.keys.len() > 1 {
                items.retain(|known| !self.equals(known, &values));
            }
            self.put(items, item, &values);
            return;
        }
        if known.iter().all(Option::is_none) {
            // An item without any key leaves nothing but itself: kustomize's behaviour, kept.
            items.clear();
            items.push(item);
            return;
        }
        let partial = |candidate: &Value| {
            self.keys.iter().zip(&known).all(|(key, value)| {
                value
                    .as_ref()
                    .is_none_or(|value| candidate.get(key).is_some_and(|field| key_text(field, self.raw) == *value))
            })
        };
        items.retain(|candidate| !partial(candidate));
        items.push(item);
    }
}

/// What a key or an item of a set is told by: its text as it was written.
fn key_text(scalar: &Value, raw: Option<&RawTexts>) -> String {
    raw.map_or_else(|| scalar::text(scalar), |raw| raw.text_unless_null(scalar))
}

/// A key's text as a plain scalar reads it.
fn plain(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}
