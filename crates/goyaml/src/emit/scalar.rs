//! Which styles a text may be written in.

use std::borrow::Cow;

use crate::Dialect;
use crate::resolve::{self, Plain};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What the text of a scalar allows.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is allowed or not by itself")]
pub(crate) struct Shape {
    wanted: Style,
    plain: bool,
    single_quoted: bool,
    literal: bool,
    multiline: bool,
}

impl Shape {
    /// A word or number that is always plain.
    pub(crate) fn plain() -> Self {
        Self { wanted: Style::Plain, plain: true, single_quoted: true, literal: true, multiline: false }
    }

    /// Looks through a text that readers of the dialect are to read again.
    pub(crate) fn of(text: &str, dialect: Dialect) -> Self {
        if is_visible(text.as_bytes()) {
            return Self::of_visible(text, dialect);
        }
        let wanted = if text.contains('\n') { Style::Literal } else { of_one_line(text, dialect) };
        Self::new(wanted, &Marks::of(text), dialect)
    }

    /// The same of a text of which [`is_visible`] holds.
    pub(crate) fn of_visible(text: &str, dialect: Dialect) -> Self {
        let wanted = of_one_line(text, dialect);
        if is_ordinary(text.as_bytes()) {
            return Self { wanted, ..Self::plain() };
        }
        if text.is_empty() {
            return Self { wanted, literal: false, ..Self::plain() };
        }
        Self::new(wanted, &Marks::of_visible(text), dialect)
    }

    fn new(wanted: Style, marks: &Marks, dialect: Dialect) -> Self {
        let spoiled = marks.space_break || marks.special;
        // go-yaml v2 counts tabs among the characters that need an escape, v3 lets them stand in literal text.
        let literal = !(marks.trailing_space || spoiled || dialect == Dialect::V2 && marks.tab);
        let spoiled = spoiled || marks.tab;
        Self {
            wanted,
            plain: !(marks.edge_gap || marks.break_space || spoiled || marks.breaks || marks.indicators),
            single_quoted: !(marks.break_space || spoiled),
            literal,
            multiline: marks.breaks,
        }
    }

    /// Whether the text has line breaks of any kind.
    pub(crate) fn is_multiline(self) -> bool {
        self.multiline
    }

    /// The style that is both wanted and allowed.
    pub(crate) fn style(self, simple_key: bool) -> Style {
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

/// The style of a text without line breaks.
fn of_one_line(text: &str, dialect: Dialect) -> Style {
    if reads_as_text(text, dialect) { Style::Plain } else { Style::DoubleQuoted }
}

/// What was found in a text.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent finding")]
struct Marks {
    indicators: bool,
    breaks: bool,
    special: bool,
    tab: bool,
    /// A space or break at either end.
    edge_gap: bool,
    trailing_space: bool,
    /// A space behind a break.
    break_space: bool,
    /// A break behind a space.
    space_break: bool,
}

impl Marks {
    /// The short way for texts of one line that have nothing but visible ASCII, as most sentences do.
    fn of_visible(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (first, last) = (bytes.first().copied(), bytes.last().copied());
        let before = |at: usize| at.checked_sub(1).map(|at| char::from(bytes[at]));
        let next = |at: usize| bytes.get(at + 1).map(|byte| char::from(*byte));
        let indicates = |at: usize| is_indicator(char::from(bytes[at]), before(at), next(at));
        Self {
            indicators: text.starts_with("---")
                || text.starts_with("...")
                || (!bytes.is_empty() && indicates(0))
                || memchr::memchr2_iter(b':', b'#', bytes).any(indicates),
            edge_gap: first == Some(b' ') || last == Some(b' '),
            trailing_space: last == Some(b' '),
            ..Self::default()
        }
    }

    fn of(text: &str) -> Self {
        let mut marks = Self { indicators: text.starts_with("---") || text.starts_with("..."), ..Self::default() };
        let mut before = None;
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let next = rest.clone().next();
            marks.indicators |= is_indicator(character, before, next);
            marks.tab |= character == '\t';
            marks.special |= character != '\t' && !is_printable(character);
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
pub(crate) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml writes without an escape: no control characters, nothing beyond the basic plane.
pub(crate) fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}') && character != '\u{FEFF}'
}

/// Whether a text is one line of visible ASCII. Looked at in pieces, which a processor does at once.
pub(crate) fn is_visible(text: &[u8]) -> bool {
    text.chunks(64).all(|piece| piece.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~')))
}

/// Whether a text has only characters that mean nothing to a reader: the short way for most texts.
fn is_ordinary(text: &[u8]) -> bool {
    let anywhere =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'+' | b'=' | b'$' | b'(' | b')');
    let inside = |byte: u8| anywhere(byte) || matches!(byte, b'.' | b'-' | b',' | b'@' | b'%');
    text.split_first().is_some_and(|(first, rest)| anywhere(*first) && rest.iter().copied().all(inside))
}

/// Whether the text, written plain, would be read as text again; by readers of YAML 1.1, too.
fn reads_as_text(text: &str, dialect: Dialect) -> bool {
    let means = |dialect| resolve::plain(dialect, text, true);
    match means(dialect) {
        Plain::Text if dialect == Dialect::V3 => !matches!(means(Dialect::V2), Plain::Bool(_)) && !is_base60(text),
        Plain::Text => !is_base60(text),
        _ => false,
    }
}

/// Whether the reader of JSON texts refuses it, as it takes these characters for control characters that are not escaped.
pub(crate) fn unreadable_in_json(text: &str) -> bool {
    // The bytes that DEL, the C1 control characters and U+FFFE and U+FFFF start with.
    if memchr::memchr3(0x7F, 0xC2, 0xEF, text.as_bytes()).is_none() {
        return false;
    }
    text.chars()
        .any(|character| matches!(character, '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}') && character != '\u{85}')
}

/// Characters of a text as `encoding/json` writes it, with quotes.
pub(crate) fn length_in_json(text: &str) -> usize {
    let one = |character| match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{C}' => 2,
        '\0'..='\u{1F}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    2 + text.chars().map(one).sum::<usize>()
}

/// `1:30` and the like, which readers of YAML 1.1 take for a number.
fn is_base60(text: &str) -> bool {
    let bytes = text.as_bytes();
    let unsigned = bytes.strip_prefix(b"+").or_else(|| bytes.strip_prefix(b"-")).unwrap_or(bytes);
    if !unsigned.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let unsigned = &text[text.len() - unsigned.len()..];
    let mut parts = unsigned.split(':');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !parts.next().is_some_and(digits) {
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
pub(crate) fn through_json(text: &str) -> Cow<'_, str> {
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

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn the_short_way_finds_what_the_long_one_finds() {
        let parts =
            ["", " ", "a", "-", "---", "...", ":", "#", " #", ": ", "?", "? ", "a b", "'", "[", "%", "@ x", "b:c"];
        for first in parts {
            for second in parts {
                for third in parts {
                    let text = [first, second, third].concat();
                    let (short, long) = (Marks::of_visible(&text), Marks::of(&text));
                    assert_eq!(format!("{short:?}"), format!("{long:?}"), "{text:?}");
                }
            }
        }
    }
}
