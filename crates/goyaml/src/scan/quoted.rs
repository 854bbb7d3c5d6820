//! Scalars in single and in double quotes.

use std::borrow::Cow;

use super::plain::Fold;
use super::{Fault, Mark, Scanner, Token, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<Token<'a>, Fault> {
        let start = self.cursor.mark();
        let quote = if single { b'\'' } else { b'"' };
        self.cursor.skip(1);
        if let Some(text) = self.take_simple_quoted(quote) {
            return Ok(Token::with_text(TokenKind::Quoted, start, Cow::Borrowed(text)));
        }
        let mut text = String::new();
        loop {
            self.check_quoted_line(start)?;
            let mut fold = Fold::default();
            let escaped_break = self.take_quoted_words(quote, start, &mut text)?;
            if self.cursor.byte() == quote {
                break;
            }
            self.take_quoted_gap(escaped_break, &mut fold, &mut text);
        }
        self.cursor.skip(1);
        Ok(Token::with_text(TokenKind::Quoted, start, Cow::Owned(text)))
    }

    /// The whole scalar, if it stands on one line and needs no decoding.
    fn take_simple_quoted(&mut self, quote: u8) -> Option<&'a str> {
        let mut bytes = 0;
        loop {
            match self.cursor.at(bytes) {
                byte if byte == quote => break,
                0 | b'\n' | b'\r' | b'\\' | 0xC2 | 0xE2 => return None,
                _ => bytes += 1,
            }
        }
        if quote == b'\'' && self.cursor.at(bytes + 1) == quote {
            return None;
        }
        let text = self.cursor.take(bytes);
        self.cursor.skip(1);
        Some(text)
    }

    fn check_quoted_line(&self, start: Mark) -> Result<(), Fault> {
        if self.cursor.at_document_marker() {
            return self.fault(start, "found unexpected document indicator");
        }
        if self.cursor.at_end() {
            return self.fault(start, "found unexpected end of stream");
        }
        Ok(())
    }

    /// Takes all up to a blank, a break or the closing quote. True if it ended at an escaped line break.
    fn take_quoted_words(&mut self, quote: u8, start: Mark, text: &mut String) -> Result<bool, Fault> {
        while !self.cursor.is_gap(0) {
            let byte = self.cursor.byte();
            if quote == b'\'' && byte == quote && self.cursor.at(1) == quote {
                text.push('\'');
                self.cursor.skip(2);
            } else if byte == quote {
                return Ok(false);
            } else if quote == b'"' && byte == b'\\' {
                if self.cursor.break_len(1) > 0 {
                    self.cursor.skip(1);
                    self.cursor.skip_break();
                    return Ok(true);
                }
                self.take_escape(start, text)?;
            } else {
                let run = self.quoted_run(quote);
                text.push_str(self.cursor.take(run));
            }
        }
        Ok(false)
    }

    /// Bytes that stand for themselves.
    fn quoted_run(&self, quote: u8) -> usize {
        let mut bytes = 1;
        while !matches!(self.cursor.at(bytes), b'\\') && self.cursor.at(bytes) != quote && !self.cursor.is_gap(bytes) {
            bytes += 1;
        }
        bytes
    }

    /// Takes blanks and breaks between words: blanks stay, breaks fold.
    fn take_quoted_gap(&mut self, escaped_break: bool, fold: &mut Fold, text: &mut String) {
        let kept = text.len();
        let mut folding = escaped_break;
        let mut after_escape = String::new();
        while self.cursor.is_blank() || self.cursor.is_break() {
            if self.cursor.is_blank() {
                let blank = self.cursor.take(1);
                if !folding {
                    text.push_str(blank);
                }
            } else {
                let line_break = self.cursor.take_break();
                if escaped_break {
                    after_escape.push_str(line_break);
                } else {
                    text.truncate(kept);
                    fold.push(line_break);
                    folding = true;
                }
            }
        }
        text.push_str(&after_escape);
        if fold.is_open() {
            fold.flush(text);
        }
    }

    fn take_escape(&mut self, start: Mark, text: &mut String) -> Result<(), Fault> {
        let digits = match self.cursor.at(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            byte => {
                let Some(character) = simple_escape(byte) else {
                    return self.fault(start, "found unknown escape character");
                };
                text.push(character);
                self.cursor.skip(2);
                return Ok(());
            }
        };
        self.cursor.skip(2);
        let mut code = 0_u32;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.cursor.at(ahead)).to_digit(16) else {
                return self.fault(start, "did not find expected hexdecimal number");
            };
            code = (code << 4) | digit;
        }
        let Some(character) = char::from_u32(code) else {
            return self.fault(start, "found invalid Unicode character escape code");
        };
        text.push(character);
        self.cursor.skip(digits);
        Ok(())
    }
}

/// What one letter after a backslash stands for.
fn simple_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{B}',
        b'f' => '\u{C}',
        b'r' => '\r',
        b'e' => '\u{1B}',
        b' ' | b'"' | b'\'' | b'\\' => char::from(byte),
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
