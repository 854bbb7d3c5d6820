//! Comments on their way from tokens to nodes.

use super::{Grammar, NodeId};
use crate::parse::node::Notes;
use crate::scan::{Fault, Mark, Place, TokenKind};

/// What the tokens seen so far brought, and no node has taken.
#[derive(Debug, Default)]
pub(super) struct Pending {
    notes: Notes,
    /// The head of a collection that is an entry of a sequence, not that of its first entry.
    stem: Option<String>,
}

impl Grammar<'_> {
    /// Takes the comments that belong to this token or stand before it.
    pub(super) fn unfold(&mut self, kind: TokenKind, mark: Mark) {
        while let Some(comment) = self.scanner.comments.as_mut().and_then(|comments| comments.take(kind, mark)) {
            let notes = &mut self.pending.notes;
            let text = match comment.place {
                Place::Head => &mut notes.head,
                Place::Line => &mut notes.line,
                Place::Foot => &mut notes.foot,
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&comment.text);
        }
    }

    fn has_comments(&self) -> bool {
        self.scanner.comments.is_some()
    }

    fn take_pending(&mut self) -> Notes {
        std::mem::take(&mut self.pending).notes
    }

    /// Gives a node all that waits.
    pub(super) fn claim(&mut self, node: NodeId) {
        if self.has_comments() {
            let notes = self.take_pending();
            self.tree.notes.insert(node, notes);
        }
    }

    /// Gives a collection, at its end, what stands behind and below it.
    pub(super) fn claim_end(&mut self, node: NodeId) {
        if self.has_comments() {
            let Notes { line, foot, .. } = self.take_pending();
            let notes = self.tree.notes.entry(node).or_default();
            (notes.line, notes.foot) = (line, foot);
        }
    }

    /// Gives a block collection the head that was set aside for it.
    pub(super) fn claim_stem(&mut self, node: NodeId) {
        if let Some(head) = self.pending.stem.take() {
            self.tree.notes.entry(node).or_default().head = head;
        }
    }

    /// Bytes of the head that waits.
    pub(super) fn head_len(&self) -> usize {
        self.pending.notes.head.len()
    }

    /// Sets the head from before a `-` aside where a block collection follows it.
    pub(super) fn split_stem(&mut self, before: usize) -> Result<(), Fault> {
        if before == 0 || !matches!(self.kind()?, TokenKind::BlockSequenceStart | TokenKind::BlockMappingStart) {
            return Ok(());
        }
        let head = &mut self.pending.notes.head;
        let rest = head.get(before + 1..).unwrap_or_default().to_owned();
        head.truncate(before);
        self.pending.stem = Some(std::mem::replace(head, rest));
        Ok(())
    }

    /// The part of the head before its last empty line is the document's.
    pub(super) fn split_head(&mut self) {
        let head = &mut self.pending.notes.head;
        let (split, rest) = match head.strip_suffix('\n') {
            Some(before) if !before.is_empty() => (before.len(), before.len() + 1),
            _ => match head.rfind("\n\n") {
                Some(at) => (at, at + 2),
                None => return,
            },
        };
        let rest = head[rest..].to_owned();
        head.truncate(split);
        self.tree.document.head = std::mem::replace(head, rest);
    }

    /// What still waits at the end of a document is below it.
    pub(super) fn close_document(&mut self) {
        if self.has_comments() {
            let Notes { head, foot, .. } = self.take_pending();
            self.tree.document.foot = if foot.is_empty() { head } else { foot };
        }
    }
}
