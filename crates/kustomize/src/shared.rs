//! Nodes that kustomize puts into an object at several places at once.
//!
//! A label that is new in the metadata, the selector and the template is one node there, not three: whatever changes
//! it at one place later changes it at all. Such nodes are told by positions that no text has.

use goyaml::{Kind, Map, Pos, Value};

use crate::item::Item;

/// The text that shared nodes are said to stand in.
const SOURCE: u32 = u32::MAX;

fn is_shared(value: &Value) -> bool {
    let pos = value.pos();
    pos.source == SOURCE && pos.line == 0
}

/// A position for new nodes of an object that are one.
pub(crate) fn new(item: &mut Item) -> Pos {
    item.shared += 1;
    Pos { source: SOURCE, line: 0, column: item.shared }
}

/// Sets an entry of a map, at the shared position if it is new. Tells what was there if that is shared.
pub(crate) fn set_entry(map: &mut Map, key: &str, text: &str, shared: Pos) -> Option<Pos> {
    let old = map.get(key);
    let pos = old.map_or(shared, Value::pos);
    let was_shared = old.is_some_and(is_shared);
    map.insert(key, Value::from(text).with_pos(pos));
    was_shared.then_some(pos)
}

/// Makes all nodes at a shared position what one of them has become.
pub(crate) fn spread(item: &mut Item, changed: &[(Pos, Value)]) {
    if !changed.is_empty() {
        change(&mut item.value, &|node| {
            let new = changed.iter().rev().find(|(pos, _)| *pos == node.pos());
            new.map(|(pos, value)| value.clone().with_pos(*pos))
        });
    }
}

/// The shared nodes of an object that hold a variable, to be compared after they were replaced.
pub(crate) fn position(value: &Value) -> Option<Pos> {
    is_shared(value).then(|| value.pos())
}

/// Spreads what a patch has changed of shared nodes. `before` is the object as it was.
pub(crate) fn spread_changes(item: &mut Item, before: &Value) {
    if item.shared == 0 {
        return;
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    collect(before, &mut old);
    collect(&item.value, &mut new);
    new.retain(|(pos, value)| !old.iter().any(|(known, old)| known == pos && old == value));
    spread(item, &new);
}

fn collect(node: &Value, into: &mut Vec<(Pos, Value)>) {
    match node.kind() {
        Kind::Map(map) => map.values().for_each(|child| collect(child, into)),
        Kind::List(items) => items.iter().for_each(|child| collect(child, into)),
        _ => into.extend(position(node).map(|pos| (pos, node.clone()))),
    }
}

/// Makes each node of an object its own again, as writing the object out and reading it in does.
pub(crate) fn part(item: &mut Item) {
    if item.shared > 0 {
        item.shared = 0;
        change(&mut item.value, &|node| is_shared(node).then(|| node.clone().with_pos(Pos::default())));
    }
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
        _ => is_shared(node),
    }
}
