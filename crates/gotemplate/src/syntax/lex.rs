//! Text into tokens: what stands between braces, and what does not.

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

/// A token with its place; `message` is only set on errors.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: u32,
    pub(super) message: Option<Box<str>>,
}

/// Reads one token after the other.
pub(super) struct Lexer<'t> {
    input: &'t [u8],
    pos: usize,
    start: usize,
    line: u32,
    counted: usize,
    parens: u32,
    inside: bool,
    failed: bool,
}

const SPACES: &[u8] = b" \t\r\n";

impl<'t> Lexer<'t> {
    pub(super) fn new(input: &'t [u8]) -> Self {
        Self { input, pos: 0, start: 0, line: 1, counted: 0, parens: 0, inside: false, failed: false }
    }

    /// The next token; after the end and after an error always the end.
    pub(super) fn next(&mut self) -> Token {
        if self.failed {
            return Token { kind: Kind::Eof, start: 0, end: 0, line: self.line, message: None };
        }
        if self.inside { self.action() } else { self.text() }
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.pos..]
    }

    fn emit(&mut self, kind: Kind) -> Token {
        self.emit_until(kind, self.pos)
    }

    fn emit_until(&mut self, kind: Kind, end: usize) -> Token {
        let line = self.line_at(self.start);
        let token = Token { kind, start: self.start, end, line, message: None };
        self.start = self.pos;
        token
    }

    fn error(&mut self, message: impl Into<Box<str>>) -> Token {
        let line = self.line_at(self.start);
        self.failed = true;
        Token { kind: Kind::Error, start: self.start, end: self.start, line, message: Some(message.into()) }
    }

    fn line_at(&mut self, pos: usize) -> u32 {
        if pos > self.counted {
            let newlines = memchr::memchr_iter(b'\n', &self.input[self.counted..pos]).count();
            self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
            self.counted = pos;
        }
        self.line
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
        let rest = self.rest();
        if trims_right(rest) && rest[2..].starts_with(b"}}") {
            return Some(true);
        }
        rest.starts_with(b"}}").then_some(false)
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
        let Some(character) = self.bump() else {
            return self.error("unclosed action");
        };
        match character {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => match self.bump() {
                Some('=') => self.emit(Kind::Declare),
                _ => self.error("expected :="),
            },
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
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
        let before = &self.input[last..];
        if trims_right(before) && before[2..].starts_with(b"}}") {
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
            self.pos += rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            if !self.peek_char().is_some_and(|next| !next.is_ascii() && is_word(next)) {
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
        match self.peek_char() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(b"}}"),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Token {
        loop {
            match self.bump() {
                Some('\\') => {
                    if matches!(self.bump(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(character) if character == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self) -> Token {
        let Some(end) = self.rest().iter().position(|byte| *byte == b'`') else {
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

fn trims_right(text: &[u8]) -> bool {
    text.len() >= 2 && SPACES.contains(&text[0]) && text[1] == b'-'
}

fn leading_spaces(text: &[u8]) -> usize {
    text.iter().take_while(|byte| SPACES.contains(byte)).count()
}

fn trimmed_end(text: &[u8]) -> usize {
    text.len() - text.iter().rev().take_while(|byte| SPACES.contains(byte)).count()
}
