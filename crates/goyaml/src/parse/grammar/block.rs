//! Collections that live by their indentation.

use super::{Grammar, NodeId, Shape};
use crate::scan::{Fault, TokenKind};

impl Grammar<'_> {
    pub(super) fn block_sequence(&mut self, node: NodeId) -> Result<NodeId, Fault> {
        self.claim_stem(node);
        self.skip()?;
        let mut items = Vec::new();
        while self.kind()? == TokenKind::BlockEntry {
            let before = self.head_len();
            let mark = self.skip()?;
            self.split_stem(before)?;
            items.push(match self.kind()? {
                TokenKind::BlockEntry | TokenKind::BlockEnd => self.empty(mark)?,
                _ => self.node(true, false)?,
            });
        }
        if self.kind()? != TokenKind::BlockEnd {
            return self.unexpected_in(node, "did not find expected '-' indicator");
        }
        self.skip()?;
        self.tree.set_shape(node, Shape::Sequence(items));
        Ok(node)
    }

    pub(super) fn indentless_sequence(&mut self, node: NodeId) -> Result<NodeId, Fault> {
        let mut items = Vec::new();
        while self.kind()? == TokenKind::BlockEntry {
            let before = self.head_len();
            let mark = self.skip()?;
            self.split_stem(before)?;
            items.push(match self.kind()? {
                TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => self.empty(mark)?,
                _ => self.node(true, false)?,
            });
        }
        self.tree.set_shape(node, Shape::Sequence(items));
        Ok(node)
    }

    pub(super) fn block_mapping(&mut self, node: NodeId) -> Result<NodeId, Fault> {
        self.claim_stem(node);
        self.skip()?;
        let mut entries = Vec::new();
        while self.kind()? == TokenKind::Key {
            let key = self.block_part()?;
            let value = if self.kind()? == TokenKind::Value {
                self.block_part()?
            } else {
                let mark = self.mark()?;
                self.empty(mark)?
            };
            entries.push((key, value));
        }
        if self.kind()? != TokenKind::BlockEnd {
            return self.unexpected_in(node, "did not find expected key");
        }
        self.claim_end(node);
        self.skip()?;
        self.tree.set_shape(node, Shape::Mapping(entries));
        Ok(node)
    }

    /// What stands behind a `?` or a `:`.
    fn block_part(&mut self) -> Result<NodeId, Fault> {
        let mark = self.skip()?;
        match self.kind()? {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => self.empty(mark),
            _ => self.node(true, true),
        }
    }
}
