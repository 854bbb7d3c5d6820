//! Strings in quotes as Go's `strconv` writes them.

use std::fmt::Write;

use crate::syntax::unquote::decode;

/// `strconv.Quote`: what cannot be printed is escaped.
pub fn quote(text: &[u8]) -> String {
    quoted(text, is_print)
}

/// `strconv.QuoteToASCII`: what is not ASCII is escaped.
pub(crate) fn quote_ascii(text: &[u8]) -> String {
    quoted(text, |character| character.is_ascii() && is_print(character))
}

fn quoted(text: &[u8], plain: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let (character, length) = decode(rest);
        if length == 1 && first >= 0x80 {
            push_code(&mut out, 'x', u32::from(first), 2);
        } else {
            push(&mut out, character, '"', &plain);
        }
        rest = &rest[length..];
    }
    out.push('"');
    out
}

/// `strconv.QuoteRune`.
pub(super) fn quote_char(character: char, ascii: bool) -> String {
    let mut out = "'".to_owned();
    push(&mut out, character, '\'', &|character| is_print(character) && (!ascii || character.is_ascii()));
    out.push('\'');
    out
}

fn push(out: &mut String, character: char, quote: char, plain: &impl Fn(char) -> bool) {
    match character {
        '\\' => out.push_str("\\\\"),
        _ if character == quote => {
            out.push('\\');
            out.push(quote);
        }
        _ if plain(character) => out.push(character),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        '\0'..='\u{1f}' | '\u{7f}' => push_code(out, 'x', u32::from(character), 2),
        '\u{80}'..='\u{ffff}' => push_code(out, 'u', u32::from(character), 4),
        _ => push_code(out, 'U', u32::from(character), 8),
    }
}

fn push_code(out: &mut String, kind: char, code: u32, digits: usize) {
    out.push('\\');
    out.push(kind);
    // Writing into a String does not fail.
    let _ = write!(out, "{code:0digits$x}");
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    // After another character, escape_debug escapes exactly what has no glyph.
    let mut text = [b'a'; 5];
    let length = character.encode_utf8(&mut text[1..]).len();
    str::from_utf8(&text[..=length]).is_ok_and(|text| text.escape_debug().nth(1) == Some(character))
}
