//! Text into tokens: what stands between braces, and what does not.

use super::ast::{Pos, Span};
use super::unquote::decode;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Kind {
    pub(super) fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// A token with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: Pos,
    pub(super) end: Pos,
}

impl Token {
    /// What stands where no token was read yet.
    pub(super) const NONE: Self = Self { kind: Kind::Error, start: 0, end: 0 };

    pub(super) fn span(self) -> Span {
        Span { start: self.start, end: self.end }
    }
}

/// Reads one token after the other.
pub(super) struct Lexer<'t> {
    input: &'t [u8],
    pos: usize,
    start: usize,
    parens: u32,
    inside: bool,
    failed: Option<Box<str>>,
}

const SPACES: &[u8] = b" \t\r\n";

/// Letters, digits and `_`.
const WORD: u8 = 1;
/// What may stand behind a word.
const TERMINATOR: u8 = 2;

/// What each ASCII byte is.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            classes[byte as usize] = WORD;
        } else if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') {
            classes[byte as usize] = TERMINATOR;
        }
        byte += 1;
    }
    classes
};

/// The line of a place, from 1.
pub(super) fn line_at(input: &[u8], pos: Pos) -> u32 {
    let newlines = memchr::memchr_iter(b'\n', &input[..pos as usize]).count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

impl<'t> Lexer<'t> {
    /// A lexer of a text of less than 4 GiB.
    pub(super) fn new(input: &'t [u8]) -> Self {
        Self { input, pos: 0, start: 0, parens: 0, inside: false, failed: None }
    }

    /// The next token; after the end and after an error always the end.
    pub(super) fn next(&mut self) -> Token {
        if self.failed.is_some() {
            return self.token(Kind::Eof, self.start);
        }
        if self.inside { self.action() } else { self.text() }
    }

    /// What is wrong, behind a token that is an error.
    pub(super) fn trouble(&self) -> &str {
        self.failed.as_deref().unwrap_or_default()
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.pos..]
    }

    fn token(&self, kind: Kind, end: usize) -> Token {
        #[expect(clippy::cast_possible_truncation, reason = "texts are less than 4 GiB, checked before")]
        let (start, end) = (self.start as Pos, end as Pos);
        Token { kind, start, end }
    }

    fn emit(&mut self, kind: Kind) -> Token {
        self.emit_until(kind, self.pos)
    }

    fn emit_until(&mut self, kind: Kind, end: usize) -> Token {
        let token = self.token(kind, end);
        self.start = self.pos;
        token
    }

    fn error(&mut self, message: impl Into<Box<str>>) -> Token {
        self.failed = Some(message.into());
        self.token(Kind::Error, self.start)
    }

    fn text(&mut self) -> Token {
        loop {
            let Some(found) = left_delim(self.rest()) else {
                self.pos = self.input.len();
                let kind = if self.pos > self.start { Kind::Text } else { Kind::Eof };
                return self.emit(kind);
            };
            let brace = self.pos + found;
            let trims = trims_left(&self.input[brace + 2..]);
            let mut end = brace;
            if trims {
                end = self.start + trimmed_end(&self.input[self.start..brace]);
            }
            self.pos = brace;
            if end > self.start {
                return self.emit_until(Kind::Text, end);
            }
            self.start = brace;
            let after = brace + 2 + if trims { 2 } else { 0 };
            if !self.input[after..].starts_with(b"/*") {
                self.pos = brace + 2;
                let token = self.emit(Kind::LeftDelim);
                self.pos = after;
                self.start = after;
                self.inside = true;
                self.parens = 0;
                return token;
            }
            self.pos = after;
            self.start = after;
            if let Err(message) = self.comment() {
                return self.error(message);
            }
        }
    }

    fn comment(&mut self) -> Result<(), &'static str> {
        let Some(found) = memchr::memmem::find(&self.rest()[2..], b"*/") else {
            return Err("unclosed comment");
        };
        self.pos += found + 4;
        let Some(trims) = self.right_delim() else {
            return Err("comment ends before closing delimiter");
        };
        self.pos += 2;
        if trims {
            self.pos += 2;
            self.pos += leading_spaces(self.rest());
        }
        self.start = self.pos;
        Ok(())
    }

    /// Whether a right delimiter stands here, and whether it trims.
    fn right_delim(&self) -> Option<bool> {
        match self.rest() {
            [b'}', b'}', ..] => Some(false),
            [space, b'-', b'}', b'}', ..] if SPACES.contains(space) => Some(true),
            _ => None,
        }
    }

    fn close(&mut self, trims: bool) -> Token {
        if trims {
            self.pos += 2;
            self.start = self.pos;
        }
        self.pos += 2;
        let token = self.emit(Kind::RightDelim);
        if trims {
            self.pos += leading_spaces(self.rest());
            self.start = self.pos;
        }
        self.inside = false;
        token
    }

    fn peek_char(&self) -> Option<char> {
        (self.pos < self.input.len()).then(|| decode(self.rest()).0)
    }

    fn bump(&mut self) -> Option<char> {
        let (character, length) = decode(self.rest());
        self.pos += length;
        (length > 0).then_some(character)
    }

    fn action(&mut self) -> Token {
        if let Some(trims) = self.right_delim() {
            return if self.parens == 0 { self.close(trims) } else { self.error("unclosed left paren") };
        }
        let character = match self.rest().first() {
            Some(byte) if byte.is_ascii() => {
                self.pos += 1;
                char::from(*byte)
            }
            _ => match self.bump() {
                Some(character) => character,
                None => return self.error("unclosed action"),
            },
        };
        match character {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => match self.bump() {
                Some('=') => self.emit(Kind::Declare),
                _ => self.error("expected :="),
            },
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted(b'"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw(),
            '$' if self.at_terminator() => self.emit(Kind::Variable),
            '$' => self.name(Kind::Variable),
            '.' if !self.rest().is_empty() && !self.rest()[0].is_ascii_digit() => {
                if self.at_terminator() {
                    self.emit(Kind::Dot)
                } else {
                    self.name(Kind::Field)
                }
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos -= 1;
                self.number()
            }
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.parens == 0 => self.error("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(Kind::RightParen)
            }
            _ if is_word(character) => self.word(),
            '!'..='~' => self.emit(Kind::Char),
            _ => self.error(format!("unrecognized character in action: {}", unicode(character))),
        }
    }

    fn space(&mut self) -> Token {
        self.pos += leading_spaces(self.rest());
        let last = self.pos - 1;
        if self.input[last + 1..].starts_with(b"-}}") {
            self.pos = last;
            if self.start == last {
                return self.close(true);
            }
        }
        self.emit(Kind::Space)
    }

    fn word(&mut self) -> Token {
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = keyword(&self.input[self.start..self.pos]);
        self.emit(kind)
    }

    fn skip_word(&mut self) {
        loop {
            let rest = self.rest();
            let end = rest.iter().position(|byte| CLASSES[usize::from(*byte)] != WORD).unwrap_or(rest.len());
            self.pos += end;
            let next = rest.get(end);
            if next.is_none_or(u8::is_ascii) || !self.peek_char().is_some_and(is_word) {
                return;
            }
            self.bump();
        }
    }

    fn name(&mut self, kind: Kind) -> Token {
        self.skip_word();
        if self.at_terminator() { self.emit(kind) } else { self.bad_character() }
    }

    fn bad_character(&mut self) -> Token {
        let character = self.peek_char().unwrap_or(char::REPLACEMENT_CHARACTER);
        self.error(format!("bad character {}", unicode(character)))
    }

    fn at_terminator(&self) -> bool {
        match self.rest() {
            [] | [b'}', b'}', ..] => true,
            [next, ..] => CLASSES[usize::from(*next)] == TERMINATOR,
        }
    }

    fn quoted(&mut self, quote: u8, kind: Kind, unterminated: &str) -> Token {
        loop {
            let Some(found) = memchr::memchr3(quote, b'\\', b'\n', self.rest()) else {
                self.pos = self.input.len();
                return self.error(unterminated);
            };
            self.pos += found + 1;
            let byte = self.input[self.pos - 1];
            if byte == quote {
                return self.emit(kind);
            }
            if byte == b'\n' || matches!(self.bump(), None | Some('\n')) {
                return self.error(unterminated);
            }
        }
    }

    fn raw(&mut self) -> Token {
        let Some(end) = memchr::memchr(b'`', self.rest()) else {
            return self.error("unterminated raw quoted string");
        };
        self.pos += end + 1;
        self.emit(Kind::RawString)
    }

    fn number(&mut self) -> Token {
        let mut fine = self.scan_number();
        if fine && matches!(self.peek_char(), Some('+' | '-')) {
            fine = self.scan_number() && self.input[self.pos - 1] == b'i';
        }
        if fine {
            return self.emit(Kind::Number);
        }
        let text = crate::fmt::quote(&self.input[self.start..self.pos]);
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek_char().is_some_and(is_word) {
            self.bump();
            return false;
        }
        true
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let fits = self.rest().first().is_some_and(|byte| set.contains(byte));
        self.pos += usize::from(fits);
        fits
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }
}

fn keyword(word: &[u8]) -> Kind {
    match word {
        b"block" => Kind::Block,
        b"break" => Kind::Break,
        b"continue" => Kind::Continue,
        b"define" => Kind::Define,
        b"else" => Kind::Else,
        b"end" => Kind::End,
        b"if" => Kind::If,
        b"nil" => Kind::Nil,
        b"range" => Kind::Range,
        b"template" => Kind::Template,
        b"with" => Kind::With,
        b"true" | b"false" => Kind::Bool,
        _ => Kind::Identifier,
    }
}

/// A character as `U+0023 '#'`.
fn unicode(character: char) -> String {
    let code = u32::from(character);
    if crate::fmt::is_print(character) { format!("U+{code:04X} '{character}'") } else { format!("U+{code:04X}") }
}

fn is_word(character: char) -> bool {
    character == '_'
        || character.is_alphabetic()
        || character.is_ascii_digit()
        || (character as u32 > 127 && character.is_numeric())
}

/// Where the next `{{` is.
fn left_delim(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'{', text).find(|at| text.get(at + 1) == Some(&b'{'))
}

fn trims_left(text: &[u8]) -> bool {
    text.len() >= 2 && text[0] == b'-' && SPACES.contains(&text[1])
}

fn leading_spaces(text: &[u8]) -> usize {
    text.iter().take_while(|byte| SPACES.contains(byte)).count()
}

fn trimmed_end(text: &[u8]) -> usize {
    text.len() - text.iter().rev().take_while(|byte| SPACES.contains(byte)).count()
}
