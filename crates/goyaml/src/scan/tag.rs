//! Anchors, aliases, tags and directives.

use std::borrow::Cow;

use super::{Fault, Mark, Scanner, Token, TokenKind};

/// Digits of one number in a `%YAML` directive.
const MAX_VERSION_DIGITS: usize = 2;

impl<'a> Scanner<'a> {
    /// `&name` or `*name`.
    pub(super) fn scan_reference(&mut self, kind: TokenKind) -> Result<Token<'a>, Fault> {
        let start = self.cursor.mark();
        self.cursor.skip(1);
        let name = self.take_word();
        let ended = self.cursor.is_gap(0)
            || matches!(self.cursor.byte(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ended {
            return self.fault(start, "did not find expected alphabetic or numeric character");
        }
        Ok(Token::with_text(kind, start, Cow::Borrowed(name)))
    }

    fn take_word(&mut self) -> &'a str {
        let start = self.cursor.mark().index;
        while self.cursor.is_word() {
            self.cursor.skip(1);
        }
        self.cursor.slice(start, self.cursor.mark().index)
    }

    /// `!`, `!suffix`, `!!suffix`, `!handle!suffix` or `!<verbatim>`.
    pub(super) fn scan_tag(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.cursor.mark();
        let (handle, suffix) = if self.cursor.at(1) == b'<' {
            self.cursor.skip(2);
            let suffix = self.take_uri("", start)?;
            if self.cursor.byte() != b'>' {
                return self.fault(start, "did not find the expected '>'");
            }
            self.cursor.skip(1);
            ("", suffix)
        } else {
            self.scan_short_tag(start)?
        };
        if !self.cursor.is_gap(0) {
            return self.fault(start, "did not find expected whitespace or line break");
        }
        let mut token = Token::with_text(TokenKind::Tag, start, Cow::Borrowed(handle));
        token.suffix = Cow::Owned(suffix);
        Ok(token)
    }

    fn scan_short_tag(&mut self, start: Mark) -> Result<(&'a str, String), Fault> {
        let handle = self.take_handle(false, start)?;
        if handle.len() > 1 && handle.ends_with('!') {
            return Ok((handle, self.take_uri("", start)?));
        }
        let suffix = self.take_uri(handle, start)?;
        if suffix.is_empty() { Ok(("", "!".to_owned())) } else { Ok(("!", suffix)) }
    }

    fn take_handle(&mut self, directive: bool, start: Mark) -> Result<&'a str, Fault> {
        let from = self.cursor.mark().index;
        if self.cursor.byte() != b'!' {
            return self.fault(start, "did not find expected '!'");
        }
        self.cursor.skip(1);
        let word = self.take_word();
        if self.cursor.byte() == b'!' {
            self.cursor.skip(1);
        } else if directive && !word.is_empty() {
            return self.fault(start, "did not find expected '!'");
        }
        Ok(self.cursor.slice(from, self.cursor.mark().index))
    }

    /// A tag's name behind its handle. `head` is a handle that turned out to be the start of the name.
    fn take_uri(&mut self, head: &str, start: Mark) -> Result<String, Fault> {
        let mut bytes = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        while self.cursor.is_word() || b";/?:@&=+$,.!~*'()[]%".contains(&self.cursor.byte()) {
            if self.cursor.byte() == b'%' {
                self.take_uri_escape(start, &mut bytes)?;
            } else {
                bytes.push(self.cursor.byte());
                self.cursor.skip(1);
            }
            found = true;
        }
        if !found {
            return self.fault(start, "did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One character written as `%` and two digits for each of its bytes.
    fn take_uri_escape(&mut self, start: Mark, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        let mut left = None;
        while left != Some(0) {
            let digits = (char::from(self.cursor.at(1)).to_digit(16), char::from(self.cursor.at(2)).to_digit(16));
            let (b'%', (Some(high), Some(low))) = (self.cursor.byte(), digits) else {
                return self.fault(start, "did not find URI escaped octet");
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            left = Some(match (left, octet) {
                (None, 0x00..0x80) => 0,
                (None, 0xC0..0xE0) => 1,
                (None, 0xE0..0xF0) => 2,
                (None, 0xF0..0xF8) => 3,
                (None, _) => return self.fault(start, "found an incorrect leading UTF-8 octet"),
                (Some(left), 0x80..0xC0) => left - 1,
                (Some(_), _) => return self.fault(start, "found an incorrect trailing UTF-8 octet"),
            });
            bytes.push(octet);
            self.cursor.skip(3);
        }
        Ok(())
    }

    pub(super) fn scan_directive(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.cursor.mark();
        self.cursor.skip(1);
        let name = self.take_word();
        if name.is_empty() {
            return self.fault(start, "could not find expected directive name");
        }
        if !self.cursor.is_gap(0) {
            return self.fault(start, "found unexpected non-alphabetical character");
        }
        let token = match name {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return self.fault(start, "found unknown directive name"),
        };
        self.cursor.skip_blanks();
        self.cursor.skip_comment();
        if !self.cursor.is_break_or_end() {
            return self.fault(start, "did not find expected comment or line break");
        }
        self.cursor.skip_break();
        Ok(token)
    }

    fn scan_version(&mut self, start: Mark) -> Result<Token<'a>, Fault> {
        self.cursor.skip_blanks();
        let major = self.take_version_number(start)?;
        if self.cursor.byte() != b'.' {
            return self.fault(start, "did not find expected digit or '.' character");
        }
        self.cursor.skip(1);
        let minor = self.take_version_number(start)?;
        let mut token = Token::with_text(TokenKind::Version, start, Cow::Borrowed(major));
        token.suffix = Cow::Borrowed(minor);
        Ok(token)
    }

    fn take_version_number(&mut self, start: Mark) -> Result<&'a str, Fault> {
        let from = self.cursor.mark().index;
        while self.cursor.byte().is_ascii_digit() {
            self.cursor.skip(1);
            if self.cursor.mark().index - from > MAX_VERSION_DIGITS {
                return self.fault(start, "found extremely long version number");
            }
        }
        let number = self.cursor.slice(from, self.cursor.mark().index);
        if number.is_empty() {
            return self.fault(start, "did not find expected version number");
        }
        Ok(number.trim_start_matches('0'))
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Result<Token<'a>, Fault> {
        self.cursor.skip_blanks();
        let handle = self.take_handle(true, start)?;
        if !self.cursor.is_blank() {
            return self.fault(start, "did not find expected whitespace");
        }
        self.cursor.skip_blanks();
        let prefix = self.take_uri("", start)?;
        if !self.cursor.is_gap(0) {
            return self.fault(start, "did not find expected whitespace or line break");
        }
        let mut token = Token::with_text(TokenKind::TagDirective, start, Cow::Borrowed(handle));
        token.suffix = Cow::Owned(prefix);
        Ok(token)
    }
}
