//! Tokens that may yet become keys, and the indentation that opens and closes block collections.

use std::borrow::Cow;

use super::{Fault, Mark, Scanner, Token, TokenKind};

/// Characters between the start of a key and its `:`.
const MAX_KEY_CHARS: usize = 1024;

/// A token that becomes a key if a `:` follows on its line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SimpleKey {
    possible: bool,
    required: bool,
    /// Whether the reader waits for its `:` before it takes the token.
    awaited: bool,
    /// Which token it is, counted over the whole text.
    pub(super) number: usize,
    /// Where it starts.
    pub(super) mark: Mark,
}

impl<'a> Scanner<'a> {
    /// Whether the token of this number waits for its `:`.
    pub(super) fn may_become_key(&mut self, number: usize) -> Result<bool, Fault> {
        let index = self.keys.partition_point(|key| key.number < number);
        match self.keys.get(index) {
            Some(key) if key.number == number && key.awaited => self.key_is_valid(index),
            _ => Ok(false),
        }
    }

    fn key_is_valid(&mut self, index: usize) -> Result<bool, Fault> {
        let key = self.keys[index];
        let here = self.cursor.mark();
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line >= here.line && key.mark.chars + MAX_KEY_CHARS >= here.chars {
            return Ok(true);
        }
        if key.required {
            return self.fault(key.mark, "could not find expected ':'");
        }
        self.keys[index].possible = false;
        Ok(false)
    }

    /// Notes that the next token may be a key.
    pub(super) fn save_key(&mut self) -> Result<(), Fault> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.cursor.column();
        self.drop_key()?;
        let (number, mark) = (self.next_number(), self.cursor.mark());
        let key = SimpleKey { possible: true, required, awaited: true, number, mark };
        if let Some(last) = self.keys.last_mut() {
            *last = key;
        }
        Ok(())
    }

    /// Gives up the key in waiting.
    pub(super) fn drop_key(&mut self) -> Result<(), Fault> {
        let Some(last) = self.keys.last_mut() else {
            return Ok(());
        };
        if last.possible && last.required {
            let mark = last.mark;
            return self.fault(mark, "could not find expected ':'");
        }
        last.possible = false;
        Ok(())
    }

    /// The key in waiting, now that its `:` is here.
    pub(super) fn take_key(&mut self) -> Result<Option<SimpleKey>, Fault> {
        let index = self.keys.len() - 1;
        if !self.key_is_valid(index)? {
            return Ok(None);
        }
        self.keys[index].possible = false;
        Ok(Some(self.keys[index]))
    }

    pub(super) fn enter_flow(&mut self) -> Result<(), Fault> {
        let mark = self.cursor.mark();
        self.keys.push(SimpleKey { number: self.next_number(), mark, ..SimpleKey::default() });
        self.flow_level += 1;
        self.check_depth(self.flow_level)
    }

    /// go-yaml forgets the key in waiting of the level that ends by its number, which is that of the bracket itself as long
    /// as nothing inside was one: an empty collection in brackets is not waited for any more.
    pub(super) fn leave_flow(&mut self) {
        if self.flow_level == 0 {
            return;
        }
        self.flow_level -= 1;
        let ended = self.keys.pop();
        if let (Some(ended), Some(bracket)) = (ended, self.keys.last_mut())
            && ended.number == bracket.number
        {
            bracket.awaited = false;
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth <= self.max_depth {
            return Ok(());
        }
        let mark = self.cursor.mark();
        let message = Cow::Owned(format!("exceeded max depth of {}", self.max_depth));
        Err(Fault { context: mark, problem: mark, scanned: true, message })
    }

    /// Opens a block collection if the mark stands deeper than the innermost one.
    pub(super) fn roll_indent(&mut self, mark: Mark, number: Option<usize>, kind: TokenKind) -> Result<(), Fault> {
        let column = isize::try_from(mark.column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        self.check_depth(self.indents.len())?;
        let token = Token::bare(kind, mark);
        match number {
            Some(number) => self.insert(number, token),
            None => self.queue.push_back(token),
        }
        Ok(())
    }

    /// Puts a token before the one of this number, or behind all if that one was taken already, as go-yaml does.
    pub(super) fn insert(&mut self, number: usize, token: Token<'a>) {
        let at = number.checked_sub(self.taken).filter(|at| *at < self.queue.len());
        self.queue.insert(at.unwrap_or(self.queue.len()), token);
    }

    /// Closes the block collections that stand deeper than this column. `start`: where the search for this token began.
    pub(super) fn unroll_indent(&mut self, column: isize, start: Mark) {
        if self.flow_level > 0 {
            return;
        }
        let mut end = self.cursor.mark();
        if self.comments.is_some() {
            end.chars = start.chars.saturating_sub(1);
        }
        while self.indent > column {
            if let Some(comments) = &self.comments {
                end = comments.block_end(end, self.indent);
            }
            self.push(Token::bare(TokenKind::BlockEnd, end));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}
