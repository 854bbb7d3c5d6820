//! YAML with its comments, as go-yaml v3 and sops arrange them.

use std::collections::VecDeque;

use goyaml::commented::{self, Content, Document, Node};
use goyaml::{Dialect, Limits, ParseOptions};

use super::syntax;
use crate::{Branch, Comment, Entry, Format, Item, Key, SopsError, Text, Value};

/// Nodes of one text, aliases put in: an encrypted value has at least a hundred bytes.
const MAX_NODES: usize = 500_000;

/// What readers refuse that go on to JSON.
const ONLY_JSON: &str = "json: unsupported value";

pub(super) fn load(text: &[u8]) -> Result<Vec<Branch>, SopsError> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = text[..error.valid_up_to()].split(|byte| *byte == b'\n');
        let breaks = before.count();
        syntax(Format::Yaml, u32::try_from(breaks).unwrap_or(0), "the text is not UTF-8")
    })?;
    let limits = Limits { nodes: MAX_NODES, ..Limits::default() };
    let options = ParseOptions { dialect: Dialect::V3, limits, ..ParseOptions::default() };
    let told = |errors: Vec<goyaml::YamlError>| {
        let first = errors.first().map(|error| (error.pos.line, error.message.clone())).unwrap_or_default();
        syntax(Format::Yaml, first.0, first.1)
    };
    // Keys that are there twice; the reader with comments does not look for them.
    if let Err(errors) = goyaml::parse_first(text, &options) {
        let errors: Vec<_> = errors.into_iter().filter(|error| !error.message.starts_with(ONLY_JSON)).collect();
        if !errors.is_empty() {
            return Err(told(errors));
        }
    }
    let documents = commented::parse(text, &options).map_err(told)?;
    documents.iter().map(branch).collect()
}

fn branch(document: &Document) -> Result<Branch, SopsError> {
    let mut branch = Branch::new();
    let line = document.root.pos.line;
    comments(&document.head, false, line, &mut branch);
    root(&document.root, &mut branch)?;
    comments(&document.foot, false, line, &mut branch);
    Ok(branch)
}

fn root(node: &Node, branch: &mut Branch) -> Result<(), SopsError> {
    let line = node.pos.line;
    comments(&node.head, false, line, branch);
    comments(&node.line, false, line, branch);
    match &node.content {
        Content::Mapping(entries) => map(entries, branch)?,
        Content::Alias(target) => root(target, branch)?,
        Content::Null => return Ok(()),
        Content::Sequence(_) => {
            return Err(syntax(Format::Yaml, line, "the document is a list; only maps can be encrypted"));
        }
        _ => return Err(syntax(Format::Yaml, line, "the document is a single value; only maps can be encrypted")),
    }
    comments(&node.foot, false, line, branch);
    Ok(())
}

fn map(entries: &[(Node, Node)], branch: &mut Branch) -> Result<(), SopsError> {
    for (key, value) in entries {
        let line = value.pos.line;
        comments(&key.head, false, line, branch);
        comments(&key.line, false, line, branch);
        let scalar = !matches!(value.content, Content::Sequence(_) | Content::Mapping(_));
        if scalar {
            comments(&value.head, false, line, branch);
            comments(&value.line, true, line, branch);
        }
        let name = name(key)?;
        branch.push(Item::new(name, plain(value, scalar)?, line));
        if scalar {
            comments(&value.foot, false, line, branch);
        }
        comments(&key.foot, false, line, branch);
    }
    Ok(())
}

fn name(key: &Node) -> Result<String, SopsError> {
    match &key.content {
        Content::Text(text) => Ok(text.clone()),
        Content::Alias(target) => name(target),
        _ => Err(syntax(Format::Yaml, key.pos.line, "a key is not a text; put it in quotes")),
    }
}

/// The value of a node. `handled`: its comments stand before it already.
fn plain(node: &Node, handled: bool) -> Result<Value, SopsError> {
    let line = node.pos.line;
    Ok(match &node.content {
        Content::Null => Value::Null,
        Content::Bool(value) => Value::Bool(*value),
        Content::Int(value) => Value::Int(*value),
        Content::Uint(_) => return Err(syntax(Format::Yaml, line, "the integer is too large; put it in quotes")),
        Content::Float(value) => Value::Float(*value),
        Content::Time(text) => Value::Time(text.clone()),
        Content::Text(text) => Value::text(text.clone()),
        Content::Bytes(bytes) => Value::text(bytes.clone()),
        Content::Alias(target) => plain(target, false)?,
        Content::Sequence(items) => list(node, items, handled)?,
        Content::Mapping(entries) => {
            let mut branch = Branch::new();
            if !handled {
                comments(&node.head, false, line, &mut branch);
                comments(&node.line, false, line, &mut branch);
            }
            map(entries, &mut branch)?;
            if !handled {
                comments(&node.foot, false, line, &mut branch);
            }
            Value::Map(branch)
        }
    })
}

fn list(node: &Node, items: &[Node], handled: bool) -> Result<Value, SopsError> {
    let mut entries = Vec::new();
    let line = node.pos.line;
    let add = |text: &str, inline, line, entries: &mut Vec<Entry>| {
        entries.extend(split(text, inline).map(|comment| Entry { value: Value::Comment(comment), line }));
    };
    if !handled {
        add(&node.head, false, line, &mut entries);
        add(&node.line, false, line, &mut entries);
    }
    for item in items {
        let line = item.pos.line;
        add(&item.head, false, line, &mut entries);
        add(&item.line, true, line, &mut entries);
        entries.push(Entry { value: plain(item, true)?, line });
        add(&item.foot, false, line, &mut entries);
    }
    if !handled {
        add(&node.foot, false, line, &mut entries);
    }
    Ok(Value::List(entries))
}

fn comments(text: &str, inline: bool, line: u32, branch: &mut Branch) {
    branch.extend(split(text, inline).map(|comment| Item::comment(comment, line)));
}

/// The lines of a comment, without their `#`.
fn split(text: &str, inline: bool) -> impl Iterator<Item = Comment> {
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines.map(move |line| Comment { inline, ..Comment::new(line.get(1..).unwrap_or_default()) })
}

pub(super) fn emit(branches: &[Branch], indent: usize) -> Text {
    let documents: Vec<Document> =
        branches.iter().map(|branch| Document { root: mapping(branch), ..Document::default() }).collect();
    Text::new(commented::emit(&documents, indent).into_bytes())
}

pub(super) fn emit_value(value: &Value) -> Text {
    Text::new(commented::emit_value(&node(value)).into_bytes())
}

/// Comments on their way to the node that they belong to.
#[derive(Default)]
struct Waiting {
    head: VecDeque<String>,
    line: VecDeque<String>,
}

impl Waiting {
    fn add(&mut self, comment: &Comment) {
        let text = String::from_utf8_lossy(&comment.text).into_owned();
        if comment.inline { self.line.push_back(text) } else { self.head.push_back(text) }
    }

    /// The first comments of a collection are its own.
    fn move_head(&mut self, head: &mut String) {
        let text = joined(&mut self.head);
        if !text.is_empty() {
            *head = if head.is_empty() { text } else { format!("{text}\n{head}") };
        }
    }

    fn move_line(&mut self, line: &mut String) {
        append(line, &joined(&mut self.line));
    }

    /// What is left at the end of a collection.
    fn rest(mut self) -> String {
        self.head.append(&mut self.line);
        joined(&mut self.head)
    }
}

fn joined(lines: &mut VecDeque<String>) -> String {
    let lines: Vec<String> = lines.drain(..).map(|line| format!("#{line}")).collect();
    lines.join("\n")
}

fn append(to: &mut String, text: &str) {
    if !to.is_empty() && !text.is_empty() {
        to.push('\n');
    }
    to.push_str(text);
}

fn mapping(branch: &Branch) -> Node {
    let mut node = Node::default();
    let mut entries: Vec<(Node, Node)> = Vec::new();
    let mut waiting = Waiting::default();
    for item in branch {
        match &item.key {
            Key::Comment(comment) => waiting.add(comment),
            Key::Text(name) => {
                if entries.is_empty() {
                    waiting.move_head(&mut node.head);
                }
                let mut key = Node::from(Content::Text(name.clone()));
                waiting.move_head(&mut key.head);
                let mut value = self::node(&item.value);
                waiting.move_line(&mut value.line);
                entries.push((key, value));
            }
        }
    }
    match entries.last_mut() {
        Some((key, _)) => append(&mut key.foot, &waiting.rest()),
        None => append(&mut node.head, &waiting.rest()),
    }
    node.content = Content::Mapping(entries);
    node
}

fn sequence(list: &[Entry]) -> Node {
    let mut node = Node::default();
    let mut items: Vec<Node> = Vec::new();
    let mut waiting = Waiting::default();
    for entry in list {
        if let Value::Comment(comment) = &entry.value {
            waiting.add(comment);
            continue;
        }
        if items.is_empty() {
            waiting.move_head(&mut node.head);
        }
        let mut item = self::node(&entry.value);
        waiting.move_head(&mut item.head);
        waiting.move_line(&mut item.line);
        items.push(item);
    }
    match items.last_mut() {
        Some(item) => append(&mut item.foot, &waiting.rest()),
        None => append(&mut node.head, &waiting.rest()),
    }
    node.content = Content::Sequence(items);
    node
}

fn node(value: &Value) -> Node {
    Node::from(match value {
        Value::Map(branch) => return mapping(branch),
        Value::List(list) => return sequence(list),
        Value::Null | Value::Comment(_) => Content::Null,
        Value::Bool(value) => Content::Bool(*value),
        Value::Int(value) => Content::Int(*value),
        Value::Float(value) => Content::Float(*value),
        Value::Time(text) => Content::Time(text.clone()),
        Value::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Content::Text(text.to_owned()),
            Err(_) => Content::Bytes(text.to_vec()),
        },
    })
}
