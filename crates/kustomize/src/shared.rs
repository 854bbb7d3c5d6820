//! Nodes that kustomize puts into an object at several places at once.
//!
//! A label that is new in the metadata, the selector and the template is one node there, not three: whatever changes
//! it at one place later changes it at all. Such nodes are told by their marks.

use goyaml::{Kind, Map, Pos, Value};

use crate::accumulate::By;
use crate::item::Item;
use crate::raw::{self, FREE_MARK};
use crate::read::Text;

/// Bits of a node's mark that say which node it is.
const SHARE_BITS: u32 = Value::MARKS.trailing_zeros() - FREE_MARK;

/// Which of an object's shared nodes a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share(u32);

/// Which shared node this is, if it is one.
pub(crate) fn of(value: &Value) -> Option<Share> {
    let share = value.mark() >> FREE_MARK;
    (share > 0).then_some(Share(share))
}

fn with_share(value: Value, share: Option<Share>) -> Value {
    let mark = value.mark() & ((1 << FREE_MARK) - 1);
    value.with_mark(mark | share.map_or(0, |share| share.0) << FREE_MARK)
}

/// A new node that is going to stand at several places of an object, and what it becomes meanwhile.
pub(crate) struct New<'a> {
    text: &'a Text,
    share: u32,
    is_quoted: bool,
    /// The node itself, where it was put last.
    own: Option<Value>,
    changed: Vec<(Share, Value)>,
}

impl<'a> New<'a> {
    pub(crate) fn text(item: &mut Item, text: &'a Text) -> Self {
        item.shared = (item.shared + 1).min((1 << SHARE_BITS) - 1);
        Self { text, share: item.shared, is_quoted: false, own: None, changed: Vec::new() }
    }

    /// Sets an entry of a map: to the node itself if the entry is new, or else to the same text.
    pub(crate) fn set_entry(&mut self, map: &mut Map, key: &str, by: &By<'_>) {
        let old = map.get(key);
        // A node takes over the style of what it replaces, wherever it stands already.
        self.is_quoted = old.map_or(self.is_quoted || raw::is_other_in_yaml_1_1(&self.text.text), Value::is_quoted);
        let share = old.map_or(Some(Share(self.share)), of);
        let value = Value::from(self.text.text.as_str()).with_pos(old.map_or_else(Pos::default, Value::pos));
        let value = by.derive(value, |derivation| derivation.over(old).asked_by(&self.text.value()));
        let value = with_share(value, share).with_quotes(self.is_quoted);
        match share {
            Some(share) if share.0 != self.share => self.changed.push((share, value.clone())),
            Some(_) => self.own = Some(value.clone()),
            None => {}
        }
        map.insert(key, value);
    }

    /// Makes the places of nodes that were set what these have become.
    pub(crate) fn spread(mut self, item: &mut Item) {
        // The style taken over from a later place is that of all places.
        if let Some(own) = self.own.filter(|own| own.is_quoted() != self.is_quoted) {
            self.changed.push((Share(self.share), own.with_quotes(self.is_quoted)));
        }
        spread(item, &self.changed);
    }
}

/// Makes all nodes that are one what one of them has become.
pub(crate) fn spread(item: &mut Item, changed: &[(Share, Value)]) {
    if !changed.is_empty() {
        change(&mut item.value, &|node| {
            let share = of(node)?;
            let (_, value) = changed.iter().rev().find(|(known, _)| *known == share)?;
            Some(with_share(value.clone(), Some(share)))
        });
    }
}

/// Makes a node known again by its mark, wherever the object is changed.
pub(crate) fn mark(item: &mut Item, path: &[usize]) -> Option<Share> {
    item.shared = (item.shared + 1).min((1 << SHARE_BITS) - 1);
    let mut node = &mut item.value;
    for at in path {
        node = match node.kind() {
            Kind::Map(_) => node.as_map_mut()?.iter_mut().nth(*at).map(|(_, child)| child)?,
            _ => node.as_list_mut()?.get_mut(*at)?,
        };
    }
    if of(node).is_none() {
        *node = with_share(std::mem::take(node), Some(Share(item.shared)));
    }
    of(node)
}

/// The way to a node of an object by the positions of its parents' children.
pub(crate) fn path_to(object: &Value, node: &Value) -> Option<Vec<usize>> {
    if std::ptr::eq(object, node) {
        return Some(Vec::new());
    }
    let below = |(at, child): (usize, &Value)| {
        let mut path = path_to(child, node)?;
        path.insert(0, at);
        Some(path)
    };
    match object.kind() {
        Kind::Map(map) => map.values().enumerate().find_map(below),
        Kind::List(items) => items.iter().enumerate().find_map(below),
        _ => None,
    }
}

/// Makes a node the shared one that it takes the place of.
pub(crate) fn in_place_of(old: &Value, new: Value) -> Value {
    with_share(new, of(old))
}

/// Spreads what was changed of shared nodes. `before` is the object as it was; `passed` is what becomes of a changed node when
/// another place of it is passed by later.
pub(crate) fn spread_changes(item: &mut Item, before: &Value, passed: &dyn Fn(Value) -> Value) {
    if item.shared == 0 {
        return;
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    collect(before, &mut old);
    collect(&item.value, &mut new);
    let mut changed: Vec<(Share, Value)> = Vec::new();
    for (share, value) in new {
        // What a patch has set to what it was stands elsewhere.
        let is_same = |(known, old): &(Share, Value)| *known == share && *old == value && old.pos() == value.pos();
        let last = changed.iter_mut().rev().find(|(known, _)| *known == share);
        match (old.iter().any(is_same), last) {
            (false, _) => changed.push((share, value)),
            (true, Some((_, last))) => *last = passed(std::mem::take(last)),
            (true, None) => {}
        }
    }
    spread(item, &changed);
}

fn collect(node: &Value, into: &mut Vec<(Share, Value)>) {
    match node.kind() {
        // A patch goes by the keys, and what it sets last counts.
        Kind::Map(map) if map.values().any(holds) => {
            map.sorted().into_iter().for_each(|(_, child)| collect(child, into));
        }
        Kind::Map(_) => {}
        Kind::List(items) => items.iter().for_each(|child| collect(child, into)),
        _ => into.extend(of(node).map(|share| (share, node.clone()))),
    }
}

/// Makes each node below this one its own.
pub(crate) fn part_below(node: &mut Value) {
    change(node, &|node| of(node).map(|_| with_share(node.clone(), None)));
}

fn change(node: &mut Value, new: &dyn Fn(&Value) -> Option<Value>) {
    match node.kind() {
        Kind::Map(map) if map.values().any(holds) => {
            node.as_map_mut().into_iter().flat_map(Map::iter_mut).for_each(|(_, child)| change(child, new));
        }
        Kind::List(items) if items.iter().any(holds) => {
            node.as_list_mut().into_iter().flatten().for_each(|child| change(child, new));
        }
        Kind::Map(_) | Kind::List(_) => {}
        _ => {
            if let Some(new) = new(node) {
                *node = new;
            }
        }
    }
}

fn holds(node: &Value) -> bool {
    match node.kind() {
        Kind::Map(map) => map.values().any(holds),
        Kind::List(items) => items.iter().any(holds),
        _ => of(node).is_some(),
    }
}
