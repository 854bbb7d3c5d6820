//! Strings in quotes as Go's `strconv` writes them.

use std::io::Write;

use crate::syntax::unquote::decode;

/// `strconv.Quote`: what cannot be printed is escaped.
pub fn quote(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_quoted(text, &mut out);
    into_text(out)
}

/// The same, behind what is in `out`.
pub(crate) fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    write(text, out, is_print);
}

/// `strconv.QuoteToASCII`: what is not ASCII is escaped.
pub(crate) fn quote_ascii(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write(text, &mut out, |character| character.is_ascii() && is_print(character));
    into_text(out)
}

/// What is written here is characters and escapes.
fn into_text(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap_or_default()
}

fn write(text: &[u8], out: &mut Vec<u8>, plain: impl Fn(char) -> bool) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let usual = rest.iter().position(|byte| !is_usual(*byte)).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..usual]);
        rest = &rest[usual..];
        let Some(&first) = rest.first() else { break };
        let (character, length) = decode(rest);
        if length == 1 && first >= 0x80 {
            push_code(out, 'x', u32::from(first), 2);
        } else {
            push(out, character, '"', &plain);
        }
        rest = &rest[length..];
    }
    out.push(b'"');
}

/// Whether a byte stands for itself between double quotes.
fn is_usual(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

/// `strconv.QuoteRune`.
pub(super) fn quote_char(character: char, ascii: bool) -> String {
    let mut out = vec![b'\''];
    push(&mut out, character, '\'', &|character| is_print(character) && (!ascii || character.is_ascii()));
    out.push(b'\'');
    into_text(out)
}

fn push(out: &mut Vec<u8>, character: char, quote: char, plain: &impl Fn(char) -> bool) {
    match character {
        '\\' => out.extend_from_slice(b"\\\\"),
        _ if character == quote => {
            out.push(b'\\');
            push_char(out, quote);
        }
        _ if plain(character) => push_char(out, character),
        '\u{7}' => out.extend_from_slice(b"\\a"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{b}' => out.extend_from_slice(b"\\v"),
        '\0'..='\u{1f}' | '\u{7f}' => push_code(out, 'x', u32::from(character), 2),
        '\u{80}'..='\u{ffff}' => push_code(out, 'u', u32::from(character), 4),
        _ => push_code(out, 'U', u32::from(character), 8),
    }
}

fn push_char(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn push_code(out: &mut Vec<u8>, kind: char, code: u32, digits: usize) {
    // Writing into a Vec does not fail.
    let _ = write!(out, "\\{kind}{code:0digits$x}");
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
