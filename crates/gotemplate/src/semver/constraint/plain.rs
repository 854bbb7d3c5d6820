//! Ranges as most are written, without patterns: those take longer to make than a small chart to render.

use super::Written;

/// Longer ones before those that they begin with.
const OPERATORS: [&str; 11] = [">=", "=>", "<=", "=<", "!=", "~>", ">", "<", "=", "~", "^"];

/// The comparisons of one alternative, if they are numbers or `x` with operators between spaces or commas: no metadata and no
/// `1.2 - 1.4`.
pub(super) fn read(text: &str) -> Option<Vec<Written<'_>>> {
    let mut found = Vec::with_capacity(1);
    let mut rest = after_space(text);
    loop {
        let (written, behind) = one(rest)?;
        found.push(written);
        let next = after_space(behind);
        if next.is_empty() {
            return Some(found);
        }
        rest = match next.strip_prefix(',') {
            Some(next) => after_space(next),
            None if next.len() < behind.len() => next,
            None => return None,
        };
    }
}

/// One comparison, and what is behind it.
fn one(text: &str) -> Option<(Written<'_>, &str)> {
    let operator = OPERATORS.iter().find(|operator| text.starts_with(**operator)).map_or("", |operator| operator);
    let rest = after_space(&text[operator.len()..]);
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let (major, mut rest) = number(rest)?;
    let mut numbers = [major, "", ""];
    for part in &mut numbers[1..] {
        if let Some(behind) = rest.strip_prefix('.') {
            (*part, rest) = number(behind)?;
        }
    }
    let (suffix, rest) = prerelease(rest)?;
    Some((Written { operator, numbers, suffix }, rest))
}

/// Digits, or the letter for any number.
fn number(text: &str) -> Option<(&str, &str)> {
    let end = match text.bytes().next()? {
        b'x' | b'X' | b'*' => 1,
        _ => text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()),
    };
    (end > 0).then(|| text.split_at(end))
}

/// What stands behind a `-`, with it; nothing if that is no prerelease.
fn prerelease(text: &str) -> Option<(&str, &str)> {
    let Some(name) = text.strip_prefix('-') else {
        return Some(("", text));
    };
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let end = name.bytes().position(|byte| !is_part(byte)).unwrap_or(name.len());
    let is_whole = name[..end].split('.').all(|part| !part.is_empty());
    is_whole.then(|| text.split_at(end + 1))
}

/// The text behind what is space in Go's patterns.
fn after_space(text: &str) -> &str {
    text.trim_start_matches(['\t', '\n', '\u{C}', '\r', ' '])
}
