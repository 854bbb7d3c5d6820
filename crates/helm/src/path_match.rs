//! Patterns for paths, as Go's `filepath.Match` reads them.

use std::str::Chars;

/// The pattern is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// Whether a whole name matches: `*` and `?` stand for anything but `/`, `[a-z]` and `[^a]` for one character, `\` takes
/// away the meaning of what follows. Where Go notices a malformed pattern only if it comes that far, so does this.
pub fn path_match(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = split_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains('/'));
        }
        if let Some(after) = match_chunk(chunk, name)?
            && (after.is_empty() || !pattern.is_empty())
        {
            name = after;
            continue;
        }
        match star.then(|| match_behind(chunk, name, pattern.is_empty())).transpose()?.flatten() {
            Some(after) => name = after,
            None => return Ok(false),
        }
    }
    Ok(name.is_empty())
}

/// Tries a chunk at every place that a star before it can reach.
fn match_behind<'n>(chunk: &str, name: &'n str, last: bool) -> Result<Option<&'n str>, BadPattern> {
    for (at, character) in name.char_indices() {
        if character == '/' {
            break;
        }
        let behind = at + character.len_utf8();
        if let Some(after) = match_chunk(chunk, &name[behind..])?
            && (after.is_empty() || !last)
        {
            return Ok(Some(after));
        }
    }
    Ok(None)
}

/// The text up to the next star outside brackets, and whether stars stand before it.
fn split_chunk(pattern: &str) -> (bool, &str, &str) {
    let body = pattern.trim_start_matches('*');
    let star = body.len() < pattern.len();
    let (mut bracket, mut escaped) = (false, false);
    for (at, character) in body.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => bracket = true,
            ']' => bracket = false,
            '*' if !bracket => return (star, &body[..at], &body[at..]),
            _ => {}
        }
    }
    (star, body, "")
}

/// What is left of the name behind the chunk, if it starts with it. The whole chunk is checked even after a mismatch.
fn match_chunk<'n>(chunk: &str, name: &'n str) -> Result<Option<&'n str>, BadPattern> {
    if !chunk.bytes().any(|letter| matches!(letter, b'[' | b'?' | b'\\')) {
        return Ok(name.strip_prefix(chunk));
    }
    let mut chunk = chunk.chars();
    let mut name = name.chars();
    let mut failed = false;
    while let Some(wanted) = chunk.next() {
        if !failed && name.as_str().is_empty() {
            failed = true;
        }
        match wanted {
            '[' => {
                let actual = if failed { None } else { name.next() };
                failed |= !in_brackets(&mut chunk, actual)?;
            }
            '?' => failed |= failed || name.next().is_none_or(|actual| actual == '/'),
            '\\' => {
                let wanted = chunk.next().ok_or(BadPattern)?;
                failed |= failed || name.next() != Some(wanted);
            }
            _ => failed |= failed || name.next() != Some(wanted),
        }
    }
    Ok((!failed).then_some(name.as_str()))
}

/// Reads the rest of a bracket; whether the character is in it.
fn in_brackets(chunk: &mut Chars<'_>, actual: Option<char>) -> Result<bool, BadPattern> {
    let negated = chunk.as_str().starts_with('^');
    if negated {
        chunk.next();
    }
    let mut found = false;
    let mut ranges = 0;
    loop {
        if ranges > 0 && chunk.as_str().starts_with(']') {
            chunk.next();
            return Ok(actual.is_some() && found != negated);
        }
        let low = bracket_character(chunk)?;
        let mut high = low;
        if chunk.as_str().starts_with('-') {
            chunk.next();
            high = bracket_character(chunk)?;
        }
        found |= actual.is_some_and(|actual| low <= actual && actual <= high);
        ranges += 1;
    }
}

fn bracket_character(chunk: &mut Chars<'_>) -> Result<char, BadPattern> {
    let character = match chunk.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => chunk.next().ok_or(BadPattern)?,
        Some(character) => character,
    };
    if chunk.as_str().is_empty() { Err(BadPattern) } else { Ok(character) }
}

#[cfg(test)]
mod tests {
    use super::{BadPattern, path_match};

    #[test]
    fn names_match_as_in_go() {
        let cases = [
            ("abc", "abc", Ok(true)),
            ("*", "abc", Ok(true)),
            ("*c", "abc", Ok(true)),
            ("a*", "ab/c", Ok(false)),
            ("a*/b", "abc/b", Ok(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", Ok(true)),
            ("a*b?c*x", "abxbbxdbxebxczzy", Ok(false)),
            ("ab[c]", "abc", Ok(true)),
            ("ab[^c]", "abc", Ok(false)),
            ("ab[e-g]", "abf", Ok(true)),
            ("a\\*b", "a*b", Ok(true)),
            ("a???b", "aα☺βb", Ok(true)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-]", "-", Err(BadPattern)),
            ("[a-b-c]", "a", Err(BadPattern)),
            ("[", "a", Err(BadPattern)),
            ("a[", "a", Err(BadPattern)),
            ("a[", "ab", Err(BadPattern)),
            ("a[", "x", Err(BadPattern)),
            ("*x", "xxx", Ok(true)),
            ("*.?*", ".a", Ok(true)),
            ("templates/.?*", "templates/.a", Ok(true)),
            ("templates/.?*", "templates/.", Ok(false)),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(path_match(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
