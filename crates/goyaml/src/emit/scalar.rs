//! Which styles a text may be written in.

use std::borrow::Cow;

use crate::Dialect;
use crate::resolve::{self, Plain};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What the text of a scalar allows.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is allowed or not by itself")]
pub(super) struct Shape {
    wanted: Style,
    plain: bool,
    single_quoted: bool,
    literal: bool,
    multiline: bool,
}

impl Shape {
    /// A word or number that is always plain.
    pub(super) fn plain() -> Self {
        Self { wanted: Style::Plain, plain: true, single_quoted: true, literal: true, multiline: false }
    }

    /// Looks through a text.
    pub(super) fn of(text: &str) -> Self {
        let wanted = if text.contains('\n') {
            Style::Literal
        } else if reads_as_text(text) {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
        if text.is_empty() {
            return Self { wanted, literal: false, ..Self::plain() };
        }
        let marks = Marks::of(text);
        let spoiled = marks.space_break || marks.special;
        Self {
            wanted,
            plain: !(marks.edge_gap || marks.break_space || spoiled || marks.breaks || marks.indicators),
            single_quoted: !(marks.break_space || spoiled),
            literal: !(marks.trailing_space || spoiled),
            multiline: marks.breaks,
        }
    }

    /// Whether the text has line breaks of any kind.
    pub(super) fn is_multiline(self) -> bool {
        self.multiline
    }

    /// The style that is both wanted and allowed.
    pub(super) fn style(self, simple_key: bool) -> Style {
        let mut style = self.wanted;
        if simple_key && self.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && !self.plain {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !self.single_quoted {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!self.literal || simple_key) {
            style = Style::DoubleQuoted;
        }
        style
    }
}

/// What was found in a text.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent finding")]
struct Marks {
    indicators: bool,
    breaks: bool,
    special: bool,
    /// A space or break at either end.
    edge_gap: bool,
    trailing_space: bool,
    /// A space behind a break.
    break_space: bool,
    /// A break behind a space.
    space_break: bool,
}

impl Marks {
    fn of(text: &str) -> Self {
        let mut marks = Self { indicators: text.starts_with("---") || text.starts_with("..."), ..Self::default() };
        let mut before = None;
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let next = rest.clone().next();
            marks.indicators |= is_indicator(character, before, next);
            marks.special |= !is_printable(character);
            let edge = before.is_none() || next.is_none();
            if character == ' ' {
                marks.edge_gap |= edge;
                marks.trailing_space |= next.is_none();
                marks.break_space |= before.is_some_and(is_break);
            } else if is_break(character) {
                marks.breaks = true;
                marks.edge_gap |= edge;
                marks.space_break |= before == Some(' ');
            }
            before = Some(character);
        }
        marks
    }
}

/// Whether a character would mean something to a reader where it stands.
fn is_indicator(character: char, before: Option<char>, next: Option<char>) -> bool {
    let gap_follows = next.is_none_or(|next| matches!(next, ' ' | '\t'));
    match (before, character) {
        (None, '?' | ':' | '-') | (Some(_), ':') => gap_follows,
        (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => true,
        (Some(before), '#') => matches!(before, ' ' | '\t' | '\0') || is_break(before),
        _ => false,
    }
}

/// What go-yaml takes for a line break.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml writes without an escape: no control characters, nothing beyond the basic plane.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}') && character != '\u{FEFF}'
}

/// Whether the text, written plain, would be read as text again.
fn reads_as_text(text: &str) -> bool {
    resolve::plain(Dialect::V2, text, true) == Plain::Text && !is_base60(text)
}

/// `1:30` and the like, which readers of YAML 1.1 take for a number.
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let Some(first) = parts.next() else {
        return false;
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !first.starts_with(|digit: char| digit.is_ascii_digit()) || !digits(first) {
        return false;
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return false;
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    middle.iter().chain([&last]).all(|part| is_sixty(part)) && digits(fraction)
}

/// One or two digits below sixty.
fn is_sixty(part: &str) -> bool {
    match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => matches!(tens, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    }
}

/// The text after its way through JSON, which a YAML reader reads: a NEL in it folds as a line break does.
pub(super) fn through_json(text: &str) -> Cow<'_, str> {
    const NEL: char = '\u{85}';
    if !text.contains(NEL) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut breaks = 0;
    let count = text.matches(NEL).count();
    for (number, line) in text.split(NEL).enumerate() {
        let inner = if number == 0 { line } else { line.trim_start_matches(' ') };
        let last = number == count;
        let inner = if last { inner } else { inner.trim_end_matches(' ') };
        if number > 0 {
            breaks += 1;
        }
        if inner.is_empty() && !last {
            continue;
        }
        match std::mem::take(&mut breaks) {
            0 => {}
            1 => out.push(' '),
            more => out.extend(std::iter::repeat_n('\n', more - 1)),
        }
        out.push_str(inner);
    }
    Cow::Owned(out)
}
