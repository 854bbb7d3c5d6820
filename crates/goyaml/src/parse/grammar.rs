//! Nodes out of tokens: one document at a time.

mod block;
mod comment;
mod flow;

use std::borrow::Cow;
use std::collections::HashMap;

use self::comment::Pending;
use super::node::{Node, NodeId, Shape, Tree};
use crate::scan::{Fault, Mark, Scanner, Token, TokenKind};
use crate::{Limits, ParseOptions};

/// What the short tags of YAML's own types stand for.
const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// Reads documents from a text.
#[derive(Debug)]
pub(super) struct Grammar<'a> {
    scanner: Scanner<'a>,
    limits: Limits,
    handles: Vec<(String, String)>,
    tree: Tree<'a>,
    anchors: HashMap<String, NodeId>,
    depth: usize,
    started: bool,
    /// Comments that wait for their node.
    pending: Pending,
}

/// Anchor and tag before a node.
#[derive(Debug, Default)]
struct Properties {
    mark: Option<Mark>,
    anchor: Option<String>,
    tag: Option<String>,
}

impl<'a> Grammar<'a> {
    pub(super) fn new(text: &'a str, start: Mark, options: &ParseOptions) -> Self {
        Self {
            scanner: Scanner::new(text, start, options.dialect, options.limits.depth),
            limits: options.limits,
            handles: Vec::new(),
            tree: Tree::of(text),
            anchors: HashMap::new(),
            depth: 0,
            started: false,
            pending: Pending::default(),
        }
    }

    /// Keeps comments.
    pub(super) fn with_comments(mut self) -> Self {
        self.scanner = self.scanner.with_comments();
        self
    }

    /// The next document and its root; `None` at the end.
    pub(super) fn document(&mut self) -> Result<Option<(Tree<'a>, NodeId)>, Fault> {
        self.anchors.clear();
        self.handles.clear();
        let implicit = !std::mem::replace(&mut self.started, true);
        while !implicit && self.kind()? == TokenKind::DocumentEnd {
            self.skip()?;
        }
        let root = match self.kind()? {
            TokenKind::StreamEnd => return Ok(None),
            TokenKind::Version | TokenKind::TagDirective | TokenKind::DocumentStart => self.explicit_document()?,
            _ if implicit => {
                self.default_handles();
                self.split_head();
                self.node(true, false)?
            }
            _ => self.explicit_document()?,
        };
        if self.kind()? == TokenKind::DocumentEnd {
            self.skip()?;
        }
        self.close_document();
        Ok(Some((std::mem::take(&mut self.tree), root)))
    }

    fn explicit_document(&mut self) -> Result<NodeId, Fault> {
        self.directives()?;
        if self.kind()? != TokenKind::DocumentStart {
            return self.unexpected("did not find expected <document start>");
        }
        self.skip()?;
        match self.kind()? {
            TokenKind::Version
            | TokenKind::TagDirective
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let mark = self.mark()?;
                self.empty(mark)
            }
            _ => self.node(true, false),
        }
    }

    fn directives(&mut self) -> Result<(), Fault> {
        let mut versioned = false;
        loop {
            match self.kind()? {
                TokenKind::Version if versioned => return self.unexpected("found duplicate %YAML directive"),
                TokenKind::Version => {
                    let token = self.scanner.peek()?;
                    if (token.text.as_ref(), token.suffix.as_ref()) != ("1", "1") {
                        return self.unexpected("found incompatible YAML document");
                    }
                    versioned = true;
                }
                TokenKind::TagDirective => {
                    let token = self.scanner.peek()?;
                    let (handle, prefix) = (token.text.to_string(), token.suffix.to_string());
                    if self.prefix_of(&handle).is_some() {
                        return self.unexpected("found duplicate %TAG directive");
                    }
                    self.handles.push((handle, prefix));
                }
                _ => break,
            }
            self.skip()?;
        }
        self.default_handles();
        Ok(())
    }

    fn default_handles(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", TAG_PREFIX)] {
            if self.prefix_of(handle).is_none() {
                self.handles.push((handle.to_owned(), prefix.to_owned()));
            }
        }
    }

    fn prefix_of(&self, handle: &str) -> Option<&str> {
        self.handles.iter().find(|(name, _)| name == handle).map(|(_, prefix)| prefix.as_str())
    }

    fn kind(&mut self) -> Result<TokenKind, Fault> {
        let token = self.scanner.peek()?;
        let (kind, mark) = (token.kind, token.mark);
        if self.scanner.comments.is_some() {
            self.unfold(kind, mark);
        }
        Ok(kind)
    }

    fn mark(&mut self) -> Result<Mark, Fault> {
        Ok(self.scanner.peek()?.mark)
    }

    /// Goes over a token; gives where it stood.
    fn skip(&mut self) -> Result<Mark, Fault> {
        Ok(self.scanner.take()?.mark)
    }

    /// A fault at the token that comes next, in a collection that started earlier.
    fn unexpected_in<T>(&mut self, context: NodeId, message: &'static str) -> Result<T, Fault> {
        let (context, problem) = (self.tree.get(context).mark, self.mark()?);
        Err(Fault { context, problem, scanned: false, message: Cow::Borrowed(message) })
    }

    /// A fault at the token that comes next.
    fn unexpected<T>(&mut self, message: &'static str) -> Result<T, Fault> {
        let mark = self.mark()?;
        fault(mark, Cow::Borrowed(message))
    }

    fn add(&mut self, node: Node<'a>) -> Result<NodeId, Fault> {
        if self.tree.len() >= self.limits.nodes {
            let limit = self.limits.nodes;
            return fault(node.mark, Cow::Owned(format!("the document has more than {limit} nodes")));
        }
        Ok(self.tree.add(node))
    }

    /// A scalar that is not there: null.
    fn empty(&mut self, mark: Mark) -> Result<NodeId, Fault> {
        let shape = Shape::Scalar { text: Cow::Borrowed(""), plain: true };
        self.add(Node { mark, tag: None, shape, flow: false })
    }

    /// Any node. `indentless`: a sequence may start at the column of the key it belongs to.
    fn node(&mut self, block: bool, indentless: bool) -> Result<NodeId, Fault> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let (mark, limit) = (self.mark()?, self.limits.depth);
            return fault(mark, Cow::Owned(format!("exceeded max depth of {limit}")));
        }
        let node = if self.kind()? == TokenKind::Alias { self.alias() } else { self.content(block, indentless) };
        self.depth -= 1;
        node
    }

    fn alias(&mut self) -> Result<NodeId, Fault> {
        let Token { mark, text: name, .. } = self.scanner.take()?;
        let Some(target) = self.anchors.get(name.as_ref()).copied() else {
            return fault(mark, Cow::Owned(format!("unknown anchor '{name}' referenced")));
        };
        let shape = Shape::Alias(target, name.into_owned());
        let node = self.add(Node { mark, tag: None, shape, flow: false })?;
        self.claim(node);
        Ok(node)
    }

    fn content(&mut self, block: bool, indentless: bool) -> Result<NodeId, Fault> {
        let properties = self.properties()?;
        let kind = self.kind()?;
        let content = match kind {
            TokenKind::FlowSequenceStart | TokenKind::FlowMappingStart | TokenKind::Plain | TokenKind::Quoted => true,
            TokenKind::BlockSequenceStart | TokenKind::BlockMappingStart => block,
            TokenKind::BlockEntry => indentless,
            _ => false,
        };
        if !content && properties.mark.is_none() {
            return self.unexpected("did not find expected node content");
        }
        let node = self.start(properties)?;
        match kind {
            _ if !content => Ok(node),
            TokenKind::Plain | TokenKind::Quoted => self.scalar(node),
            TokenKind::BlockEntry => self.indentless_sequence(node),
            TokenKind::FlowSequenceStart => self.flow_sequence(node),
            TokenKind::FlowMappingStart => self.flow_mapping(node),
            TokenKind::BlockSequenceStart => self.block_sequence(node),
            _ => self.block_mapping(node),
        }
    }

    fn scalar(&mut self, node: NodeId) -> Result<NodeId, Fault> {
        self.claim(node);
        let Token { kind, text, .. } = self.scanner.take()?;
        self.tree.set_shape(node, Shape::Scalar { text, plain: kind == TokenKind::Plain });
        Ok(node)
    }

    /// Makes the node and its anchor known before its content is read; until then it is null.
    fn start(&mut self, properties: Properties) -> Result<NodeId, Fault> {
        let mark = match properties.mark {
            Some(mark) => mark,
            None => self.mark()?,
        };
        let shape = Shape::Scalar { text: Cow::Borrowed(""), plain: true };
        let node = self.add(Node { mark, tag: properties.tag, shape, flow: false })?;
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, node);
        }
        Ok(node)
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self) -> Result<Properties, Fault> {
        let mut properties = Properties::default();
        loop {
            let kind = self.kind()?;
            let wanted = match kind {
                TokenKind::Anchor => properties.anchor.is_none(),
                TokenKind::Tag => properties.tag.is_none(),
                _ => false,
            };
            if !wanted {
                return Ok(properties);
            }
            let token = self.scanner.take()?;
            properties.mark.get_or_insert(token.mark);
            if kind == TokenKind::Anchor {
                properties.anchor = Some(token.text.into_owned());
            } else {
                properties.tag = Some(self.full_tag(&token)?);
            }
        }
    }

    fn full_tag(&self, token: &Token<'a>) -> Result<String, Fault> {
        let tag = if token.text.is_empty() {
            token.suffix.to_string()
        } else {
            match self.prefix_of(&token.text) {
                Some(prefix) if !(prefix.is_empty() && token.suffix.is_empty()) => format!("{prefix}{}", token.suffix),
                _ => return fault(token.mark, Cow::Borrowed("found undefined tag handle")),
            }
        };
        Ok(match tag.strip_prefix(TAG_PREFIX) {
            Some(name) => format!("!!{name}"),
            None => tag,
        })
    }
}

fn fault<T>(mark: Mark, message: Cow<'static, str>) -> Result<T, Fault> {
    Err(Fault { context: mark, problem: mark, scanned: false, message })
}
