//! A place in the text and the questions a scanner asks there.
//!
//! The text ends at its last byte or at a NUL; both read as byte 0.

/// A place: bytes from the start, line and column from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Bytes from the start of the text.
    pub(crate) index: usize,
    /// Characters from the start of the text.
    pub(crate) chars: usize,
    /// Line, from 0.
    pub(crate) line: u32,
    /// Column in characters, from 0.
    pub(crate) column: u32,
}

/// Reads a text once, front to back.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    mark: Mark,
    /// Whether every byte of the text is a character, of which only `\n` ends a line.
    is_plain: bool,
}

impl<'a> Cursor<'a> {
    /// Starts at a place that is known to begin a line.
    pub(crate) fn new(text: &'a str, mark: Mark) -> Self {
        let is_plain = text.is_ascii() && memchr::memchr2(b'\r', 0, text.as_bytes()).is_none();
        Self { text, mark, is_plain }
    }

    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    pub(crate) fn column(&self) -> isize {
        isize::try_from(self.mark.column).unwrap_or(isize::MAX)
    }

    /// The byte `ahead` of the place, 0 past the end.
    pub(crate) fn at(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.mark.index + ahead).copied().unwrap_or(0)
    }

    pub(crate) fn byte(&self) -> u8 {
        self.at(0)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.byte() == 0
    }

    /// Bytes of the line break `ahead` of the place; 0 where there is none.
    pub(crate) fn break_len(&self, ahead: usize) -> usize {
        match self.at(ahead) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.at(ahead + 1) == b'\n'),
            0xC2 if self.at(ahead + 1) == 0x85 => 2,
            0xE2 if self.at(ahead + 1) == 0x80 && matches!(self.at(ahead + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    pub(crate) fn is_break(&self) -> bool {
        self.break_len(0) > 0
    }

    /// Space or tab.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.byte(), b' ' | b'\t')
    }

    /// Space, tab, line break or the end, `ahead` of the place.
    pub(crate) fn is_gap(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), b' ' | b'\t' | 0) || self.break_len(ahead) > 0
    }

    /// Line break or the end.
    pub(crate) fn is_break_or_end(&self) -> bool {
        self.at_end() || self.is_break()
    }

    /// Letter, digit, `_` or `-`.
    pub(crate) fn is_word(&self) -> bool {
        let byte = self.byte();
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
    }

    /// Whether `---` or `...` stands alone at the start of the line.
    pub(crate) fn at_document_marker(&self) -> bool {
        self.mark.column == 0 && (self.at_line_of(b'-') || self.at_line_of(b'.'))
    }

    /// Whether three of this byte stand at the start of the line, and nothing more.
    pub(crate) fn at_line_of(&self, byte: u8) -> bool {
        self.mark.column == 0 && (0..3).all(|ahead| self.at(ahead) == byte) && self.is_gap(3)
    }

    /// Goes over so many ASCII bytes of this line.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.mark.index += bytes;
        self.step(bytes);
    }

    /// Goes over so many bytes of this line and gives them.
    pub(crate) fn take(&mut self, bytes: usize) -> &'a str {
        let start = self.mark.index;
        let run = self.text.get(start..start + bytes).unwrap_or_default();
        self.mark.index += bytes;
        let chars = if self.is_plain || run.is_ascii() { bytes } else { run.chars().count() };
        self.step(chars);
        run
    }

    fn step(&mut self, chars: usize) {
        self.mark.chars += chars;
        self.mark.column = self.mark.column.saturating_add(u32::try_from(chars).unwrap_or(u32::MAX));
    }

    /// Bytes up to the end of the line.
    pub(crate) fn line_rest(&self) -> usize {
        let rest = self.rest();
        if self.is_plain {
            return memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        }
        let mut from = 0;
        while let Some(found) = rest[from..].iter().position(|byte| matches!(byte, b'\n' | b'\r' | 0 | 0xC2 | 0xE2)) {
            if self.at(from + found) == 0 || self.break_len(from + found) > 0 {
                return from + found;
            }
            from += found + 1;
        }
        rest.len()
    }

    /// Goes over one line break, if there is one.
    pub(crate) fn skip_break(&mut self) {
        let bytes = self.break_len(0);
        if bytes == 0 {
            return;
        }
        self.mark.index += bytes;
        self.mark.chars += if bytes == 2 && self.text.as_bytes()[self.mark.index - 1] == b'\n' { 2 } else { 1 };
        self.mark.line += 1;
        self.mark.column = 0;
    }

    /// Goes over one line break and gives what it counts as in a scalar.
    pub(crate) fn take_break(&mut self) -> &'a str {
        let start = self.mark.index;
        let bytes = self.break_len(0);
        self.skip_break();
        if bytes == 3 { &self.text[start..start + 3] } else { "\n" }
    }

    /// The text from here on, in bytes.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.mark.index..).unwrap_or_default()
    }

    /// Goes over spaces.
    pub(crate) fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.skip(rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len()));
    }

    /// Goes over spaces and tabs.
    pub(crate) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.skip(rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(rest.len()));
    }

    /// Goes over a comment, if one starts here.
    pub(crate) fn skip_comment(&mut self) {
        if self.byte() == b'#' {
            let rest = self.line_rest();
            self.take(rest);
        }
    }

    /// Goes over a byte order mark at the start of the text.
    pub(crate) fn skip_bom(&mut self) {
        let at_start = self.mark.index == 0;
        while at_start && self.at(0) == 0xEF && self.at(1) == 0xBB && self.at(2) == 0xBF {
            self.mark.index += 3;
        }
    }

    /// Ends the last line, so that all indentation above it is closed.
    pub(crate) fn finish_line(&mut self) {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
    }

    /// The text between two places.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }
}
