//! String and character literals back into what they mean, as Go's `strconv.Unquote`.

use std::borrow::Cow;

/// The text of a literal with its quotes (`"` or a backquote); `None` if it is not well formed.
pub(crate) fn unquote(literal: &[u8]) -> Option<Cow<'_, [u8]>> {
    let quote = *literal.first()?;
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if quote == b'`' {
        let has_returns = memchr::memchr(b'\r', inner).is_some();
        let without_returns = || inner.iter().copied().filter(|byte| *byte != b'\r').collect();
        return Some(if has_returns { without_returns() } else { inner.into() });
    }
    if memchr::memchr2(b'\\', b'\n', inner).is_none() {
        return Some(inner.into());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(&first) = rest.first() {
        if first == b'\n' || first == quote {
            return None;
        }
        if first == b'\\' {
            rest = escape(rest, quote, &mut out)?;
        } else {
            out.push(first);
            rest = &rest[1..];
        }
    }
    Some(out.into())
}

/// One character of a literal and what follows it.
pub(crate) fn unquote_char(text: &[u8], quote: u8) -> Option<(u32, &[u8])> {
    let first = *text.first()?;
    if first == quote {
        return None;
    }
    if first != b'\\' {
        let (character, length) = decode(text);
        return Some((u32::from(character), &text[length..]));
    }
    let kind = *text.get(1)?;
    code(kind, &text[2..], quote)
}

/// One character out of bytes, U+FFFD of length 1 where they are not UTF-8.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    match bytes.first() {
        None => (char::REPLACEMENT_CHARACTER, 0),
        Some(first) if first.is_ascii() => (char::from(*first), 1),
        Some(_) => decode_long(bytes),
    }
}

fn decode_long(bytes: &[u8]) -> (char, usize) {
    let end = bytes.len().min(4);
    for length in 2..=end {
        if let Ok(text) = str::from_utf8(&bytes[..length]) {
            return (text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER), length);
        }
    }
    (char::REPLACEMENT_CHARACTER, 1)
}

fn escape<'t>(text: &'t [u8], quote: u8, out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let kind = *text.get(1)?;
    let (code, rest) = code(kind, &text[2..], quote)?;
    if matches!(kind, b'x' | b'0'..=b'7') {
        out.push(u8::try_from(code).ok()?);
    } else {
        let character = char::from_u32(code)?;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(rest)
}

/// What the escape of this kind stands for.
fn code(kind: u8, rest: &[u8], quote: u8) -> Option<(u32, &[u8])> {
    let plain = |byte: u8| Some((u32::from(byte), rest));
    match kind {
        b'a' => plain(7),
        b'b' => plain(8),
        b'f' => plain(12),
        b'n' => plain(10),
        b'r' => plain(13),
        b't' => plain(9),
        b'v' => plain(11),
        b'\\' => plain(b'\\'),
        b'\'' | b'"' if kind == quote => plain(kind),
        b'x' => digits(rest, 2, 16),
        b'u' => digits(rest, 4, 16).filter(|(code, _)| char::from_u32(*code).is_some()),
        b'U' => digits(rest, 8, 16).filter(|(code, _)| char::from_u32(*code).is_some()),
        b'0'..=b'7' => {
            let high = u32::from(kind - b'0') * 64;
            digits(rest, 2, 8).map(|(low, rest)| (high + low, rest)).filter(|(code, _)| *code < 256)
        }
        _ => None,
    }
}

fn digits(text: &[u8], count: usize, radix: u32) -> Option<(u32, &[u8])> {
    let digits = str::from_utf8(text.get(..count)?).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    Some((u32::from_str_radix(digits, radix).ok()?, &text[count..]))
}
