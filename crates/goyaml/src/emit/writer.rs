//! The text that grows, its column and indentation, and the four ways to write a scalar into it.

use super::scalar::{Shape, Style, is_break, is_printable};

/// Columns after which a scalar is folded at its next space.
const WIDTH: usize = 80;
/// What indentation is taken from.
const SPACES: &str = "                                ";
/// Columns of one level.
const STEP: isize = 2;
/// Bytes that are enough for most documents.
const USUAL_SIZE: usize = 1000;

/// Where a node stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context {
    /// As key or value of a mapping.
    pub(crate) mapping: bool,
    /// As a key on one line with its value.
    pub(crate) simple_key: bool,
}

/// Whether an indicator stands apart from what is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    None,
    Space,
}

/// The text written so far.
#[derive(Debug)]
pub(crate) struct Writer {
    out: String,
    column: usize,
    indent: isize,
    /// Whether the last character was a gap.
    whitespace: bool,
    /// Whether the line has nothing but indentation and indicators of block collections.
    indention: bool,
    /// Columns after which a scalar is folded at its next space.
    width: usize,
    /// Whether a sequence stands at the indentation of its key.
    compact: bool,
    /// Columns of one level.
    step: isize,
    /// The comment that goes behind the scalar being written.
    pub(crate) line_comment: String,
    /// The indentation of a foot just written, which an empty line sets apart from what follows there; -1 without one.
    foot_indent: isize,
}

impl Writer {
    /// A writer at the start of a document.
    pub(crate) fn new(compact: bool, folds: bool) -> Self {
        let width = if folds { WIDTH } else { usize::MAX };
        let (line_comment, foot_indent) = (String::new(), -1);
        let out = String::with_capacity(USUAL_SIZE);
        Self {
            out,
            column: 0,
            indent: -1,
            whitespace: true,
            indention: true,
            width,
            compact,
            step: STEP,
            line_comment,
            foot_indent,
        }
    }

    /// Writes so many columns a level.
    pub(crate) fn with_step(mut self, step: isize) -> Self {
        self.step = step;
        self
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn end_document(&mut self) {
        self.indent = -1;
        self.line();
    }

    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn put_str(&mut self, ascii: &str) {
        self.out.push_str(ascii);
        self.column += ascii.len();
    }

    /// Writes a piece of one line.
    fn put_piece(&mut self, piece: &str) {
        self.out.push_str(piece);
        self.column += if piece.is_ascii() { piece.len() } else { piece.chars().count() };
    }

    /// Whether a scalar that is written here could reach the column where it is folded.
    fn may_fold(&self, text: &str, folds: bool) -> bool {
        folds && self.column.saturating_add(text.len() + 1) > self.width
    }

    /// Writes a line break of the text as it is.
    fn put_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
    }

    /// Goes to a fresh line at the indentation, unless the line is fresh already.
    pub(crate) fn line(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break('\n');
        }
        if self.foot_indent >= 0 {
            if self.foot_indent == self.indent.max(0) {
                self.put_break('\n');
            }
            self.foot_indent = -1;
        }
        while self.column < indent {
            self.put_str(&SPACES[..SPACES.len().min(indent - self.column)]);
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Writes an indicator that is not part of the indentation.
    pub(crate) fn indicator(&mut self, text: &str, gap: Gap) {
        if gap == Gap::Space && !self.whitespace {
            self.put(' ');
        }
        self.put_str(text);
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes `-`, `?` or `:` at the indentation; what follows may go on in the same line.
    pub(crate) fn indicator_line(&mut self, text: &str) {
        self.line();
        self.put_str(text);
        self.whitespace = false;
    }

    pub(crate) fn empty_collection(&mut self, open: &str, close: &str) {
        self.indicator(open, Gap::Space);
        self.indicator(close, Gap::None);
    }

    /// Opens a sequence; as the value of a key on the same line it is not indented. Gives the indentation to go back to.
    pub(crate) fn open_sequence(&mut self, context: Context) -> isize {
        let outer = self.indent;
        if outer < 0 {
            self.indent = 0;
        } else if !self.compact || !context.mapping || self.indention {
            self.indent += STEP;
        }
        outer
    }

    pub(crate) fn open_mapping(&mut self) -> isize {
        let outer = self.indent;
        self.indent = if outer < 0 { 0 } else { outer + STEP };
        outer
    }

    pub(crate) fn close(&mut self, outer: isize) {
        self.indent = outer;
    }

    /// Writes the tag of the scalar that follows.
    pub(crate) fn tag(&mut self, tag: &str) {
        self.indicator(tag, Gap::Space);
    }

    pub(crate) fn scalar(&mut self, text: &str, shape: Shape, context: Context) {
        let indent = if self.indent < 0 { STEP } else { self.indent + STEP };
        self.scalar_at(text, shape, context, indent);
    }

    /// Writes a scalar whose further lines stand at this indentation.
    pub(crate) fn scalar_at(&mut self, text: &str, shape: Shape, context: Context, indent: isize) {
        let outer = std::mem::replace(&mut self.indent, indent);
        let folds = !context.simple_key;
        match shape.style(context.simple_key) {
            Style::Plain => self.plain(text, folds),
            Style::SingleQuoted => self.single_quoted(text, folds),
            Style::DoubleQuoted => self.double_quoted(text, folds),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    fn plain(&mut self, text: &str, folds: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        if self.may_fold(text, folds) {
            self.folded_plain(text);
        } else {
            self.put_piece(text);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn folded_plain(&mut self, text: &str) {
        if text.is_ascii() {
            return self.folded_words(text);
        }
        let mut after_space = false;
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let space = character == ' ';
            let single = !after_space && !rest.as_str().starts_with(' ');
            if space && single && self.column > self.width {
                self.line();
            } else {
                self.put(character);
            }
            if !space {
                self.indention = false;
            }
            after_space = space;
        }
    }

    /// Writes a text of ASCII line by line: each ends at the first single space behind the width.
    fn folded_words(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut start = 0;
        loop {
            let reach = start + self.width.saturating_add(1).saturating_sub(self.column);
            let is_single = |at: &usize| bytes.get(at + 1) != Some(&b' ') && (*at == 0 || bytes[at - 1] != b' ');
            let tail = bytes.get(reach..).unwrap_or_default();
            let Some(end) = memchr::memchr_iter(b' ', tail).map(|at| at + reach).find(is_single) else { break };
            self.put_str(&text[start..end]);
            self.indention = false;
            self.line();
            start = end + 1;
        }
        self.put_str(&text[start..]);
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("'", Gap::Space);
        let mut after_space = false;
        let mut after_break = false;
        let mut rest = text.chars();
        let mut first = true;
        while let Some(character) = rest.next() {
            let inner = !first && !rest.as_str().is_empty();
            let single = !after_space && !rest.as_str().starts_with(' ');
            first = false;
            if character == ' ' {
                if folds && inner && single && self.column > self.width {
                    self.line();
                } else {
                    self.put(character);
                }
                after_space = true;
            } else if is_break(character) {
                if !after_break && character == '\n' {
                    self.put_break('\n');
                }
                self.put_break(character);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.line();
                }
                if character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                after_space = false;
                after_break = false;
            }
        }
        self.indicator("'", Gap::None);
    }

    fn double_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("\"", Gap::Space);
        let harmless = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if !self.may_fold(text, folds) && text.bytes().all(harmless) {
            self.put_str(text);
            return self.indicator("\"", Gap::None);
        }
        // go-yaml looks for a byte order mark at the start of the text each time, and so escapes all of it.
        let escape_all = text.starts_with('\u{FEFF}');
        let mut after_space = false;
        let mut rest = text.chars();
        let mut first = true;
        while let Some(character) = rest.next() {
            let inner = !first && !rest.as_str().is_empty();
            first = false;
            let space = character == ' ' && !escape_all;
            if escape_all || !is_printable(character) || is_break(character) || matches!(character, '"' | '\\') {
                self.escape(character);
            } else if space && folds && inner && !after_space && self.column > self.width {
                self.line();
                if rest.as_str().starts_with(' ') {
                    self.put('\\');
                }
            } else {
                self.put(character);
            }
            after_space = space;
        }
        self.indicator("\"", Gap::None);
    }

    fn escape(&mut self, character: char) {
        self.put('\\');
        let letter = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{B}' => 'v',
            '\u{C}' => 'f',
            '\r' => 'r',
            '\u{1B}' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => return self.escape_code(u32::from(character)),
        };
        self.put(letter);
    }

    fn escape_code(&mut self, code: u32) {
        let digits = match code {
            0..=0xFF => format!("x{code:02X}"),
            0x100..=0xFFFF => format!("u{code:04X}"),
            _ => format!("U{code:08X}"),
        };
        self.put_str(&digits);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", Gap::Space);
        self.literal_hints(text);
        if self.line_comment.is_empty() {
            self.put_break('\n');
        } else {
            self.flush_line_comment();
        }
        self.indention = true;
        self.whitespace = true;
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if is_break(character) {
                self.put_break(character);
                self.indention = true;
                rest = &rest[character.len_utf8()..];
                continue;
            }
            let end = rest.find(is_break).unwrap_or(rest.len());
            self.line();
            self.put_piece(&rest[..end]);
            self.indention = false;
            rest = &rest[end..];
        }
    }

    /// The indentation, where the text starts with a gap, and what becomes of the line breaks at its end.
    fn literal_hints(&mut self, text: &str) {
        if text.starts_with(|first: char| first == ' ' || is_break(first)) {
            self.indicator(&self.step.to_string(), Gap::None);
        }
        let mut ending = text.chars().rev();
        let last_breaks = ending.next().is_some_and(is_break);
        if !last_breaks {
            self.indicator("-", Gap::None);
        } else if ending.next().is_none_or(is_break) {
            self.indicator("+", Gap::None);
        }
    }

    pub(crate) fn indent(&self) -> isize {
        self.indent
    }

    /// Sets the indentation; gives the one to go back to.
    pub(crate) fn set_indent(&mut self, indent: isize) -> isize {
        std::mem::replace(&mut self.indent, indent)
    }

    pub(crate) fn empty_line(&mut self) {
        self.put_break('\n');
        self.indention = true;
    }

    /// Sets what follows at this indentation apart from the foot that was written.
    pub(crate) fn mark_foot(&mut self) {
        self.foot_indent = self.indent.max(0);
    }

    /// Sets the foot of the document apart.
    pub(crate) fn document_foot(&mut self) {
        self.foot_indent = 0;
        self.indent = -1;
    }

    pub(crate) fn forget_foot(&mut self) {
        self.foot_indent = -1;
    }

    /// Writes the comment that waits, behind what stands on the line.
    pub(crate) fn flush_line_comment(&mut self) {
        if self.line_comment.is_empty() {
            return;
        }
        if !self.whitespace {
            self.put(' ');
        }
        let comment = std::mem::take(&mut self.line_comment);
        self.comment(&comment);
    }

    /// Writes a comment to the end of its line; further lines stand at the indentation.
    pub(crate) fn comment(&mut self, comment: &str) {
        let mut at_start = true;
        let mut after_break = false;
        for character in comment.chars() {
            if is_break(character) {
                self.put_break(character);
                self.indention = true;
                (at_start, after_break) = (true, true);
                continue;
            }
            if after_break {
                self.line();
            }
            if at_start && character != '#' {
                self.put_str("# ");
            }
            self.put(character);
            self.indention = false;
            (at_start, after_break) = (false, false);
        }
        if !after_break {
            self.put_break('\n');
            self.indention = true;
        }
        self.whitespace = true;
    }
}
