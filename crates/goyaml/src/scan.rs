//! Tokens out of a YAML text.
//!
//! A token may turn out to be a mapping key only when the `:` behind it is seen, so tokens wait in a queue until that
//! is decided. What counts as a key, and when its absence is an error, follows go-yaml.

mod block;
mod comment;
mod cursor;
mod keys;
mod plain;
mod quoted;
mod tag;
mod token;

use std::borrow::Cow;
use std::collections::VecDeque;

use self::comment::Around;
pub(crate) use self::comment::{Comments, Place};
pub(crate) use self::cursor::{Cursor, Mark};
use self::keys::SimpleKey;
pub(crate) use self::token::{Fault, Token, TokenKind};
use crate::Dialect;

/// The scanner and what it remembers of the text so far.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    cursor: Cursor<'a>,
    queue: VecDeque<Token<'a>>,
    /// Whether the first token of the queue was shown, and so is certain.
    shown: bool,
    /// Tokens handed out.
    taken: usize,
    /// Tokens that must wait behind the next one: go-yaml v3 looks two ahead, and so sees faults of the text earlier.
    lookahead: usize,
    max_depth: usize,
    flow_level: usize,
    /// Column of the innermost block collection, -1 outside of any.
    indent: isize,
    indents: Vec<isize>,
    key_allowed: bool,
    keys: Vec<SimpleKey>,
    /// Comments, where they are asked for.
    pub(crate) comments: Option<Comments>,
}

impl<'a> Scanner<'a> {
    /// Starts at a place that begins a line.
    pub(crate) fn new(text: &'a str, start: Mark, dialect: Dialect, max_depth: usize) -> Self {
        Self {
            cursor: Cursor::new(text, start),
            queue: VecDeque::new(),
            shown: false,
            taken: 0,
            lookahead: if dialect == Dialect::V3 { 2 } else { 0 },
            max_depth,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            comments: None,
        }
    }

    /// Keeps comments instead of going over them.
    pub(crate) fn with_comments(mut self) -> Self {
        self.comments = Some(Comments::default());
        self
    }

    /// The next token, left in place.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<&Token<'a>, Fault> {
        if !self.shown {
            self.look_ahead()?;
        }
        Ok(&self.queue[0])
    }

    /// Reads on until the next token is certain.
    fn look_ahead(&mut self) -> Result<(), Fault> {
        while self.needs_more()? {
            self.fetch()?;
        }
        self.shown = true;
        Ok(())
    }

    /// Takes the token that [`Self::peek`] showed.
    pub(crate) fn take(&mut self) -> Result<Token<'a>, Fault> {
        self.peek()?;
        self.shown = false;
        self.taken += 1;
        Ok(self.queue.pop_front().expect("because peek leaves a token in the queue"))
    }

    fn needs_more(&mut self) -> Result<bool, Fault> {
        if self.queue.len() <= self.lookahead {
            return Ok(true);
        }
        self.may_become_key(self.taken)
    }

    fn push(&mut self, token: Token<'a>) {
        self.queue.push_back(token);
    }

    /// The number of the token that is pushed next.
    fn next_number(&self) -> usize {
        self.taken + self.queue.len()
    }

    fn fault<T>(&self, context: Mark, message: &'static str) -> Result<T, Fault> {
        Err(Fault { context, problem: self.cursor.mark(), scanned: true, message: Cow::Borrowed(message) })
    }

    fn fetch(&mut self) -> Result<(), Fault> {
        let start = self.cursor.mark();
        self.skip_to_token(start);
        self.unroll_indent(self.cursor.column(), start);
        if self.cursor.at_end() {
            return self.fetch_stream_end();
        }
        if self.cursor.column() == 0 && self.cursor.byte() == b'%' {
            return self.fetch_directive();
        }
        if self.cursor.at_line_of(b'-') {
            return self.fetch_document_marker(TokenKind::DocumentStart);
        }
        if self.cursor.at_line_of(b'.') {
            return self.fetch_document_marker(TokenKind::DocumentEnd);
        }
        if self.comments.is_none() {
            return self.fetch_by_first_byte();
        }
        self.fetch_with_line_comment()
    }

    fn fetch_with_line_comment(&mut self) -> Result<(), Fault> {
        let mut mark = self.cursor.mark();
        if self.cursor.byte() == if self.flow_level == 0 { b':' } else { b',' } {
            mark = self.queue.back().map_or(Mark::default(), |token| token.mark);
        }
        self.fetch_by_first_byte()?;
        let entry = self.queue.back().is_some_and(|token| token.kind == TokenKind::BlockEntry);
        if let Some(comments) = self.comments.as_mut().filter(|_| !entry) {
            comments.scan_line(&mut self.cursor, mark);
        }
        Ok(())
    }

    fn fetch_by_first_byte(&mut self) -> Result<(), Fault> {
        let flow = self.flow_level > 0;
        let gap = self.cursor.is_gap(1);
        match self.cursor.byte() {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if gap => self.fetch_block_entry(),
            b'?' if flow || gap => self.fetch_key(),
            b':' if flow || gap => self.fetch_value(),
            b'*' => self.fetch_reference(TokenKind::Alias),
            b'&' => self.fetch_reference(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if !flow => self.fetch_block_scalar(true),
            b'>' if !flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_quoted(true),
            b'"' => self.fetch_quoted(false),
            b'|' | b'>' | b'#' | b'%' | b'@' | b'`' | b'\t' => {
                self.fault(self.cursor.mark(), "found character that cannot start any token")
            }
            _ => self.fetch_plain(),
        }
    }

    /// Goes over blanks, comments and line breaks. A tab is a blank only where no key may start.
    fn skip_to_token(&mut self, start: Mark) {
        loop {
            self.cursor.skip_bom();
            if self.flow_level > 0 || !self.key_allowed {
                self.cursor.skip_blanks();
            } else {
                self.cursor.skip_spaces();
            }
            if self.comments.is_some() {
                self.take_comments(start);
            } else {
                self.cursor.skip_comment();
            }
            if !self.cursor.is_break() {
                return;
            }
            self.cursor.skip_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn take_comments(&mut self, start: Mark) {
        let Some(comments) = &mut self.comments else {
            return;
        };
        let mut before = self.queue.iter().rev().map(|token| (token.kind, token.mark));
        let (last, former) = (before.next(), before.next());
        let kinds = (former.map(|(kind, _)| kind), last.map(|(kind, _)| kind));
        if kinds == (Some(TokenKind::BlockSequenceStart), Some(TokenKind::BlockEntry)) && !self.cursor.is_break() {
            comments.line_to_head(self.cursor.mark());
        }
        if self.cursor.byte() == b'#' {
            let token = if kinds.1 == Some(TokenKind::FlowEntry) && former.is_some() { former } else { last };
            let around = Around { token, scan: start, indent: self.indent, flow: self.flow_level > 0 };
            comments.scan(&mut self.cursor, around);
        }
    }

    fn fetch_stream_end(&mut self) -> Result<(), Fault> {
        self.cursor.finish_line();
        self.close_line_state()?;
        self.push(Token::bare(TokenKind::StreamEnd, self.cursor.mark()));
        Ok(())
    }

    fn fetch_document_marker(&mut self, kind: TokenKind) -> Result<(), Fault> {
        self.close_line_state()?;
        self.push_indicator(kind, 3);
        Ok(())
    }

    /// Ends all block collections and the key in waiting, as a marker at the start of a line does.
    fn close_line_state(&mut self) -> Result<(), Fault> {
        self.unroll_indent(-1, self.cursor.mark());
        self.drop_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind, bytes: usize) {
        let mark = self.cursor.mark();
        self.cursor.skip(bytes);
        self.push(Token::bare(kind, mark));
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Fault> {
        self.save_key()?;
        self.enter_flow()?;
        self.key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Fault> {
        self.drop_key()?;
        self.leave_flow();
        self.key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Fault> {
        self.drop_key()?;
        self.key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Fault> {
        if self.flow_level == 0 {
            let mark = self.cursor.mark();
            if !self.key_allowed {
                return self.fault(mark, "block sequence entries are not allowed in this context");
            }
            self.roll_indent(mark, None, TokenKind::BlockSequenceStart)?;
        }
        self.drop_key()?;
        self.key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Fault> {
        if self.flow_level == 0 {
            let mark = self.cursor.mark();
            if !self.key_allowed {
                return self.fault(mark, "mapping keys are not allowed in this context");
            }
            self.roll_indent(mark, None, TokenKind::BlockMappingStart)?;
        }
        self.drop_key()?;
        self.key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Fault> {
        if let Some(key) = self.take_key()? {
            self.insert(key.number, Token::bare(TokenKind::Key, key.mark));
            self.roll_indent(key.mark, Some(key.number), TokenKind::BlockMappingStart)?;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                let mark = self.cursor.mark();
                if !self.key_allowed {
                    return self.fault(mark, "mapping values are not allowed in this context");
                }
                self.roll_indent(mark, None, TokenKind::BlockMappingStart)?;
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }

    fn fetch_reference(&mut self, kind: TokenKind) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_reference(kind)?;
        self.push(token);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_tag()?;
        self.push(token);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Fault> {
        self.close_line_state()?;
        let token = self.scan_directive()?;
        self.push(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result<(), Fault> {
        self.drop_key()?;
        self.key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.push(token);
        Ok(())
    }

    fn fetch_quoted(&mut self, single: bool) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_quoted(single)?;
        self.push(token);
        Ok(())
    }

    fn fetch_plain(&mut self) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_plain()?;
        self.push(token);
        Ok(())
    }
}
