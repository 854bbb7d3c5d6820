//! Scalars without quotes.

use std::borrow::Cow;

use super::{Fault, Scanner, Token, TokenKind};

/// The bytes at which a scalar without quotes may end.
const MAY_END_PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"\0\t\n\r :,?[]{}\xC2\xE2";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

/// The line breaks between two lines of a scalar, which fold into a space or into fewer breaks.
#[derive(Debug, Default)]
pub(super) struct Fold {
    first: Option<&'static str>,
    separator: String,
    rest: String,
}

impl Fold {
    /// Whether a line break was seen.
    pub(super) fn is_open(&self) -> bool {
        self.first.is_some()
    }

    /// Adds a line break as the scalar counts it.
    pub(super) fn push(&mut self, text: &str) {
        if self.first.is_some() {
            self.rest.push_str(text);
        } else {
            self.first = Some(if text == "\n" { "\n" } else { "" });
            if text != "\n" {
                self.separator.push_str(text);
            }
        }
    }

    /// Writes what the breaks fold into and starts anew.
    pub(super) fn flush(&mut self, out: &mut String) {
        if self.first == Some("\n") && self.rest.is_empty() {
            out.push(' ');
        }
        out.push_str(&self.separator);
        out.push_str(&self.rest);
        *self = Self::default();
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_plain(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.cursor.mark();
        let min_column = self.indent + 1;
        let first = self.take_plain_run();
        let mut end = self.cursor.mark().index;
        let mut text = Cow::Borrowed(first);
        let mut fold = Fold::default();
        loop {
            if !(self.cursor.is_blank() || self.cursor.is_break()) {
                break;
            }
            self.skip_plain_gap(start, min_column, &mut fold)?;
            if self.flow_level == 0 && self.cursor.column() < min_column {
                break;
            }
            if self.cursor.at_document_marker() || self.cursor.byte() == b'#' {
                break;
            }
            let gap_end = self.cursor.mark().index;
            let run = self.take_plain_run();
            if run.is_empty() {
                break;
            }
            self.append_plain(&mut text, (start.index, end, gap_end), &mut fold, run);
            end = self.cursor.mark().index;
        }
        if fold.is_open() {
            self.key_allowed = true;
        }
        Ok(Token::with_text(TokenKind::Plain, start, text))
    }

    /// Joins a run to the text: as one slice while all is on one line, folded after that.
    fn append_plain(
        &self,
        text: &mut Cow<'a, str>,
        (start, end, gap_end): (usize, usize, usize),
        fold: &mut Fold,
        run: &'a str,
    ) {
        if fold.is_open() {
            let owned = text.to_mut();
            fold.flush(owned);
            owned.push_str(run);
            return;
        }
        match text {
            Cow::Borrowed(whole) => *whole = self.cursor.slice(start, gap_end + run.len()),
            Cow::Owned(owned) => {
                owned.push_str(self.cursor.slice(end, gap_end));
                owned.push_str(run);
            }
        }
    }

    /// The bytes up to the next gap or indicator that ends a plain scalar; single spaces between words do not.
    fn take_plain_run(&mut self) -> &'a str {
        let flow = self.flow_level > 0;
        let rest = self.cursor.rest();
        let next = |at: usize| rest.get(at + 1).copied().unwrap_or(0);
        let ends = |at: usize| match rest[at] {
            b' ' => next(at) == b'#' || MAY_END_PLAIN[usize::from(next(at))],
            b'\t' | b'\n' | b'\r' | 0 => true,
            b':' => self.cursor.is_gap(at + 1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => flow,
            0xC2 | 0xE2 => self.cursor.break_len(at) > 0,
            _ => false,
        };
        let mut bytes = 0;
        while let Some(found) = rest[bytes..].iter().position(|byte| MAY_END_PLAIN[usize::from(*byte)]) {
            bytes += found;
            if ends(bytes) {
                return self.cursor.take(bytes);
            }
            bytes += 1;
        }
        self.cursor.take(rest.len())
    }

    fn skip_plain_gap(&mut self, start: super::Mark, min_column: isize, fold: &mut Fold) -> Result<(), Fault> {
        loop {
            if self.cursor.byte() == b' ' {
                self.cursor.skip_spaces();
            } else if self.cursor.byte() == b'\t' {
                if fold.is_open() && self.cursor.column() < min_column {
                    return self.fault(start, "found a tab character that violates indentation");
                }
                self.cursor.skip(1);
            } else if self.cursor.is_break() {
                fold.push(self.cursor.take_break());
            } else {
                return Ok(());
            }
        }
    }
}
