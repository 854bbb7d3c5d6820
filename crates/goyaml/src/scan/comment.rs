//! Comments, each with the token it belongs to, by go-yaml v3's rules.
//!
//! A comment is a token's head (above it), line (behind it) or foot (below it, before an empty line or to the left).

use super::cursor::{Cursor, Mark};
use super::token::TokenKind;

/// Characters that are looked ahead for a comment or the next token.
const LOOKAHEAD: usize = 512;

/// A place as comments are compared by: characters from the start, line from 0, column from 1.
#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    at: isize,
    line: u32,
    column: isize,
}

impl Spot {
    fn of(mark: Mark) -> Self {
        Self { at: signed(mark.chars), line: mark.line, column: signed(mark.column as usize) }
    }
}

fn signed(number: usize) -> isize {
    isize::try_from(number).unwrap_or(isize::MAX)
}

/// What a comment is to its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Head,
    Line,
    Foot,
}

/// One comment, or several on lines that follow each other.
#[derive(Debug)]
pub(crate) struct Comment {
    /// Where the search began that found it.
    scan: Spot,
    /// The place from which on tokens take it.
    token: isize,
    start: Spot,
    end: isize,
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// The comments that no token has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    waiting: std::collections::VecDeque<Comment>,
}

/// What the scanner knows where a comment starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// The token before it.
    pub(super) token: Option<(TokenKind, Mark)>,
    /// Where the search for the next token began.
    pub(super) scan: Mark,
    /// Column of the innermost block collection.
    pub(super) indent: isize,
    /// Whether it stands in brackets or braces.
    pub(super) flow: bool,
}

impl Comments {
    /// The next comment that the token at this place takes; the end of a block takes no heads.
    pub(crate) fn take(&mut self, kind: TokenKind, mark: Mark) -> Option<Comment> {
        let first = self.waiting.front()?;
        if signed(mark.chars) < first.token || first.place == Place::Head && kind == TokenKind::BlockEnd {
            return None;
        }
        self.waiting.pop_front()
    }

    /// A line comment behind a token.
    pub(super) fn scan_line(&mut self, cursor: &mut Cursor<'_>, token: Mark) {
        if newlines(cursor) > 0 {
            return;
        }
        let blanks = (0..LOOKAHEAD).take_while(|ahead| matches!(cursor.at(*ahead), b' ' | b'\t')).count();
        if blanks == LOOKAHEAD || cursor.at(blanks) != b'#' {
            return;
        }
        cursor.skip(blanks);
        let start = Spot::of(cursor.mark());
        let text = take_line(cursor);
        let token = signed(token.chars);
        self.waiting.push_back(Comment { scan: Spot::default(), token, start, end: 0, place: Place::Line, text });
    }

    /// Where the end of a block stands: before comments at its indentation that turned out to be its parents' feet.
    pub(super) fn block_end(&self, mut end: Mark, indent: isize) -> Mark {
        let mut stop = signed(end.chars);
        for comment in self.waiting.iter().rev() {
            if comment.end < stop {
                break;
            }
            if comment.start.column == indent + 1 {
                end.chars = usize::try_from(comment.start.at).unwrap_or(0);
            }
            stop = comment.scan.at;
        }
        end
    }

    /// `- # text`, with the entry's content below it, is the head of what follows.
    pub(super) fn line_to_head(&mut self, here: Mark) {
        if let Some(last) = self.waiting.back_mut()
            && last.place == Place::Line
        {
            last.place = Place::Head;
            if last.start.line + 1 == here.line {
                last.token = signed(here.chars);
            }
        }
    }

    /// Comments on lines of their own, up to the next token or as far as is looked ahead.
    pub(super) fn scan(&mut self, cursor: &mut Cursor<'_>, around: Around) {
        let mut search = Search::new(cursor, around);
        let mut peek = 0;
        while peek < LOOKAHEAD {
            match search.look(cursor, peek) {
                Seen::Blank => {}
                Seen::End { foot } => {
                    self.waiting.extend(foot);
                    break;
                }
                Seen::Break { foot } => self.waiting.extend(foot),
                Seen::Comment { foot } => {
                    self.waiting.extend(foot);
                    search.take_comment(cursor, peek);
                    peek = 0;
                }
            }
            peek += 1;
        }
        self.waiting.extend(search.finish(cursor, peek));
    }
}

/// What stands at one place of a search.
enum Seen {
    Blank,
    Break { foot: Option<Comment> },
    Comment { foot: Option<Comment> },
    End { foot: Option<Comment> },
}

/// A search for comments between two tokens.
struct Search {
    around: Around,
    scan: Spot,
    token: isize,
    start: Spot,
    next_indent: isize,
    recent_empty: bool,
    first_empty: bool,
    line: u32,
    column: isize,
    /// The line where a comment starts that may be the foot of what is before.
    foot_line: isize,
    text: String,
}

impl Search {
    fn new(cursor: &Cursor<'_>, around: Around) -> Self {
        let here = cursor.mark();
        let breaks = newlines(cursor);
        let mut foot_line = -1;
        if around.scan.line > 0 {
            foot_line = signed(here.line as usize) - signed(breaks) + 1;
            foot_line += isize::from(breaks == 0 && here.column > 1);
        }
        Self {
            around,
            scan: Spot::of(around.scan),
            token: around.token.map_or(0, |(_, mark)| signed(mark.chars)),
            start: Spot::default(),
            next_indent: around.indent.max(0),
            recent_empty: false,
            first_empty: breaks <= 1,
            line: here.line,
            column: cursor.column(),
            foot_line,
            text: String::new(),
        }
    }

    fn look(&mut self, cursor: &Cursor<'_>, peek: usize) -> Seen {
        self.column += 1;
        let byte = cursor.at(peek);
        if matches!(byte, b' ' | b'\t') {
            return Seen::Blank;
        }
        let closes = self.around.flow && matches!(byte, b']' | b'}');
        let breaks = cursor.break_len(peek) > 0;
        if closes || breaks || byte == 0 {
            let foot = self.at_line_end(cursor, peek, closes);
            if !breaks {
                return Seen::End { foot };
            }
            self.first_empty = false;
            self.recent_empty = true;
            self.column = 0;
            self.line += 1;
            return Seen::Break { foot };
        }
        let dedented = self.column - 1 < self.next_indent && self.column != self.start.column;
        let foot = if !self.text.is_empty() && dedented { Some(self.foot(cursor, peek)) } else { None };
        if byte == b'#' { Seen::Comment { foot } } else { Seen::End { foot } }
    }

    /// At the first empty line below a comment that may be a foot, it is one.
    fn at_line_end(&mut self, cursor: &Cursor<'_>, peek: usize, closes: bool) -> Option<Comment> {
        if self.recent_empty && !closes {
            return None;
        }
        let dedented = self.start.column - 1 < self.next_indent;
        let after_value = matches!(self.around.token, Some((TokenKind::Value, _)));
        let below = signed(self.start.line as usize) == self.foot_line && !after_value;
        if closes || self.first_empty && (below || dedented) {
            if self.text.is_empty() {
                return None;
            }
            if dedented {
                // It has nothing to do with the token before it.
                self.token = self.start.at;
            }
            return Some(self.foot(cursor, peek));
        }
        if !self.text.is_empty() && cursor.at(peek) != 0 {
            self.text.push('\n');
        }
        None
    }

    fn foot(&mut self, cursor: &Cursor<'_>, peek: usize) -> Comment {
        let end = Spot { at: signed(cursor.mark().chars + peek), line: self.line, column: self.column };
        let text = std::mem::take(&mut self.text);
        let (scan, token) = (self.scan, self.token);
        self.scan = end;
        self.token = end.at;
        Comment { scan, token, start: self.start, end: end.at, place: Place::Foot, text }
    }

    fn take_comment(&mut self, cursor: &mut Cursor<'_>, peek: usize) {
        if self.text.is_empty() {
            self.start = Spot { at: signed(cursor.mark().chars + peek), line: self.line, column: self.column };
        } else {
            self.text.push('\n');
        }
        self.recent_empty = false;
        let target = cursor.mark().index + peek;
        while cursor.mark().index < target {
            if cursor.break_len(0) > 0 {
                cursor.skip_break();
            } else {
                cursor.skip(1);
            }
        }
        self.text.push_str(&take_line(cursor));
        self.column = 0;
        self.line = cursor.mark().line;
        self.next_indent = self.around.indent.max(0);
    }

    fn finish(self, cursor: &Cursor<'_>, peek: usize) -> Option<Comment> {
        if self.text.is_empty() {
            return None;
        }
        let end = signed(cursor.mark().chars + peek) - 1;
        let (scan, start) = (self.scan, self.start);
        Some(Comment { scan, token: start.at, start, end, place: Place::Head, text: self.text })
    }
}

/// The rest of the line, without its break.
fn take_line(cursor: &mut Cursor<'_>) -> String {
    let rest = cursor.line_rest();
    cursor.take(rest).to_owned()
}

/// Line breaks since the last character that is no blank.
fn newlines(cursor: &Cursor<'_>) -> usize {
    let before = cursor.slice(0, cursor.mark().index);
    let gap = &before[before.trim_end_matches([' ', '\t', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).len()..];
    let pairs = gap.matches("\r\n").count();
    gap.chars().filter(|character| !matches!(character, ' ' | '\t')).count() - pairs
}
