//! Values out of nodes: aliases put in, merge keys carried out, duplicate keys found.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::node::{Node, NodeId, Shape, Tree};
use super::scalar;
use super::{MAX_ERRORS, YamlError, at};
use crate::scan::Mark;
use crate::{Dialect, Duplicates, Key, Kind, Map, ParseOptions, Value};

/// Decoded nodes below which go-yaml asks nothing about aliases.
const ALIAS_FREE_NODES: usize = 1_000;
/// Nodes from aliases below which go-yaml asks nothing.
const ALIAS_FREE_EXPANSIONS: usize = 100;
/// Up to this many nodes nearly all may come from aliases.
const ALIAS_RATIO_LOW: usize = 400_000;
/// From this many nodes on few may come from aliases.
const ALIAS_RATIO_HIGH: usize = 4_000_000;

/// Mappings with more keys than this are searched for duplicates by hash.
const FEW_KEYS: usize = 16;

/// A wrong node: what is wrong, and where.
pub(super) type Wrong = (Mark, String);

/// Turns the nodes of one document into values.
pub(super) struct Builder<'t, 'a> {
    tree: &'t Tree<'a>,
    options: &'t ParseOptions,
    errors: Vec<YamlError>,
    /// Nodes decoded, those from aliases each time.
    decoded: usize,
    aliased: usize,
    alias_depth: usize,
    depth: usize,
    /// Alias targets that are being decoded: one that comes up again contains itself.
    open: HashSet<NodeId>,
    /// Alias targets that were decoded, and how many nodes that took.
    known: HashMap<NodeId, (Value, usize)>,
    /// Texts of keys, each kept once.
    keys: HashMap<&'t str, Arc<str>, RandomState>,
}

impl<'t, 'a> Builder<'t, 'a> {
    pub(super) fn new(tree: &'t Tree<'a>, options: &'t ParseOptions) -> Self {
        Self {
            tree,
            options,
            errors: Vec::new(),
            decoded: 0,
            aliased: 0,
            alias_depth: 0,
            depth: 0,
            open: HashSet::new(),
            known: HashMap::new(),
            keys: HashMap::default(),
        }
    }

    pub(super) fn into_errors(self) -> Vec<YamlError> {
        self.errors
    }

    /// The value of the document; null where errors were noted.
    pub(super) fn root(&mut self, root: NodeId) -> Value {
        let built = match &self.tree.get(root).shape {
            // kustomize decodes the root into a map with text keys, so that here every scalar is a key.
            Shape::Mapping(entries) => self.count(self.tree.get(root).mark, 1).and_then(|()| {
                let pos = at(self.options, self.tree.get(root).mark);
                let flow = self.tree.get(root).flow;
                self.mapping(entries, true).map(|map| Value::from(map).with_flow(flow).with_pos(pos))
            }),
            _ => self.value(root),
        };
        built.unwrap_or_else(|(mark, message)| {
            self.note(mark, message);
            Value::NULL
        })
    }

    fn note(&mut self, mark: Mark, message: String) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        self.errors.push(YamlError::new(at(self.options, mark), message));
    }

    fn value(&mut self, id: NodeId) -> Result<Value, Wrong> {
        let tree = self.tree;
        let node = tree.get(id);
        self.enter(node.mark)?;
        self.count(node.mark, 1)?;
        let value = match &node.shape {
            Shape::Alias(target, name) => return self.alias(*target, name, node.mark),
            Shape::Scalar { plain, .. } => self.scalar(node)?.with_quotes(!plain),
            Shape::Sequence(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.value(*item)?);
                }
                Value::from(list).with_flow(node.flow)
            }
            Shape::Mapping(entries) => Value::from(self.mapping(entries, false)?).with_flow(node.flow),
        };
        self.depth -= 1;
        Ok(value.with_pos(at(self.options, node.mark)))
    }

    fn enter(&mut self, mark: Mark) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > self.options.limits.depth {
            return Err((mark, format!("exceeded max depth of {}", self.options.limits.depth)));
        }
        Ok(())
    }

    fn scalar(&mut self, node: &Node<'a>) -> Result<Value, Wrong> {
        let value = scalar::value(self.options.dialect, node)?;
        if let Kind::Float(number) = value.kind()
            && !number.is_finite()
        {
            let name = if number.is_nan() {
                "NaN"
            } else if *number > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            self.note(node.mark, format!("json: unsupported value: {name}"));
        }
        Ok(value)
    }

    fn alias(&mut self, target: NodeId, name: &str, mark: Mark) -> Result<Value, Wrong> {
        if let Some((value, nodes)) = self.known.get(&target) {
            let (value, nodes) = (value.clone(), *nodes);
            self.aliased += nodes;
            self.count(mark, nodes)?;
            self.depth -= 1;
            return Ok(value);
        }
        self.enter_alias(target, name, mark)?;
        let before = self.decoded;
        let value = self.value(target)?;
        self.leave_alias(target);
        self.known.insert(target, (value.clone(), self.decoded - before));
        self.depth -= 1;
        Ok(value)
    }

    fn enter_alias(&mut self, target: NodeId, name: &str, mark: Mark) -> Result<(), Wrong> {
        if !self.open.insert(target) {
            return Err((mark, format!("anchor '{name}' value contains itself")));
        }
        self.alias_depth += 1;
        Ok(())
    }

    fn leave_alias(&mut self, target: NodeId) {
        self.open.remove(&target);
        self.alias_depth -= 1;
    }

    /// Counts decoded nodes against the limits.
    fn count(&mut self, mark: Mark, nodes: usize) -> Result<(), Wrong> {
        self.decoded += nodes;
        if self.alias_depth > 0 {
            self.aliased += nodes;
        }
        let aliased = self.aliased.min(self.decoded);
        if aliased > ALIAS_FREE_EXPANSIONS
            && self.decoded > ALIAS_FREE_NODES
            && ratio(aliased, self.decoded) > allowed_ratio(self.decoded)
        {
            return Err((mark, "document contains excessive aliasing".to_owned()));
        }
        if self.decoded > self.options.limits.nodes {
            return Err((mark, format!("the document has more than {} nodes", self.options.limits.nodes)));
        }
        Ok(())
    }

    /// A mapping. `text_keys`: every scalar is a key by its text, as in Go's `map[string]any`.
    fn mapping(&mut self, entries: &'t [(NodeId, NodeId)], text_keys: bool) -> Result<Map, Wrong> {
        if self.options.duplicate_keys == Duplicates::Refuse {
            self.find_duplicates(entries);
        }
        let text_keys = text_keys || self.all_text(entries);
        let mut map = Map::with_capacity(entries.len());
        let mut merge = None;
        for (key, value) in entries {
            if scalar::is_merge(self.options.dialect, self.tree.get(*key)) {
                if self.options.dialect == Dialect::V2 {
                    self.merge(*value, &mut map, true)?;
                } else {
                    merge = Some(*value);
                }
                continue;
            }
            let key = self.key(*key, text_keys)?;
            map.insert(key, self.value(*value)?);
        }
        if let Some(source) = merge {
            self.merge(source, &mut map, false)?;
        }
        Ok(map)
    }

    fn find_duplicates(&mut self, entries: &[(NodeId, NodeId)]) {
        let tree = self.tree;
        if entries.len() <= FEW_KEYS {
            for (at, (key, _)) in entries.iter().enumerate().skip(1) {
                let node = tree.get(*key);
                let first = entries[..at].iter().map(|(other, _)| tree.get(*other)).find(|other| is_same(other, node));
                self.note_twice(first.map(|first| first.mark), node);
            }
            return;
        }
        let mut seen = HashMap::with_capacity_and_hasher(entries.len(), RandomState::default());
        for (key, _) in entries {
            let node = tree.get(*key);
            let first = *seen.entry(identity(node)).or_insert(node.mark);
            self.note_twice((first != node.mark).then_some(first), node);
        }
    }

    fn note_twice(&mut self, first: Option<Mark>, node: &Node<'_>) {
        if let Some(first) = first {
            let (_, text) = identity(node);
            self.note(node.mark, format!("mapping key {text:?} already defined at line {}", first.line + 1));
        }
    }

    /// Whether all keys are text, so that Go decodes into a map that JSON can hold.
    fn all_text(&self, entries: &[(NodeId, NodeId)]) -> bool {
        let dialect = self.options.dialect;
        dialect == Dialect::V3 && entries.iter().all(|(key, _)| scalar::is_text_key(dialect, self.tree.target(*key)))
    }

    fn key(&mut self, id: NodeId, text_keys: bool) -> Result<Key, Wrong> {
        let own = self.tree.get(id);
        self.count(own.mark, 1)?;
        let node = self.tree.target(id);
        let text = match self.options.dialect {
            Dialect::V2 => scalar::key_v2(node),
            Dialect::V3 => scalar::key_v3(node, text_keys),
        };
        match text {
            Ok(text) => Ok(Key::new(self.key_text(text), at(self.options, own.mark))),
            Err((_, message)) => Err((own.mark, message)),
        }
    }

    /// The text of a key, which other keys of the document may have too.
    fn key_text(&mut self, text: Cow<'t, str>) -> Arc<str> {
        match text {
            Cow::Borrowed(text) => self.keys.entry(text).or_insert_with(|| text.into()).clone(),
            Cow::Owned(text) => text.into(),
        }
    }

    /// Brings the entries of other mappings in. go-yaml v2 lets them replace what is there, v3 does not.
    fn merge(&mut self, source: NodeId, map: &mut Map, replace: bool) -> Result<(), Wrong> {
        let tree = self.tree;
        let node = tree.get(source);
        match &node.shape {
            Shape::Sequence(items) if replace => {
                for item in items.iter().rev() {
                    self.merge_mapping(*item, map, replace)?;
                }
                Ok(())
            }
            Shape::Sequence(items) => {
                for item in items {
                    self.merge_mapping(*item, map, replace)?;
                }
                Ok(())
            }
            _ => self.merge_mapping(source, map, replace),
        }
    }

    fn merge_mapping(&mut self, source: NodeId, map: &mut Map, replace: bool) -> Result<(), Wrong> {
        let tree = self.tree;
        let node = tree.get(source);
        self.count(node.mark, 1)?;
        let Shape::Mapping(entries) = &tree.target(source).shape else {
            return Err((node.mark, "map merge requires map or sequence of maps as the value".to_owned()));
        };
        self.enter(node.mark)?;
        if let Shape::Alias(target, name) = &node.shape {
            self.enter_alias(*target, name, node.mark)?;
            self.merge_entries(entries, map, replace)?;
            self.leave_alias(*target);
        } else {
            self.merge_entries(entries, map, replace)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn merge_entries(&mut self, entries: &'t [(NodeId, NodeId)], map: &mut Map, replace: bool) -> Result<(), Wrong> {
        let mut nested = None;
        for (key, value) in entries {
            if scalar::is_merge(self.options.dialect, self.tree.get(*key)) {
                if replace {
                    self.merge(*value, map, replace)?;
                } else {
                    nested = Some(*value);
                }
                continue;
            }
            let key = self.key(*key, true)?;
            if replace || !map.contains_key(key.as_str()) {
                map.insert(key, self.value(*value)?);
            }
        }
        match nested {
            Some(source) => self.merge(source, map, replace),
            None => Ok(()),
        }
    }
}

/// What makes two keys of a mapping the same to go-yaml.
fn identity<'n>(node: &'n Node<'_>) -> (u8, &'n str) {
    match &node.shape {
        Shape::Scalar { text, .. } => (0, text.as_ref()),
        Shape::Alias(_, name) => (1, name.as_str()),
        Shape::Sequence(_) => (2, ""),
        Shape::Mapping(_) => (3, ""),
    }
}

fn is_same(one: &Node<'_>, other: &Node<'_>) -> bool {
    identity(one) == identity(other)
}

#[expect(clippy::cast_precision_loss, reason = "go-yaml divides floats here too")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// The share of nodes that may come from aliases: 99 % in small documents, 10 % in the largest.
fn allowed_ratio(decoded: usize) -> f64 {
    if decoded <= ALIAS_RATIO_LOW {
        return 0.99;
    }
    if decoded >= ALIAS_RATIO_HIGH {
        return 0.10;
    }
    0.99 - 0.89 * ratio(decoded - ALIAS_RATIO_LOW, ALIAS_RATIO_HIGH - ALIAS_RATIO_LOW)
}
