//! Collections in brackets and braces.

use super::{Grammar, Node, NodeId, Shape};
use crate::scan::{Fault, TokenKind};

impl Grammar<'_> {
    pub(super) fn flow_sequence(&mut self, node: NodeId) -> Result<NodeId, Fault> {
        self.claim(node);
        self.skip()?;
        let mut items = Vec::new();
        while self.kind()? != TokenKind::FlowSequenceEnd {
            if !items.is_empty() {
                if self.kind()? != TokenKind::FlowEntry {
                    return self.unexpected_in(node, "did not find expected ',' or ']'");
                }
                self.skip()?;
            }
            match self.kind()? {
                TokenKind::FlowSequenceEnd => break,
                TokenKind::Key => items.push(self.flow_pair()?),
                _ => items.push(self.node(false, false)?),
            }
        }
        self.claim_end(node);
        self.skip()?;
        self.tree.set_flow(node, Shape::Sequence(items));
        Ok(node)
    }

    /// A mapping of one entry, written without braces in a sequence.
    fn flow_pair(&mut self) -> Result<NodeId, Fault> {
        let mark = self.skip()?;
        let key = match self.kind()? {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // go-yaml takes the token here without looking at it, so `[? : x]` has no value for its key.
                let mark = self.skip()?;
                self.empty(mark)?
            }
            _ => self.node(false, false)?,
        };
        let value = self.flow_value(TokenKind::FlowSequenceEnd)?;
        self.add(Node { mark, tag: None, shape: Shape::Mapping(vec![(key, value)]), flow: true })
    }

    pub(super) fn flow_mapping(&mut self, node: NodeId) -> Result<NodeId, Fault> {
        self.claim(node);
        self.skip()?;
        let mut entries = Vec::new();
        while self.kind()? != TokenKind::FlowMappingEnd {
            if !entries.is_empty() {
                if self.kind()? != TokenKind::FlowEntry {
                    return self.unexpected_in(node, "did not find expected ',' or '}'");
                }
                self.skip()?;
            }
            match self.kind()? {
                TokenKind::FlowMappingEnd => break,
                TokenKind::Key => {
                    self.skip()?;
                    let key = self.flow_key()?;
                    entries.push((key, self.flow_value(TokenKind::FlowMappingEnd)?));
                }
                _ => {
                    let key = self.node(false, false)?;
                    let mark = self.mark()?;
                    entries.push((key, self.empty(mark)?));
                }
            }
        }
        self.claim_end(node);
        self.skip()?;
        self.tree.set_flow(node, Shape::Mapping(entries));
        Ok(node)
    }

    fn flow_key(&mut self) -> Result<NodeId, Fault> {
        match self.kind()? {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                let mark = self.mark()?;
                self.empty(mark)
            }
            _ => self.node(false, false),
        }
    }

    /// The value behind a `:`, if there is one.
    fn flow_value(&mut self, end: TokenKind) -> Result<NodeId, Fault> {
        if self.kind()? == TokenKind::Value {
            self.skip()?;
            let kind = self.kind()?;
            if kind != TokenKind::FlowEntry && kind != end {
                return self.node(false, false);
            }
        }
        let mark = self.mark()?;
        self.empty(mark)
    }
}
