//! Text out of nodes with comments.
//!
//! go-yaml's emitter keeps comments in fields until a place comes where they can be written; a comment that meets no such
//! place is written at a later one or overwritten. That is kept, as the bytes are to be the same.

use super::{Content, Document, Node};
use crate::Dialect;
use crate::emit::scalar::Shape;
use crate::emit::writer::{Context, Gap, Writer};
use crate::emit::{MAX_SIMPLE_KEY, base64};
use crate::resolve::number::format_g;

/// Indentations that go-yaml accepts; others count as 2.
const INDENTS: std::ops::RangeInclusive<usize> = 2..=9;

/// Letters of one line of base64.
const BASE64_LINE: usize = 70;

/// Writes documents, with `---` lines between them, `indent` columns a level.
pub fn emit(documents: &[Document], indent: usize) -> String {
    let mut emitter = Emitter::new(indent);
    for (at, document) in documents.iter().enumerate() {
        emitter.document(document, at == 0);
    }
    emitter.writer.finish()
}

/// Writes one node as a document of its own, as go-yaml's `Marshal` does.
pub fn emit_value(node: &Node) -> String {
    emit(&[Document { root: node.clone(), ..Document::default() }], 4)
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    Root,
    Sequence,
    Mapping,
}

/// Comments that wait for a place.
#[derive(Debug, Default)]
struct Pending {
    head: String,
    foot: String,
    /// The foot of the entry before.
    tail: String,
    /// The comment behind a key.
    key_line: String,
}

struct Emitter {
    writer: Writer,
    step: isize,
    pending: Pending,
}

impl Emitter {
    fn new(indent: usize) -> Self {
        let step = if INDENTS.contains(&indent) { isize::try_from(indent).unwrap_or(2) } else { 2 };
        Self { writer: Writer::new(false, false).with_step(step), step, pending: Pending::default() }
    }

    fn document(&mut self, document: &Document, first: bool) {
        if !first {
            self.writer.line();
            self.writer.indicator("---", Gap::Space);
            self.writer.line();
        }
        note(&mut self.pending.head, &document.head);
        if !self.pending.head.is_empty() {
            self.head_comment();
            self.writer.empty_line();
        }
        self.start(&document.root);
        self.head_comment();
        self.content(&document.root, Parent::Root);
        self.writer.document_foot();
        note(&mut self.pending.foot, &document.foot);
        self.foot_comment();
        self.writer.forget_foot();
        self.writer.end_document();
    }

    /// Notes the comments that come with the start of a node.
    fn start(&mut self, node: &Node) {
        note(&mut self.pending.head, &node.head);
        if !is_collection(node) {
            note(&mut self.writer.line_comment, &node.line);
            note(&mut self.pending.foot, &node.foot);
        }
    }

    /// Notes the comments that come with the end of a collection.
    fn end(&mut self, node: &Node) {
        note(&mut self.writer.line_comment, &node.line);
        note(&mut self.pending.foot, &node.foot);
    }

    fn content(&mut self, node: &Node, parent: Parent) {
        let context = Context { mapping: parent == Parent::Mapping, simple_key: false };
        let indent = self.deeper(parent, true);
        match &node.content {
            Content::Sequence(items) => {
                self.after_node();
                self.sequence(node, items, parent);
            }
            Content::Mapping(entries) => {
                self.after_node();
                self.mapping(node, entries, parent);
            }
            Content::Alias(target) => self.content(target, parent),
            _ => {
                self.scalar(&node.content, context, indent);
                self.after_node();
            }
        }
    }

    fn after_node(&mut self) {
        self.writer.flush_line_comment();
        self.foot_comment();
    }

    /// The indentation inside of a node that stands here.
    fn deeper(&self, parent: Parent, scalar: bool) -> isize {
        let indent = self.writer.indent();
        match parent {
            _ if indent < 0 && scalar => self.step,
            _ if indent < 0 => 0,
            Parent::Sequence => indent + 2,
            Parent::Root | Parent::Mapping => self.step * ((indent + self.step) / self.step),
        }
    }

    fn sequence(&mut self, node: &Node, items: &[Node], parent: Parent) {
        if items.is_empty() {
            self.writer.indicator("[", Gap::Space);
            self.end(node);
            self.writer.indicator("]", Gap::None);
            return self.after_node();
        }
        let outer = self.writer.set_indent(self.deeper(parent, false));
        for item in items {
            self.start(item);
            self.head_comment();
            self.writer.indicator_line("-");
            self.content(item, Parent::Sequence);
        }
        self.end(node);
        self.writer.set_indent(outer);
    }

    fn mapping(&mut self, node: &Node, entries: &[(Node, Node)], parent: Parent) {
        if entries.is_empty() {
            self.writer.indicator("{", Gap::Space);
            let outer = self.writer.set_indent(self.deeper(parent, true));
            self.end(node);
            self.head_comment();
            self.writer.set_indent(outer);
            self.writer.indicator("}", Gap::None);
            return self.after_node();
        }
        let outer = self.writer.set_indent(self.deeper(parent, false));
        let mut tail = "";
        for (key, value) in entries {
            note(&mut self.pending.tail, tail);
            self.entry(key, value);
            tail = &key.foot;
        }
        note(&mut self.pending.tail, tail);
        self.end(node);
        self.head_comment();
        self.writer.set_indent(outer);
    }

    fn entry(&mut self, key: &Node, value: &Node) {
        note(&mut self.pending.head, &key.head);
        note(&mut self.writer.line_comment, &key.line);
        self.head_comment();
        self.writer.line();
        if !self.writer.line_comment.is_empty() {
            self.pending.key_line = std::mem::take(&mut self.writer.line_comment);
        }
        self.key(&key.content);
        self.start(value);
        if !self.pending.key_line.is_empty() {
            if is_collection(value) {
                std::mem::swap(&mut self.writer.line_comment, &mut self.pending.key_line);
                self.writer.flush_line_comment();
                std::mem::swap(&mut self.writer.line_comment, &mut self.pending.key_line);
            } else if self.writer.line_comment.is_empty() {
                self.writer.line_comment = std::mem::take(&mut self.pending.key_line);
            }
        }
        self.content(value, Parent::Mapping);
    }

    fn key(&mut self, key: &Content) {
        let (text, shape, tag) = written(key);
        let context = Context { mapping: true, simple_key: true };
        if shape.is_multiline() || text.len() + tag.map_or(0, str::len) > MAX_SIMPLE_KEY {
            self.writer.indicator_line("?");
            let indent = self.deeper(Parent::Mapping, true);
            self.scalar(key, Context { simple_key: false, ..context }, indent);
            self.writer.indicator_line(":");
        } else {
            self.scalar(key, context, self.writer.indent());
            self.writer.indicator(":", Gap::None);
        }
    }

    fn scalar(&mut self, scalar: &Content, context: Context, indent: isize) {
        let (text, shape, tag) = written(scalar);
        if let Some(tag) = tag {
            self.writer.tag(tag);
        }
        self.writer.scalar_at(&text, shape, context, indent);
    }

    fn head_comment(&mut self) {
        let tail = std::mem::take(&mut self.pending.tail);
        if !tail.is_empty() {
            self.writer.line();
            self.writer.comment(&tail);
            self.writer.mark_foot();
        }
        let head = std::mem::take(&mut self.pending.head);
        if !head.is_empty() {
            self.writer.line();
            self.writer.comment(&head);
        }
    }

    fn foot_comment(&mut self) {
        let foot = std::mem::take(&mut self.pending.foot);
        if !foot.is_empty() {
            self.writer.line();
            self.writer.comment(&foot);
            self.writer.mark_foot();
        }
    }
}

/// A comment replaces the one that waits; none leaves it waiting.
fn note(waiting: &mut String, comment: &str) {
    if !comment.is_empty() {
        comment.clone_into(waiting);
    }
}

fn is_collection(node: &Node) -> bool {
    match &node.content {
        Content::Alias(target) => is_collection(target),
        content => matches!(content, Content::Sequence(_) | Content::Mapping(_)),
    }
}

/// The text of a scalar, the styles it allows, and its tag if it needs one.
fn written(content: &Content) -> (String, Shape, Option<&'static str>) {
    let word = |text: String| (text, Shape::plain(), None);
    match content {
        Content::Null => word("null".to_owned()),
        Content::Bool(value) => word(value.to_string()),
        Content::Int(value) => word(value.to_string()),
        Content::Uint(value) => word(value.to_string()),
        Content::Float(value) => word(format_g(*value)),
        Content::Time(text) => word(text.clone()),
        // go-yaml takes it for the key that merges, in quotes or not.
        Content::Text(text) if text == "<<" => (text.clone(), Shape::plain(), Some("!!merge")),
        Content::Text(text) => (text.clone(), Shape::of(text, Dialect::V3), None),
        Content::Bytes(bytes) => {
            let text = wrapped(&base64(bytes));
            let shape = Shape::of(&text, Dialect::V3);
            (text, shape, Some("!!binary"))
        }
        Content::Alias(target) => written(&target.content),
        Content::Sequence(_) | Content::Mapping(_) => word(String::new()),
    }
}

/// Base64 as go-yaml breaks it into lines, if it is longer than one.
fn wrapped(text: &str) -> String {
    if text.len() < BASE64_LINE {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / BASE64_LINE + 1);
    for (at, letter) in text.char_indices() {
        if at > 0 && at.is_multiple_of(BASE64_LINE) {
            out.push('\n');
        }
        out.push(letter);
    }
    out.push('\n');
    out
}
