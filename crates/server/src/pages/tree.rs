//! What a delivery holds, as a tree: the delivery, its namespaces, their objects. Printed as a nested list, and drawn.

use std::collections::BTreeMap;

use engine::{DeliveryState, Name, ObjectState, SourceKind, SourceName};
use maud::{Markup, html};

use super::layout::badge;
use crate::links;
use crate::view::View;
use crate::words::{self, Tone};

/// Objects that are listed.
const LISTED: usize = 1000;

/// One thing of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Kind of the thing, or what the group is.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: String,
    /// Its page.
    pub(crate) link: Option<String>,
    /// How it stands.
    pub(crate) tone: Tone,
    /// How it stands, in words.
    pub(crate) word: &'static str,
    /// Why; may be empty.
    pub(crate) message: String,
    /// `file:line`; may be empty.
    pub(crate) origin: String,
    /// What is in it.
    pub(crate) children: Vec<Self>,
}

/// The tree of a delivery.
pub(crate) fn of(view: &View, delivery: &DeliveryState) -> Node {
    let mut groups: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for object in delivery.objects.iter().take(LISTED) {
        groups.entry(&object.key.namespace).or_default().push(leaf(view, object));
    }
    let group = |(namespace, children): (&str, Vec<Node>)| {
        let (kind, name) = if namespace.is_empty() { ("", "whole cluster") } else { ("namespace", namespace) };
        let tone = children.iter().map(|child| child.tone).min().unwrap_or(Tone::Good);
        node(kind, name, tone, children)
    };
    let children = groups.into_iter().map(group).collect();
    let tone = words::tone(delivery);
    Node { word: tone.word(), ..node("Kustomization", &delivery.name.name, tone, children) }
}

fn node(kind: &str, name: &str, tone: Tone, children: Vec<Node>) -> Node {
    Node {
        kind: kind.to_owned(),
        name: name.to_owned(),
        link: None,
        tone,
        word: "",
        message: String::new(),
        origin: String::new(),
        children,
    }
}

fn leaf(view: &View, object: &ObjectState) -> Node {
    let (tone, word) = words::object_health(object.health);
    Node {
        link: Some(page_of(view, object)),
        word,
        message: object.message.to_string(),
        origin: object.origin.to_string(),
        ..node(&object.key.kind, &object.key.name, tone, Vec::new())
    }
}

/// A Kustomization among the objects has a page of its own.
fn page_of(view: &View, object: &ObjectState) -> String {
    let name = Name::new(&object.key.namespace, &object.key.name);
    let source = SourceKind::parse(&object.key.kind).map(|kind| SourceName::new(kind, &name.namespace, &name.name));
    match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("kustomize.toolkit.fluxcd.io", "Kustomization") if view.state.deliveries.contains_key(&name) => {
            links::delivery(&name)
        }
        (group, _) if group.ends_with(".fluxcd.io") => match source.filter(|it| view.state.sources.contains_key(it)) {
            Some(source) => links::source(&source),
            None => links::object(&object.key, &object.version),
        },
        _ => links::object(&object.key, &object.version),
    }
}

/// The tree as a nested list.
pub(crate) fn list(tree: &Node) -> Markup {
    html! {
        ul .tree {
            @for group in &tree.children {
                li {
                    p .group {
                        @if group.kind.is_empty() { (words::capital(&group.name)) } @else { (words::capital(&group.kind)) " " b { (group.name) } }
                        " " span .quiet { "(" (words::counted(group.children.len(), "object")) ")" }
                    }
                    ul { @for leaf in &group.children { (list_leaf(leaf)) } }
                }
            }
        }
    }
}

fn list_leaf(leaf: &Node) -> Markup {
    // A healthy object's reason says nothing new.
    let message = if leaf.tone == Tone::Good { "" } else { leaf.message.as_str() };
    html! {
        li .leaf {
            span .name { span .kind { (leaf.kind) } " " a href=[leaf.link.as_ref()] { (leaf.name) } } " "
            (badge(leaf.tone, leaf.word))
            @if !message.is_empty() { " " span .message { (message) } }
            @if !leaf.origin.is_empty() { " " code .quiet { (leaf.origin) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_namespace_is_as_bad_as_its_worst_object() {
        let state = sample::state();
        let view = View { state: &state, now: sample::now(), form: "", drawings: true };
        let tree = of(&view, &state.deliveries[&Name::new("flux-system", "search")]);
        let groups: Vec<_> =
            tree.children.iter().map(|group| (group.name.as_str(), group.tone, group.children.len())).collect();
        assert_eq!(groups, [("whole cluster", Tone::Good, 1), ("search", Tone::Attention, 3)]);
    }
}
