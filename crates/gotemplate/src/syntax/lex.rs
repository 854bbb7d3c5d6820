//! Text into tokens: what stands between braces, and what does not.

use super::ast::{Pos, Span, index};
use super::unquote::decode;

/// What a token is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
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
    /// Whether it begins a term.
    pub(super) fn begins_term(self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::CharConstant
                | Self::Dot
                | Self::Field
                | Self::Identifier
                | Self::Number
                | Self::Nil
                | Self::RawString
                | Self::String
                | Self::Variable
                | Self::LeftParen
        )
    }

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
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Whether there is space before it.
    pub(super) spaced: bool,
    pub(super) start: Pos,
    pub(super) end: Pos,
}

impl Token {
    pub(super) fn span(self) -> Span {
        Span { start: self.start, end: self.end }
    }
}

/// Nothing, or why what was read is no token.
type Outcome = Result<(), Box<str>>;

/// Reads tokens, those of one action together.
pub(super) struct Lexer<'t> {
    input: &'t [u8],
    pos: usize,
    /// Where the token starts that is being read.
    start: usize,
    /// Whether there is space before it.
    spaced: bool,
    /// What was read last.
    tokens: Vec<Token>,
    failed: Option<Box<str>>,
}

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

/// Letters, digits and `_`.
const WORD: u8 = 1;
/// What may stand behind a word.
const TERMINATOR: u8 = 2;

/// The line of a place, from 1.
pub(super) fn line_at(input: &[u8], pos: Pos) -> u32 {
    let newlines = memchr::memchr_iter(b'\n', &input[..pos as usize]).count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

impl<'t> Lexer<'t> {
    /// A lexer of a text of less than 4 GiB, with room for tokens.
    pub(super) fn new(input: &'t [u8], mut tokens: Vec<Token>) -> Self {
        tokens.clear();
        Self { input, pos: 0, start: 0, spaced: false, tokens, failed: None }
    }

    /// The room for tokens, for another lexer.
    pub(super) fn into_room(self) -> Vec<Token> {
        self.tokens
    }

    /// How many tokens were read last.
    pub(super) fn count(&self) -> usize {
        self.tokens.len()
    }

    /// The token of this number among those that were read last.
    #[inline]
    pub(super) fn token(&self, number: usize) -> Token {
        // Piece by piece, as it was written just before, for the same reason as values are moved word by word.
        let Token { kind, spaced, start, end } = self.tokens[number];
        Token { kind, spaced, start, end }
    }

    /// Reads what is next: a text, an action from brace to brace, or the end; after an error always the end.
    pub(super) fn read(&mut self) {
        self.tokens.clear();
        if self.failed.is_some() {
            return self.push(Kind::Eof, self.start);
        }
        let read = self.text();
        if let Err(message) = read {
            self.failed = Some(message);
            self.push(Kind::Error, self.start);
        }
    }

    /// What is wrong, behind a token that is an error.
    pub(super) fn trouble(&self) -> &str {
        self.failed.as_deref().unwrap_or_default()
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.pos..]
    }

    fn push(&mut self, kind: Kind, end: usize) {
        let (spaced, start, end) = (self.spaced, index(self.start), index(end));
        self.tokens.push(Token { kind, spaced, start, end });
    }

    /// A token that ends here; the next one starts here.
    fn emit(&mut self, kind: Kind) {
        self.push(kind, self.pos);
        self.start = self.pos;
    }

    fn text(&mut self) -> Outcome {
        self.spaced = false;
        loop {
            let Some(found) = left_delim(self.rest()) else {
                self.pos = self.input.len();
                self.emit(if self.pos > self.start { Kind::Text } else { Kind::Eof });
                return Ok(());
            };
            let brace = self.pos + found;
            let trims = trims_left(&self.input[brace + 2..]);
            let mut end = brace;
            if trims {
                end = self.start + trimmed_end(&self.input[self.start..brace]);
            }
            self.pos = brace;
            if end > self.start {
                self.push(Kind::Text, end);
                self.start = brace;
                return Ok(());
            }
            self.start = brace;
            let after = brace + 2 + if trims { 2 } else { 0 };
            if !self.input[after..].starts_with(b"/*") {
                self.push(Kind::LeftDelim, brace + 2);
                self.pos = after;
                self.start = after;
                return self.action();
            }
            self.pos = after;
            self.start = after;
            self.comment()?;
        }
    }

    fn comment(&mut self) -> Outcome {
        let Some(found) = memchr::memmem::find(&self.rest()[2..], b"*/") else {
            return Err("unclosed comment".into());
        };
        self.pos += found + 4;
        let trims = match self.rest() {
            [b'}', b'}', ..] => false,
            [space, b'-', b'}', b'}', ..] if is_space(*space) => true,
            _ => return Err("comment ends before closing delimiter".into()),
        };
        self.skip_close(trims);
        self.start = self.pos;
        Ok(())
    }

    /// Goes over the right delimiter, and over the space behind one that trims.
    fn skip_close(&mut self, trims: bool) {
        self.pos += 2;
        if trims {
            self.pos += 2;
            self.pos += leading_spaces(self.rest());
        }
    }

    fn peek_char(&self) -> Option<char> {
        (self.pos < self.input.len()).then(|| decode(self.rest()).0)
    }

    fn bump(&mut self) -> Option<char> {
        let (character, length) = decode(self.rest());
        self.pos += length;
        (length > 0).then_some(character)
    }

    /// The tokens up to the right delimiter.
    fn action(&mut self) -> Outcome {
        let mut parens = 0;
        loop {
            let trims = self.spaces();
            match self.rest() {
                [b'}', b'}', ..] => return self.close(trims, parens),
                _ if trims => return self.close(trims, parens),
                [first, ..] if first.is_ascii() => self.ascii(*first, &mut parens)?,
                [_, ..] => self.foreign()?,
                [] => return Err("unclosed action".into()),
            }
        }
    }

    /// Space, but for the one that belongs to a right delimiter that trims; whether such a one follows.
    fn spaces(&mut self) -> bool {
        let rest = self.rest();
        let run = leading_spaces(rest);
        let trims = run > 0 && rest[run..].starts_with(b"-}}");
        let over = run - usize::from(trims);
        self.pos += over;
        self.start = self.pos;
        self.spaced = over > 0;
        trims
    }

    fn close(&mut self, trims: bool, parens: u32) -> Outcome {
        if parens > 0 {
            return Err("unclosed left paren".into());
        }
        self.start += if trims { 2 } else { 0 };
        self.push(Kind::RightDelim, self.start + 2);
        self.skip_close(trims);
        self.start = self.pos;
        Ok(())
    }

    /// What begins with this byte.
    fn ascii(&mut self, first: u8, parens: &mut u32) -> Outcome {
        self.pos += 1;
        match first {
            b'=' => self.emit(Kind::Assign),
            b':' if self.rest().starts_with(b"=") => {
                self.pos += 1;
                self.emit(Kind::Declare);
            }
            b':' => return Err("expected :=".into()),
            b'|' => self.emit(Kind::Pipe),
            b'"' => return self.quoted(b'"', Kind::String, "unterminated quoted string"),
            b'\'' => return self.quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            b'`' => return self.raw(),
            b'$' if self.at_terminator() => self.emit(Kind::Variable),
            b'$' => return self.name(Kind::Variable),
            b'.' if self.rest().first().is_some_and(|next| !next.is_ascii_digit()) => {
                if !self.at_terminator() {
                    return self.name(Kind::Field);
                }
                self.emit(Kind::Dot);
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => {
                self.pos -= 1;
                return self.number();
            }
            b'(' => {
                *parens += 1;
                self.emit(Kind::LeftParen);
            }
            b')' if *parens == 0 => return Err("unexpected right paren".into()),
            b')' => {
                *parens -= 1;
                self.emit(Kind::RightParen);
            }
            _ if CLASSES[usize::from(first)] == WORD => return self.word(),
            b'!'..=b'~' => self.emit(Kind::Char),
            _ => return Err(unrecognized(char::from(first))),
        }
        Ok(())
    }

    /// What begins with a character beyond ASCII.
    fn foreign(&mut self) -> Outcome {
        match self.bump() {
            Some(character) if is_word(character) => self.word(),
            character => Err(unrecognized(character.unwrap_or(char::REPLACEMENT_CHARACTER))),
        }
    }

    fn word(&mut self) -> Outcome {
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(keyword(&self.input[self.start..self.pos]));
        Ok(())
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

    fn name(&mut self, kind: Kind) -> Outcome {
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        Ok(())
    }

    fn bad_character(&self) -> Outcome {
        let character = self.peek_char().unwrap_or(char::REPLACEMENT_CHARACTER);
        Err(format!("bad character {}", unicode(character)).into())
    }

    fn at_terminator(&self) -> bool {
        match self.rest() {
            [] | [b'}', b'}', ..] => true,
            [next, ..] => CLASSES[usize::from(*next)] == TERMINATOR,
        }
    }

    fn quoted(&mut self, quote: u8, kind: Kind, unterminated: &str) -> Outcome {
        loop {
            let Some(found) = memchr::memchr3(quote, b'\\', b'\n', self.rest()) else {
                self.pos = self.input.len();
                return Err(unterminated.into());
            };
            self.pos += found + 1;
            let byte = self.input[self.pos - 1];
            if byte == quote {
                self.emit(kind);
                return Ok(());
            }
            if byte == b'\n' || matches!(self.bump(), None | Some('\n')) {
                return Err(unterminated.into());
            }
        }
    }

    fn raw(&mut self) -> Outcome {
        let Some(end) = memchr::memchr(b'`', self.rest()) else {
            return Err("unterminated raw quoted string".into());
        };
        self.pos += end + 1;
        self.emit(Kind::RawString);
        Ok(())
    }

    fn number(&mut self) -> Outcome {
        let mut fine = self.scan_number();
        if fine && matches!(self.peek_char(), Some('+' | '-')) {
            fine = self.scan_number() && self.input[self.pos - 1] == b'i';
        }
        if !fine {
            let text = crate::fmt::quote(&self.input[self.start..self.pos]);
            return Err(format!("bad number syntax: {text}").into());
        }
        self.emit(Kind::Number);
        Ok(())
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

fn unrecognized(character: char) -> Box<str> {
    format!("unrecognized character in action: {}", unicode(character)).into()
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
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn leading_spaces(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_space(**byte)).count()
}

fn trimmed_end(text: &[u8]) -> usize {
    text.len() - text.iter().rev().take_while(|byte| is_space(**byte)).count()
}
