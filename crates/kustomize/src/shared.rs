//! Nodes that kustomize puts into an object at several places at once.
//!
//! A label that is new in the metadata, the selector and the template is one node there, not three: whatever changes
//! it at one place later changes it at all. Such nodes are told by positions that no text has.

use goyaml::origin::Tracer;
use goyaml::{Kind, Map, Pos, Value};

use crate::accumulate::By;
use crate::item::Item;
use crate::read::Text;

/// The text that shared nodes are said to stand in.
const SOURCE: u32 = u32::MAX;

fn is_shared(value: &Value, tracer: &Tracer) -> bool {
    let pos = tracer.plain(value.pos());
    pos.source == SOURCE && pos.line == 0
}

/// A position for new nodes of an object that are one.
pub(crate) fn new(item: &mut Item) -> Pos {
    item.shared += 1;
    Pos { source: SOURCE, line: 0, column: item.shared }
}

/// Sets an entry of a map, at the shared position if it is new. If what was there is shared, tells its position and what
/// it becomes everywhere.
pub(crate) fn set_entry(map: &mut Map, (key, text): (&str, &Text), shared: Pos, by: &By<'_>) -> Option<(Pos, Value)> {
    let old = map.get(key);
    let pos = old.map_or(shared, |old| by.tracer.plain(old.pos()));
    let was_shared = old.is_some_and(|old| is_shared(old, by.tracer));
    let value = Value::from(text.text.as_str()).with_pos(pos);
    let value = by.derive(value, |derivation| derivation.over(old).asked_by(&text.value()));
    map.insert(key, value.clone());
    was_shared.then_some((pos, value))
}

/// Makes all nodes at a shared position what one of them has become.
pub(crate) fn spread(item: &mut Item, changed: &[(Pos, Value)], tracer: &Tracer) {
    if !changed.is_empty() {
        let new = |node: &Value| {
            let pos = tracer.plain(node.pos());
            changed.iter().rev().find(|(known, _)| *known == pos).map(|(_, value)| value.clone())
        };
        change(&mut item.value, &new, tracer);
    }
}

/// The shared nodes of an object that hold a variable, to be compared after they were replaced.
pub(crate) fn position(value: &Value, tracer: &Tracer) -> Option<Pos> {
    is_shared(value, tracer).then(|| tracer.plain(value.pos()))
}

/// Spreads what a patch has changed of shared nodes. `before` is the object as it was.
pub(crate) fn spread_changes(item: &mut Item, before: &Value, tracer: &Tracer) {
    if item.shared == 0 {
        return;
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    collect(before, &mut old, tracer);
    collect(&item.value, &mut new, tracer);
    new.retain(|(pos, value)| !old.iter().any(|(known, old)| known == pos && old == value));
    spread(item, &new, tracer);
}

fn collect(node: &Value, into: &mut Vec<(Pos, Value)>, tracer: &Tracer) {
    match node.kind() {
        Kind::Map(map) => map.values().for_each(|child| collect(child, into, tracer)),
        Kind::List(items) => items.iter().for_each(|child| collect(child, into, tracer)),
        _ => into.extend(position(node, tracer).map(|pos| (pos, node.clone()))),
    }
}

/// Makes each node of an object its own again, as writing the object out and reading it in does.
pub(crate) fn part(item: &mut Item, tracer: &Tracer) {
    if item.shared > 0 {
        item.shared = 0;
        let own = |node: &Value| tracer.same(node.clone().with_pos(Pos::default()), node);
        change(&mut item.value, &|node| is_shared(node, tracer).then(|| own(node)), tracer);
    }
}

fn change(node: &mut Value, new: &dyn Fn(&Value) -> Option<Value>, tracer: &Tracer) {
    match node.kind() {
        Kind::Map(map) if map.values().any(|child| holds(child, tracer)) => {
            node.as_map_mut().into_iter().flat_map(Map::iter_mut).for_each(|(_, child)| change(child, new, tracer));
        }
        Kind::List(items) if items.iter().any(|child| holds(child, tracer)) => {
            node.as_list_mut().into_iter().flatten().for_each(|child| change(child, new, tracer));
        }
        Kind::Map(_) | Kind::List(_) => {}
        _ => {
            if let Some(new) = new(node) {
                *node = new;
            }
        }
    }
}

fn holds(node: &Value, tracer: &Tracer) -> bool {
    match node.kind() {
        Kind::Map(map) => map.values().any(|child| holds(child, tracer)),
        Kind::List(items) => items.iter().any(|child| holds(child, tracer)),
        _ => is_shared(node, tracer),
    }
}
