//! `replacements`: values taken from one field and put into others.

use std::cell::RefCell;
use std::sync::Arc;

use goyaml::origin::Derivation;
use goyaml::{Kind, Value};

use crate::BuildError;
use crate::accumulate::step;
use crate::dotted::{self, Shape, Visit};
use crate::id::{GvkPattern, Id};
use crate::item::Item;
use crate::raw::{Blame, RawTexts};
use crate::read::Text;
use crate::read::replacements::{FieldOptions, ObjectSelector, Replacement, Source, Target};
use crate::shared::{self, Share};
use crate::{selector, set};

/// A value on its way.
#[derive(Clone)]
struct Found {
    value: Value,
    /// The node it was taken from.
    from: Value,
    /// As it was written.
    text: String,
    /// It has no type of its own: what it means depends on where it stands.
    is_plain: bool,
    /// Where it is read from, if it changes when that is replaced on the way: the object's position, and the node.
    source: Option<(usize, Node)>,
}

/// A node that a value is read from.
#[derive(Clone, PartialEq, Eq)]
enum Node {
    /// A scalar.
    Scalar(Share),
    /// A map or a list, by its path.
    Whole(Vec<String>),
}

/// Runs replacements in order; the first fault ends it, since later ones may build on what is missing.
pub(crate) fn run(
    replacements: &[(Arc<str>, Replacement)],
    raw: &RawTexts,
    items: &mut [Item],
) -> Result<(), Vec<BuildError>> {
    for (file, replacement) in replacements {
        one(file, replacement, raw, items).map_err(|(line, message)| vec![BuildError::new(&**file, line, message)])?;
    }
    Ok(())
}

fn one(file: &Arc<str>, replacement: &Replacement, raw: &RawTexts, items: &mut [Item]) -> Result<(), (u32, String)> {
    let Replacement { source, source_value, targets, line } = replacement;
    let (Some(targets), true) = (targets, source.is_some() || source_value.is_some()) else {
        return Err((*line, "replacements must specify a source and at least one target".to_owned()));
    };
    let found = match (source, source_value) {
        (Some(_), Some(value)) => {
            return Err((value.line(), "source and sourceValue are mutually exclusive".to_owned()));
        }
        (Some(source), _) => source_value_of(source, (raw, file), items).map_err(|message| (source.line, message))?,
        (None, value) => {
            let text = value.as_ref().map(|value| value.text.clone()).unwrap_or_default();
            let from = value.as_ref().map(Text::value).unwrap_or_default();
            Found { value: raw.plain(&text), from, text, is_plain: true, source: None }
        }
    };
    let found = RefCell::new(found);
    for target in targets {
        put(file, target, &found, raw, items)?;
    }
    Ok(())
}

fn source_value_of(source: &Source, (raw, file): (&RawTexts, &Arc<str>), items: &mut [Item]) -> Result<Found, String> {
    let mut matches = items.iter().enumerate().filter(|(_, item)| source.object.selects(item));
    let (at, first) = matches.next().ok_or_else(|| {
        let instead = set::instead(items, [&source.object.kind, &source.object.name], &raw.tracer);
        format!("nothing selected by the source {}{instead}", source.object.shown())
    })?;
    if let Some((_, second)) = matches.next() {
        let [one, other] = [first, second].map(|item| format!("{} ({}:{})", item.id(), item.file, item.line));
        return Err(format!("multiple matches for the source {}: {one} and {other}", source.object.shown()));
    }
    let path = dotted::split(&source.field_path);
    let value = dotted::lookup(&first.value, &path, raw)?;
    let value = value
        .filter(|value| !is_nothing(value))
        .ok_or_else(|| format!("fieldPath `{}` is missing for replacement source {}", source.field_path, first.id()))?;
    let text = raw.text(value);
    let FieldOptions { delimiter, index, .. } = &source.options;
    if delimiter.is_empty() {
        let (value, nodes) = (value.clone(), shared::path_to(&first.value, value));
        let node = if crate::scalar::is_scalar(&value) {
            nodes.and_then(|nodes| shared::mark(&mut items[at], &nodes)).map(Node::Scalar)
        } else {
            Some(Node::Whole(path))
        };
        let source = node.map(|node| (at, node));
        return Ok(Found { from: value.clone(), value, text, is_plain: false, source });
    }
    if !crate::scalar::is_scalar(value) {
        return Err("delimiter option can only be used with scalar nodes".to_owned());
    }
    let parts: Vec<&str> = text.split(&**delimiter).collect();
    let part = usize::try_from(*index).ok().and_then(|index| parts.get(index));
    let part = *part.ok_or_else(|| format!("options.index {index} is out of bounds for value {text}"))?;
    let by = Blame { file: file.clone(), line: source.line };
    let from = value.clone();
    Ok(Found { value: raw.retyped(value, part, &by), from, text: part.to_owned(), is_plain: false, source: None })
}

fn is_nothing(value: &Value) -> bool {
    match value.kind() {
        Kind::Null => !crate::raw::is_no_null(value),
        Kind::Map(map) => map.is_empty(),
        Kind::List(items) => items.is_empty(),
        _ => false,
    }
}

fn put(
    file: &Arc<str>,
    target: &Target,
    found: &RefCell<Found>,
    raw: &RawTexts,
    items: &mut [Item],
) -> Result<(), (u32, String)> {
    let missing = || (target.line, "target must specify resources to select".to_owned());
    let select = target.select.as_ref().ok_or_else(missing)?;
    for (at, item) in items.iter_mut().enumerate().filter(|(_, item)| select.selects_fully(item)) {
        if target.reject.iter().any(|reject| reject.rejects(item)) {
            continue;
        }
        for path in &target.field_paths {
            let before = item.value.clone();
            let by = Blame { file: file.clone(), line: path.line() };
            Put { found, raw, options: &target.options, path, by, at }
                .run(item)
                .map_err(|message| (path.line(), format!("{} of {}:{}: {message}", item.id(), item.file, item.line)))?;
            if !super::unchanged(&before, &item.value) {
                shared::spread_changes(item, &before, &|value| value);
                item.touched(&step("replacement", file, path.line()));
                // What it was read from may have been put there, or have changed with nodes that are shared.
                let source = found.borrow().source_in(at);
                if let Some(source) = source {
                    found.borrow_mut().read_again(item, &source, raw);
                }
            }
        }
    }
    Ok(())
}

impl Found {
    /// The path of the map or list that the value is read from, if it is in this object.
    fn source_in(&self, object: usize) -> Option<Vec<String>> {
        match &self.source {
            Some((at, Node::Whole(path))) if *at == object => Some(path.clone()),
            _ => None,
        }
    }

    /// Takes what the source has become.
    fn read_again(&mut self, item: &Item, path: &[String], raw: &RawTexts) {
        if let Ok(Some(value)) = dotted::lookup(&item.value, path, raw) {
            (self.value, self.from) = (value.clone(), value.clone());
        }
    }
}

/// A value and how it is put into fields.
struct Put<'a> {
    found: &'a RefCell<Found>,
    raw: &'a RawTexts,
    options: &'a FieldOptions,
    path: &'a Text,
    by: Blame,
    /// The object's position.
    at: usize,
}

impl Put<'_> {
    fn run(&self, item: &mut Item) -> Result<(), String> {
        let create = self.options.create.then(|| Shape::of(&self.found.borrow().value));
        let make = |value: Value| {
            self.raw.tracer.derive(value, || Derivation::by("replacements").asked_by(&self.path.value()))
        };
        let mut set = |node: &mut Value, made: bool| self.set(node, made);
        let path = dotted::split(&self.path.text);
        let source = self.found.borrow().source_in(self.at);
        let count = if source.is_some() {
            // What is made on the way to a field can lie in what is put there.
            Visit { raw: self.raw, create, make: &make, set: &mut |_, _| Ok(()) }.run(&mut item.value, &path)?
        } else {
            Visit { raw: self.raw, create, make: &make, set: &mut set }.run(&mut item.value, &path)?
        };
        if count == 0 {
            let to_create = if self.options.create { "or create " } else { "" };
            return Err(format!("unable to find {to_create}field {:?} in replacement target", self.path.text));
        }
        source.map_or(Ok(()), |source| self.put_into_itself(item, &source, &path))
    }

    /// Fills the fields of a path one after another, each with what the source has become by then.
    fn put_into_itself(&self, item: &mut Item, source: &[String], path: &[String]) -> Result<(), String> {
        for wanted in 0.. {
            self.found.borrow_mut().read_again(item, source, self.raw);
            let mut number = 0;
            let mut set = |node: &mut Value, made: bool| {
                number += 1;
                if number == wanted + 1 { self.set(node, made) } else { Ok(()) }
            };
            Visit { raw: self.raw, create: None, make: &|value| value, set: &mut set }.run(&mut item.value, path)?;
            if number <= wanted + 1 {
                break;
            }
        }
        Ok(())
    }

    fn set(&self, node: &mut Value, made: bool) -> Result<(), String> {
        let Self { raw, options, by, .. } = self;
        let found = self.found.borrow().clone();
        let is_scalar = crate::scalar::is_scalar(node);
        let mut text = found.text.clone();
        let mut keeps_part = false;
        if !options.delimiter.is_empty() {
            if !is_scalar {
                return Err("delimiter option can only be used with scalar nodes".to_owned());
            }
            text = spliced(&raw.text(node), options, text);
            keeps_part = text != found.text;
        }
        let value = match (is_scalar, made) {
            (true, true) => raw.bare(&text).with_pos(node.pos()),
            (true, false) => raw.retyped(node, &text, by),
            (false, _) if found.is_plain => raw.bare(&text),
            (false, _) => own(&found.value),
        };
        let value = shared::in_place_of(node, self.traced(value, node, &found, keeps_part));
        if found.source.is_some() && found.source == shared::of(&value).map(|share| (self.at, Node::Scalar(share))) {
            // Kustomize reads the source again each time: what follows gets what it has become.
            let text = self.raw.text(&value);
            *self.found.borrow_mut() = Found { value: value.clone(), text, ..found };
        }
        *node = value;
        Ok(())
    }

    fn traced(&self, value: Value, node: &Value, found: &Found, keeps_part: bool) -> Value {
        // A map or list is taken over with all that is in it, each with the place it came from.
        let is_whole = crate::scalar::is_scalar(&value);
        self.raw.tracer.each(value, Some(node), &|scalar, before| {
            let from = if is_whole { &found.from } else { scalar };
            let mut derivation = Derivation::by("replacements").at(self.path.pos).with(from);
            if !crate::scalar::is_scalar(from) {
                // Nothing of a map is left where a text was.
                derivation = derivation.asked_by(&self.path.value());
            }
            Some(match before {
                Some(before) if keeps_part => derivation.of(before),
                before => derivation.over(before),
            })
        })
    }
}

/// A copy none of whose nodes stands anywhere else.
fn own(value: &Value) -> Value {
    let mut copy = value.clone();
    shared::part_below(&mut copy);
    copy
}

/// Puts a part into a text that a delimiter parts.
fn spliced(old: &str, FieldOptions { delimiter, index, .. }: &FieldOptions, new: String) -> String {
    let mut parts: Vec<String> = old.split(&**delimiter).map(str::to_owned).collect();
    match usize::try_from(*index) {
        Err(_) => parts.insert(0, new),
        Ok(index) if index < parts.len() => parts[index] = new,
        Ok(_) => parts.push(new),
    }
    parts.join(delimiter)
}

impl ObjectSelector {
    fn selects_id(&self, id: &Id) -> bool {
        let pattern = GvkPattern { group: &self.group, version: &self.version, kind: &self.kind };
        // Whether a kind is in no namespace is not asked here.
        let namespace = if id.namespace.is_empty() { "default" } else { &id.namespace };
        (self.name.is_empty() || self.name == id.name)
            && (self.namespace.is_empty() || self.namespace == namespace)
            && pattern.selects(&id.gvk)
    }

    /// By a present or former id alone.
    fn selects(&self, item: &Item) -> bool {
        item.any_id(|id| self.selects_id(id))
    }

    fn selects_fully(&self, item: &Item) -> bool {
        self.has_labels(item) && self.selects(item)
    }

    fn has_labels(&self, item: &Item) -> bool {
        selector::accepts(&self.labels, (&item.value, "labels"), &|value| item.text(value))
            && selector::accepts(&self.annotations, (&item.value, "annotations"), &|value| item.text(value))
    }

    /// An object is kept out by labels and annotations, or by its id.
    fn rejects(&self, item: &Item) -> bool {
        let by_labels = !(self.labels.is_empty() && self.annotations.is_empty()) && self.has_labels(item);
        let parts = [&self.group, &self.version, &self.kind, &self.name, &self.namespace];
        by_labels || (parts.iter().any(|part| !part.is_empty()) && self.selects(item))
    }

    fn shown(&self) -> String {
        let parts = [&self.group, &self.version, &self.kind, &self.namespace, &self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        format!("'{}'", parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_texts() {
        let check = |index, expected: &str| {
            let options = FieldOptions { delimiter: ":".to_owned(), index, create: false };
            assert_eq!(spliced("a:b", &options, "x".to_owned()), expected);
        };
        check(-1, "x:a:b");
        check(0, "x:b");
        check(1, "a:x");
        check(9, "a:b:x");
    }
}
