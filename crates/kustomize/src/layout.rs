//! What kustomize hashes of objects that are neither a ConfigMap nor a Secret: its own tree, node by node, with the lines and
//! columns of the text that a JSON patch had it read again from. Nodes that were set since have none.

use std::collections::{BTreeMap, BTreeSet};

use goyaml::origin::Tracer;
use goyaml::{Key, Kind, Map, ParseOptions, Pos, Profile, Value, json};

use crate::item::Item;
use crate::json_patch::{self, Operation};
use crate::raw::{self, RawTexts};
use crate::{origin, shared};

/// An object as it was read again after a patch.
#[derive(Debug)]
pub(crate) struct Reread {
    text: String,
    root: Value,
    /// Keys of the annotations, kustomize's own among them, in the order in which it has set them.
    annotations: BTreeSet<String>,
}

/// What the own annotations of kustomize begin with.
const OWN: &str = "internal.config.kubernetes.io/";

/// Those that may be added after a patch, in the order in which they are; a suffix of a base stands before the prefix of what is
/// built on it.
const ADDED: [&str; 5] = ["previousNames", "previousNamespaces", "previousKinds", "prefixes", "suffixes"];

/// Kinds of nodes as go-yaml numbers them.
const SEQUENCE: i64 = 2;
const MAPPING: i64 = 4;
const SCALAR: i64 = 8;

/// What merges as a key, and has a tag of its own wherever it stands without quotes.
const MERGE: &str = "<<";

const DOUBLE_QUOTED: i64 = 2;
const SINGLE_QUOTED: i64 = 4;
const LITERAL: i64 = 8;

/// The object as kustomize reads it after a patch, which finds its own annotations in it.
pub(crate) fn reread(item: &Item, operations: &[Operation], raw: &RawTexts) -> Option<Reread> {
    let noted = noted(item);
    let mut object = item.value.clone();
    for (key, text) in &noted {
        object.set_at(&["metadata", "annotations", key], text.as_str());
    }
    json_patch::apply(&mut object, operations, &Tracer::default()).ok()?;
    raw.rewrite(&mut object);
    let parse = |text: &str| Some(goyaml::parse_first(text, &ParseOptions::default()).ok()??.value);
    // The one writes keys in their order, the other lists as kustomize does.
    let sorted = parse(&goyaml::emit_as(&object, Profile::Pretty).ok()?)?;
    let text = goyaml::emit_as(&sorted, Profile::Compact).ok()?;
    let root = parse(&text)?;
    let left = root.at(&["metadata", "annotations"]).and_then(Value::as_map);
    let left = left.into_iter().flat_map(Map::keys).map(|key| key.as_str().to_owned());
    let annotations = left.chain(noted.into_keys()).collect();
    Some(Reread { text, root, annotations })
}

/// Notes that a field was set after the patch, which shows also where it was set to what it is.
pub(crate) fn note_set(item: &mut Item, path: &[&str]) {
    if item.reread.is_some() {
        let nodes = item.value.at(path).and_then(|node| shared::path_to(&item.value, node));
        nodes.and_then(|nodes| shared::mark(item, &nodes));
    }
}

/// The annotations that kustomize has set on an object by now.
fn noted(item: &Item) -> BTreeMap<String, String> {
    let joined =
        |text: &dyn Fn(&crate::item::Previous) -> &str| item.previous.iter().map(text).collect::<Vec<_>>().join(",");
    let texts = [
        ("generatorBehavior", item.noted_behavior.to_owned()),
        ("needsHashSuffix", if item.needs_hash { "enabled".to_owned() } else { String::new() }),
        ("previousNames", joined(&|previous| &previous.name)),
        ("previousNamespaces", joined(&|previous| &previous.namespace)),
        ("previousKinds", joined(&|previous| &previous.kind)),
        ("prefixes", item.prefixes.join(",")),
        ("suffixes", item.suffixes.join(",")),
    ];
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    texts.map(|(key, text)| (format!("{OWN}{key}"), text)).collect()
}

/// The tree as Go writes it in JSON.
pub(crate) fn text(item: &Item, reread: &Reread, raw: &RawTexts) -> String {
    let layout = Layout { item, reread, raw, lines: reread.text.lines().collect() };
    let root = item.value.as_map().into_iter();
    let content = root.flat_map(|map| {
        layout.entries(map, Some(&reread.root), &|key, now, was| match key {
            "metadata" => layout.metadata(now, was),
            _ => layout.value(now, was),
        })
    });
    json::to_go_struct_string(&layout.collection(MAPPING, content.collect(), Some(&reread.root)))
}

struct Layout<'a> {
    item: &'a Item,
    reread: &'a Reread,
    raw: &'a RawTexts,
    lines: Vec<&'a str>,
}

/// A node without comments, anchors and aliases.
fn node([kind, style]: [i64; 2], [tag, value]: [&str; 2], content: Vec<Value>, pos: Pos) -> Value {
    let content = if content.is_empty() { Value::NULL } else { Value::from(content) };
    let number = |number: u32| Value::from(i64::from(number));
    [
        ("Kind", Value::from(kind)),
        ("Style", Value::from(style)),
        ("Tag", Value::from(tag)),
        ("Value", Value::from(value)),
        ("Anchor", Value::from("")),
        ("Alias", Value::NULL),
        ("Content", content),
        ("HeadComment", Value::from("")),
        ("LineComment", Value::from("")),
        ("FootComment", Value::from("")),
        ("Line", number(pos.line)),
        ("Column", number(pos.column)),
    ]
    .into_iter()
    .collect()
}

fn tag_of(value: &Value) -> &'static str {
    match value.kind() {
        Kind::Null => "!!null",
        Kind::Bool(_) => "!!bool",
        Kind::Int(_) | Kind::Uint(_) => "!!int",
        Kind::Float(_) => "!!float",
        Kind::String(_) => "!!str",
        Kind::List(_) => "!!seq",
        Kind::Map(_) => "!!map",
    }
}

/// How a value of an entry is laid out.
type Lay<'l> = &'l dyn Fn(&str, &Value, Option<&Value>) -> Value;

impl Layout<'_> {
    /// The text from a position to the end of its line.
    fn rest(&self, pos: Pos) -> &str {
        let line = self.lines.get(raw::index(pos.line)).copied().unwrap_or_default();
        line.char_indices().nth(raw::index(pos.column)).map_or("", |(at, _)| &line[at..])
    }

    fn style(&self, pos: Pos, is_scalar: bool) -> i64 {
        match (self.rest(pos).chars().next(), is_scalar) {
            (Some('"'), true) => DOUBLE_QUOTED,
            (Some('\''), true) => SINGLE_QUOTED,
            (Some('|'), true) => LITERAL,
            (Some('>'), true) => 16,
            (Some('{' | '['), false) => 32,
            _ => 0,
        }
    }

    fn value(&self, now: &Value, was: Option<&Value>) -> Value {
        match now.kind() {
            Kind::Map(map) => {
                let content = self.entries(map, was, &|_, now, was| self.value(now, was));
                self.collection(MAPPING, content, was.filter(|was| was.as_map().is_some()))
            }
            Kind::List(items) => {
                let old = was.and_then(Value::as_list).unwrap_or_default();
                let content = items.iter().enumerate().map(|(at, item)| self.value(item, old.get(at)));
                self.collection(SEQUENCE, content.collect(), was.filter(|was| was.as_list().is_some()))
            }
            _ => self.scalar(now, was),
        }
    }

    fn collection(&self, kind: i64, content: Vec<Value>, was: Option<&Value>) -> Value {
        let Some(was) = was else { return node([kind, 0], ["", ""], content, Pos::default()) };
        let style = if content.is_empty() { self.style(was.pos(), false) } else { 0 };
        node([kind, style], [tag_of(was), ""], content, was.pos())
    }

    fn scalar(&self, now: &Value, was: Option<&Value>) -> Value {
        let is_kept = |was: &&Value| *was == now && !self.raw.is_untyped(now) && shared::of(now).is_none();
        if let Some(was) = was.filter(is_kept) {
            let text = was.as_str().unwrap_or_else(|| self.rest(was.pos()).trim_end());
            let tag = if text == MERGE && !was.is_quoted() { "!!merge" } else { tag_of(was) };
            return node([SCALAR, self.style(was.pos(), true)], [tag, text], Vec::new(), was.pos());
        }
        let tag = if self.raw.is_untyped(now) { "" } else { tag_of(now) };
        // What takes a place takes its style over.
        let old = was.map(|was| self.style(was.pos(), true)).filter(|style| *style > 0);
        let style = if now.is_quoted() { old.unwrap_or(DOUBLE_QUOTED) } else { 0 };
        node([SCALAR, style], [tag, &self.raw.text(now)], Vec::new(), Pos::default())
    }

    /// Keys and values of a map: first what was there, then what was added.
    fn entries(&self, map: &Map, was: Option<&Value>, lay: Lay<'_>) -> Vec<Value> {
        let old = was.and_then(Value::as_map);
        let kept = old.into_iter().flat_map(Map::keys).filter_map(|key| Some((key, map.get(key.as_str())?)));
        let kept = kept
            .flat_map(|(key, now)| [self.key(key), lay(key.as_str(), now, old.and_then(|old| old.get(key.as_str())))]);
        let is_new = |(key, _): &(&str, &Value)| old.is_none_or(|old| old.get(key).is_none());
        let added = map.iter().filter(is_new).flat_map(|(key, now)| [new_key(key), lay(key, now, None)]);
        kept.chain(added).collect()
    }

    fn key(&self, key: &Key) -> Value {
        node([SCALAR, self.style(key.pos(), true)], ["!!str", key.as_str()], Vec::new(), key.pos())
    }

    /// The metadata, in which annotations were set anew after the patch.
    fn metadata(&self, now: &Value, was: Option<&Value>) -> Value {
        let without = |value: &Value| {
            let mut value = value.clone();
            value.remove_at(&["annotations"]);
            value
        };
        let (bare, old) = (without(now), was.map(without));
        let mut content =
            self.entries(bare.as_map().unwrap_or(&Map::new()), old.as_ref(), &|_, now, was| self.value(now, was));
        let kept = old.as_ref().and_then(Value::as_map).into_iter().flat_map(Map::keys);
        let kept = kept.filter(|key| bare.get(key.as_str()).is_some()).count();
        let at = if is_renewed(now.get("annotations")) { content.len() } else { kept * 2 };
        content.splice(at..at, [new_key("annotations"), self.annotations(now.get("annotations"))]);
        self.collection(MAPPING, content, was)
    }

    fn annotations(&self, given: Option<&Value>) -> Value {
        let (noted, is_renewed) = (noted(self.item), is_renewed(given));
        let given = given.and_then(Value::as_map);
        let find = |key: &str| noted.get(key).cloned().or_else(|| Some(self.raw.text(given?.get(key)?)));
        let mut added = ADDED;
        if self.item.is_suffixed_first {
            added.swap(3, 4);
        }
        let added = added.iter().map(|key| format!("{OWN}{key}"));
        let added = added.chain(given.into_iter().flat_map(Map::keys).map(|key| key.as_str().to_owned()));
        let added = added.filter(|key| !self.reread.annotations.contains(key));
        let mut keys: Vec<String> = self.reread.annotations.iter().cloned().chain(added).collect();
        if is_renewed {
            keys.sort_unstable();
        }
        let content = keys.into_iter().filter_map(|key| Some((find(&key)?, key))).flat_map(|(text, key)| {
            let is_quoted = given.and_then(|map| map.get(&key)).is_some_and(Value::is_quoted);
            let is_new = noted.contains_key(&key) && !self.reread.annotations.contains(&key);
            let was = self.reread.root.at(&["metadata", "annotations", &key]).and_then(Value::as_str);
            let style = match was {
                _ if is_renewed => style_of_new(&text),
                Some(was) if was.contains('\n') => LITERAL,
                _ if is_new => SINGLE_QUOTED,
                _ if is_quoted => DOUBLE_QUOTED,
                _ => 0,
            };
            [new_key(&key), node([SCALAR, style], ["!!str", &text], Vec::new(), Pos::default())]
        });
        node([MAPPING, 0], ["", ""], content.collect(), Pos::default())
    }
}

/// The style of an annotation that is set anew with all others.
fn style_of_new(text: &str) -> i64 {
    match text {
        text if text.contains('\n') => LITERAL,
        text if raw::is_other_in_yaml_1_1(text) => DOUBLE_QUOTED,
        _ => 0,
    }
}

/// Whether what has run is noted on the object, for which all annotations are set anew each time.
fn is_renewed(annotations: Option<&Value>) -> bool {
    annotations.is_some_and(|annotations| annotations.get(origin::TRANSFORMATIONS).is_some())
}

fn new_key(key: &str) -> Value {
    node([SCALAR, 0], ["", key], Vec::new(), Pos::default())
}
