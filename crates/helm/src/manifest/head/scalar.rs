//! What a line holds: an item, an entry, a scalar.

/// A value as far as its line tells.
pub(super) enum Scalar<'t> {
    /// Nothing so far.
    Nothing,
    /// A text.
    Text(&'t [u8]),
    /// A text that is written with escapes, a number, a truth value, or what looks like them.
    Other,
    /// The lines that follow.
    Block,
    /// A list or map between brackets.
    Collection,
}

/// What stands behind a dash.
pub(super) fn item(line: &[u8]) -> Option<&[u8]> {
    match line {
        [b'-'] => Some(&[]),
        [b'-', b' ', rest @ ..] => Some(rest.trim_ascii_start()),
        _ => None,
    }
}

/// A key that is a text and nothing else, and what stands behind it.
pub(super) fn entry(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, rest) = key(line)?;
    match rest {
        [b':'] | [b':', b' ', ..] => Some((key, rest[1..].trim_ascii_start())),
        _ => None,
    }
}

fn key(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const MAX: usize = 128;
    let quote = line.first().copied().filter(|first| matches!(first, b'"' | b'\''));
    let name = &line[usize::from(quote.is_some())..];
    let (name, rest) = name.split_at(name.iter().position(|byte| !is_name(*byte))?);
    let first = name.first().filter(|_| name.len() <= MAX)?;
    if let Some(quote) = quote {
        return Some((name, rest.strip_prefix(&[quote])?));
    }
    let is_text = (first.is_ascii_alphabetic() || matches!(first, b'_' | b'/')) && !is_word(name);
    is_text.then_some((name, rest))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-')
}

/// Whether a text without quotes is a truth value or null in some dialect.
fn is_word(text: &[u8]) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

/// Reads what stands behind a dash or a key; `None` if it is not certain to end with its line.
pub(super) fn read(text: &[u8]) -> Option<Scalar<'_>> {
    match text {
        [] | [b'#', ..] => Some(Scalar::Nothing),
        [b'|' | b'>'] | [b'|' | b'>', b'-' | b'+'] => Some(Scalar::Block),
        [b'"', ..] => double_quoted(text),
        [b'\'', ..] => single_quoted(text),
        [b'[' | b'{', ..] => is_end(collection(text, 0)?).then_some(Scalar::Collection),
        _ => plain(text),
    }
}

/// Whether there is nothing more, or a comment.
fn is_end(rest: &[u8]) -> bool {
    let text = rest.trim_ascii_start();
    text.is_empty() || text[0] == b'#' && text.len() < rest.len()
}

fn double_quoted(text: &[u8]) -> Option<Scalar<'_>> {
    let (inner, rest) = quoted(text)?;
    if !is_end(rest) {
        return None;
    }
    Some(if inner.contains(&b'\\') { Scalar::Other } else { Scalar::Text(inner) })
}

/// The text between double quotes with usual escapes only, and what follows.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((&text[1..at], &text[at + 1..]));
        }
        if !matches!(text.get(at + 1), Some(b'"' | b'\\' | b'n' | b't' | b'r')) {
            return None;
        }
        at += 2;
    }
}

fn single_quoted(text: &[u8]) -> Option<Scalar<'_>> {
    let end = 1 + memchr::memchr(b'\'', &text[1..])?;
    is_end(&text[end + 1..]).then_some(Scalar::Text(&text[1..end]))
}

/// Collections within collections on one line; more are left to the YAML reader.
const MAX_DEPTH: usize = 16;

/// What follows a list or map between brackets or braces on one line, in which each key has a value behind a colon and a
/// space.
fn collection(text: &[u8], depth: usize) -> Option<&[u8]> {
    let is_map = text.starts_with(b"{");
    let end = if is_map { b'}' } else { b']' };
    let mut rest = text[1..].trim_ascii_start();
    if rest.first() == Some(&end) {
        return Some(&rest[1..]);
    }
    loop {
        if is_map {
            let (_, behind) = key(rest)?;
            rest = behind.strip_prefix(b": ")?.trim_ascii_start();
        }
        let (next, behind) = member(rest, depth)?.trim_ascii_start().split_first()?;
        match *next {
            b',' => rest = behind.trim_ascii_start(),
            next if next == end => return Some(behind),
            _ => return None,
        }
    }
}

/// What follows a value in a collection.
fn member(text: &[u8], depth: usize) -> Option<&[u8]> {
    match text.first()? {
        b'{' | b'[' if depth < MAX_DEPTH => collection(text, depth + 1),
        b'"' => Some(quoted(text)?.1),
        _ => {
            let (value, rest) = text.split_at(text.iter().position(|byte| !is_name(*byte))?);
            plain(value).map(|_| rest)
        }
    }
}

/// A text without quotes.
fn plain(text: &[u8]) -> Option<Scalar<'_>> {
    let comment = memchr::memchr_iter(b'#', text).find(|at| *at > 0 && text[at - 1] == b' ');
    let text = text[..comment.unwrap_or(text.len())].trim_ascii_end();
    let starts = match text {
        [b'-', b'-', b'-', ..] | [] => false,
        [b'-', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'-' | b'/'),
        [first, ..] => first.is_ascii_alphanumeric() || matches!(first, b'/' | b'_' | b'$' | b'(' | b'^'),
    };
    let is_key = memchr::memchr_iter(b':', text).any(|at| matches!(text.get(at + 1), None | Some(b' ')));
    if !starts || is_key || may_be_huge(text) {
        return None;
    }
    let certain = text[0].is_ascii_alphabetic() && !is_word(text);
    Some(if certain { Scalar::Text(text) } else { Scalar::Other })
}

/// Whether a text may be a number with an exponent, which may not fit.
fn may_be_huge(text: &[u8]) -> bool {
    let digits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'e' | b'E' | b'+' | b'-' | b'.' | b'_');
    !text[0].is_ascii_alphabetic() && text.iter().all(digits) && text.iter().any(|byte| matches!(byte, b'e' | b'E'))
}
