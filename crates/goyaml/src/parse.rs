//! Documents out of a YAML text.

mod build;
mod grammar;
mod node;
mod scalar;

use self::build::Builder;
use self::grammar::Grammar;
use self::node::Tree;
pub(crate) use self::node::{NodeId, Notes, Shape};
use crate::commented::Content;
use crate::scan::{Fault, Mark};
use crate::{Dialect, ParseOptions, Pos, Value};

/// Errors of one text; more are not told.
pub const MAX_ERRORS: usize = 100;

/// One document of a text.
#[derive(Clone, Debug)]
pub struct Document {
    /// The root node.
    pub value: Value,
    /// Where the root node starts.
    pub pos: Pos,
}

/// What is wrong with a text, worded as go-yaml words it where it has a wording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {message}", pos.line)]
pub struct YamlError {
    /// The place.
    pub pos: Pos,
    /// What is wrong there.
    pub message: String,
    /// The line that go-yaml would name, which may be one off or that of a collection's start; it names none for what it
    /// finds behind the scanner.
    go_line: Option<u32>,
}

impl YamlError {
    pub(crate) fn new(pos: Pos, message: impl Into<String>) -> Self {
        Self { pos, message: message.into(), go_line: None }
    }

    /// go-yaml's own text: `yaml: line 3: did not find expected key`.
    pub fn go_text(&self) -> String {
        match self.go_line {
            Some(line) => format!("yaml: line {line}: {}", self.message),
            None => format!("yaml: {}", self.message),
        }
    }
}

/// The line that go-yaml names: v2 that of the problem before that of the context, v3 the other way round, both only where
/// it is not the first one; and one more if the scanner failed.
fn go_line(fault: &Fault, dialect: Dialect) -> Option<u32> {
    let scanned = u32::from(fault.scanned);
    let (context, problem) = (fault.context.line, fault.problem.line);
    match dialect {
        Dialect::V2 if problem != 0 => Some(problem + scanned),
        Dialect::V2 => (context != 0).then_some(context),
        Dialect::V3 => [context, problem].into_iter().find(|line| *line != 0).map(|line| line + scanned),
    }
}

/// Reads all documents of a text; empty documents are left out.
///
/// After an error reading goes on with the next document, so that all that is wrong is told at once.
pub fn parse_documents(text: &str, options: &ParseOptions) -> Result<Vec<Document>, Vec<YamlError>> {
    if text.len() > options.limits.bytes {
        let message =
            format!("the text has {} bytes, more than the {} allowed; split it", text.len(), options.limits.bytes);
        return Err(vec![YamlError::new(at(options, Mark::default()), message)]);
    }
    let mut reader = Reader { text, options, documents: Vec::new(), errors: Vec::new() };
    reader.check_characters();
    let mut next = Some(Mark::default());
    while let Some(start) = next {
        next = reader.read_from(start);
    }
    reader.finish()
}

/// Reads the first document of a text, as Go's `Unmarshal` does, which looks at nothing behind it; `None` if it is empty.
///
/// # Errors
/// What is wrong with it; the first one is what Go would tell.
pub fn parse_first(text: &str, options: &ParseOptions) -> Result<Option<Document>, Vec<YamlError>> {
    if text.len() > options.limits.bytes {
        return parse_documents(text, options).map(|_| None);
    }
    let mut reader = Reader { text, options, documents: Vec::new(), errors: Vec::new() };
    reader.check_characters();
    let mut grammar = Grammar::new(text, Mark::default(), options);
    match grammar.document() {
        Ok(Some((tree, root))) => reader.add(&tree, root),
        Ok(None) => {}
        Err(fault) => reader.note(&fault),
    }
    Ok(reader.finish()?.pop())
}

/// The nodes of one document with its comments.
pub(crate) struct CommentedTree<'a>(Tree<'a>);

impl<'a> CommentedTree<'a> {
    pub(crate) fn document(&self) -> &Notes {
        &self.0.document
    }

    pub(crate) fn notes(&self, id: NodeId) -> Notes {
        self.0.notes.get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn shape(&self, id: NodeId) -> &Shape<'a> {
        &self.0.get(id).shape
    }

    pub(crate) fn is_flow(&self, id: NodeId) -> bool {
        self.0.get(id).flow
    }

    pub(crate) fn pos(&self, id: NodeId, options: &ParseOptions) -> Pos {
        at(options, self.0.get(id).mark)
    }

    /// What a scalar means.
    pub(crate) fn scalar(&self, id: NodeId, options: &ParseOptions) -> Result<Content, YamlError> {
        scalar::content(self.0.get(id)).map_err(|(mark, message)| YamlError::new(at(options, mark), message))
    }
}

/// The documents of a text with their comments, each with its root.
pub(crate) fn commented_documents<'a>(
    text: &'a str,
    options: &ParseOptions,
) -> Result<Vec<(CommentedTree<'a>, NodeId)>, Vec<YamlError>> {
    if text.len() > options.limits.bytes {
        return parse_documents(text, options).map(|_| Vec::new());
    }
    let mut reader = Reader { text, options, documents: Vec::new(), errors: Vec::new() };
    reader.check_characters();
    let mut grammar = Grammar::new(text, Mark::default(), options).with_comments();
    let mut trees = Vec::new();
    loop {
        match grammar.document() {
            Ok(Some((tree, root))) => trees.push((CommentedTree(tree), root)),
            Ok(None) => break,
            Err(fault) => {
                reader.note(&fault);
                break;
            }
        }
    }
    reader.finish()?;
    Ok(trees)
}

/// A place as the tree knows it.
fn at(options: &ParseOptions, mark: Mark) -> Pos {
    Pos { source: options.source, line: mark.line + 1, column: mark.column + 1 }
}

struct Reader<'a> {
    text: &'a str,
    options: &'a ParseOptions,
    documents: Vec<Document>,
    errors: Vec<YamlError>,
}

impl Reader<'_> {
    fn finish(mut self) -> Result<Vec<Document>, Vec<YamlError>> {
        if self.errors.is_empty() {
            return Ok(self.documents);
        }
        self.errors.sort_by_key(|error| (error.pos.line, error.pos.column));
        self.errors.truncate(MAX_ERRORS);
        Err(self.errors)
    }

    /// Notes characters that YAML does not allow, once a line.
    fn check_characters(&mut self) {
        let ordinary = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        // In pieces, which a processor looks at at once.
        if self.text.as_bytes().chunks(64).all(|piece| piece.iter().fold(true, |all, byte| all & ordinary(byte))) {
            return;
        }
        for (number, line) in (1..).zip(self.text.split('\n')) {
            if let Some(column) = line.chars().position(|character| !is_allowed(character)) {
                let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
                let pos = Pos { source: self.options.source, line: number, column };
                self.errors.push(YamlError::new(pos, "control characters are not allowed"));
            }
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
        }
    }

    /// Reads documents until the end, or to a fault; gives the place where reading can go on after it.
    fn read_from(&mut self, start: Mark) -> Option<Mark> {
        let mut grammar = Grammar::new(self.text, start, self.options);
        loop {
            match grammar.document() {
                Ok(Some((tree, root))) => self.add(&tree, root),
                Ok(None) => return None,
                Err(fault) => {
                    self.note(&fault);
                    let open = self.errors.len() < MAX_ERRORS;
                    return next_document(self.text, start, fault.problem).filter(|_| open);
                }
            }
        }
    }

    fn note(&mut self, fault: &Fault) {
        let mark = match self.options.dialect {
            Dialect::V3 if fault.scanned => fault.context,
            Dialect::V2 | Dialect::V3 => fault.problem,
        };
        let mut error = YamlError::new(at(self.options, mark), fault.message.as_ref());
        error.go_line = go_line(fault, self.options.dialect);
        self.errors.push(error);
    }

    fn add(&mut self, tree: &Tree<'_>, root: NodeId) {
        let node = tree.get(root);
        if node.tag.is_none() && matches!(&node.shape, Shape::Scalar { text, plain: true } if text.is_empty()) {
            return;
        }
        let pos = at(self.options, node.mark);
        let mut builder = Builder::new(tree, self.options);
        let value = builder.root(root);
        let errors = builder.into_errors();
        if errors.is_empty() {
            self.documents.push(Document { value, pos });
        }
        self.errors.extend(errors);
    }
}

/// The line with the next `---` at or behind a fault.
fn next_document(text: &str, start: Mark, fault: Mark) -> Option<Mark> {
    let mut mark = line_start(text, fault);
    if mark.index <= start.index {
        mark = next_line(text, mark)?;
    }
    loop {
        let line = &text[mark.index..];
        if line.starts_with("---") && line[3..].chars().next().is_none_or(char::is_whitespace) {
            return Some(mark);
        }
        mark = next_line(text, mark)?;
    }
}

fn line_start(text: &str, mark: Mark) -> Mark {
    let before = text.get(..mark.index).unwrap_or(text);
    let index = before.rfind('\n').map_or(0, |at| at + 1);
    Mark { index, column: 0, ..mark }
}

fn next_line(text: &str, mark: Mark) -> Option<Mark> {
    let length = text[mark.index..].find('\n')? + 1;
    Some(Mark { index: mark.index + length, line: mark.line + 1, ..mark })
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..)
}
