//! A tree as a drawing: boxes from left to right, a column a level, parents beside their first child.

use maud::{Markup, html};

use super::tree::Node;

/// Things that are drawn; more would not be a picture.
pub(crate) const MOST: usize = 200;
/// Height of a box and of the row that it stands in, in pixels.
const BOX: usize = 38;
const ROW: usize = 46;
/// Left edge and width of the boxes of each level, in pixels.
const COLUMNS: [(usize, usize); 3] = [(1, 230), (281, 230), (561, 480)];
/// Width of the drawing, in pixels.
const WIDTH: usize = COLUMNS[2].0 + COLUMNS[2].1 + 2;
/// Letters that are kept free for the word of an object's health.
const WORD: usize = 12;
/// Letters that fit into a pixel of width, as a divisor.
const LETTER: usize = 8;

/// A box with its place.
struct Placed<'a> {
    node: &'a Node,
    level: usize,
    row: usize,
    parent: Option<usize>,
}

/// The drawing; `None` if there is too much for one.
pub(crate) fn of(tree: &Node) -> Option<Markup> {
    let mut placed = Vec::new();
    let rows = place(tree, 0, (0, None), &mut placed);
    if placed.len() > MOST || rows == 0 || tree.children.is_empty() {
        return None;
    }
    let height = rows * ROW - (ROW - BOX) + 2;
    Some(html! {
        svg .drawing role="group" aria-labelledby="drawing-title drawing-text" viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) {
            title #drawing-title { "Objects of " (tree.name) }
            desc #drawing-text { "A tree: " (tree.name) ", its namespaces and their objects, coloured by health. The list below says the same." }
            @for one in &placed { @if let Some(parent) = one.parent { (line(&placed[parent], one)) } }
            @for one in &placed { (draw(one)) }
        }
    })
}

/// Puts a node and what is in it into rows; gives the first row that is free below.
fn place<'a>(node: &'a Node, level: usize, at: (usize, Option<usize>), placed: &mut Vec<Placed<'a>>) -> usize {
    let (row, parent) = at;
    let here = placed.len();
    placed.push(Placed { node, level, row, parent });
    let mut next = row;
    for child in &node.children {
        next = place(child, level + 1, (next, Some(here)), placed);
    }
    next.max(row + 1)
}

fn line(from: &Placed, to: &Placed) -> Markup {
    let (left, width) = column(from);
    let start = (left + width, from.row * ROW + BOX / 2 + 1);
    let end = (column(to).0, to.row * ROW + BOX / 2 + 1);
    let middle = usize::midpoint(start.0, end.0);
    let path = if start.1 == end.1 {
        format!("M{} {}H{}", start.0, start.1, end.0)
    } else {
        // Down from the middle, with round corners.
        format!(
            "M{} {}H{}Q{middle} {} {middle} {}V{}Q{middle} {} {} {}H{}",
            start.0,
            start.1,
            middle - 8,
            start.1,
            start.1 + 8,
            end.1 - 8,
            end.1,
            middle + 8,
            end.1,
            end.0
        )
    };
    html! { path .line d=(path) {} }
}

fn draw(one: &Placed) -> Markup {
    let inner = shape(one);
    html! {
        @if let Some(link) = &one.node.link { a href=(link) { (inner) } } @else { (inner) }
    }
}

fn shape(one: &Placed) -> Markup {
    let node = one.node;
    let (left, width) = column(one);
    let top = one.row * ROW + 1;
    // The word of its health stands at the right end.
    let fitting = (width - 34) / LETTER - if node.children.is_empty() { WORD } else { 0 };
    let text = left + 24;
    html! {
        g .{ "box " (node.tone.class()) } {
            title { (node.kind) " " (node.name) @if !node.word.is_empty() { ": " (node.word) } @if !node.message.is_empty() { ", " (node.message) } }
            rect x=(left) y=(top) width=(width) height=(BOX) rx="7" {}
            circle cx=(left + 13) cy=(top + BOX / 2) r="4.5" {}
            @if node.kind.is_empty() {
                text .name x=(text) y=(top + 24) { (cut(&node.name, fitting)) }
            } @else {
                text .kind x=(text) y=(top + 15) { (cut(&node.kind, fitting)) }
                text .name x=(text) y=(top + 30) { (cut(&node.name, fitting)) }
            }
            @if node.children.is_empty() { text .word x=(left + width - 12) y=(top + 23) { (node.word) } }
        }
    }
}

fn column(one: &Placed) -> (usize, usize) {
    COLUMNS[one.level.min(COLUMNS.len() - 1)]
}

/// The text, with an ellipsis in its middle where it is too long: names differ at their ends.
fn cut(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let head = most / 2;
    let tail = most - head - 1;
    letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Tone;

    fn node(name: &str, children: Vec<Node>) -> Node {
        Node {
            kind: String::new(),
            name: name.into(),
            link: None,
            tone: Tone::Good,
            word: "",
            message: String::new(),
            origin: String::new(),
            children,
        }
    }

    #[test]
    fn parents_stand_beside_their_first_child() {
        let tree =
            node("a", vec![node("b", vec![node("c", vec![]), node("d", vec![])]), node("e", vec![node("f", vec![])])]);
        let mut placed = Vec::new();
        assert_eq!(place(&tree, 0, (0, None), &mut placed), 3);
        let rows: Vec<_> = placed.iter().map(|one| (one.node.name.as_str(), one.level, one.row)).collect();
        assert_eq!(rows, [("a", 0, 0), ("b", 1, 0), ("c", 2, 0), ("d", 2, 1), ("e", 1, 2), ("f", 2, 2)]);
    }

    #[test]
    fn too_much_is_not_drawn() {
        let tree = |count| node("a", (0..count).map(|_| node("b", vec![])).collect());
        assert!(of(&tree(MOST - 1)).is_some());
        assert!(of(&tree(MOST)).is_none());
        assert!(of(&tree(0)).is_none());
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(cut("abcdefghij", 7), "abc…hij");
        assert_eq!(cut("abc", 7), "abc");
    }
}
