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
        [b'[', b']', rest @ ..] | [b'{', b'}', rest @ ..] => is_end(rest).then_some(Scalar::Collection),
        [b'[', rest @ ..] => list(rest),
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

/// A list of texts on one line, without nesting.
fn list(text: &[u8]) -> Option<Scalar<'_>> {
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        rest = if rest.starts_with(b"\"") {
            quoted(rest)?.1
        } else {
            let end = rest.iter().position(|byte| !is_name(*byte))?;
            if !matches!(plain(&rest[..end])?, Scalar::Text(_)) {
                return None;
            }
            &rest[end..]
        };
        match rest.trim_ascii_start() {
            [b',', after @ ..] => rest = after,
            [b']', after @ ..] => return is_end(after).then_some(Scalar::Collection),
            _ => return None,
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
