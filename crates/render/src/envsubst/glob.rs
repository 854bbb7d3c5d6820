//! Patterns of `#` and `%`: `*`, `?`, `[a-z]`, `[^a]` and `\`. A star matches anything, slashes too.

/// A pattern that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether a pattern matches the whole text.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> Result<bool, BadPattern> {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on when what follows the last star did not match.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            if rest.is_empty() {
                return Ok(true);
            }
            retry = Some((rest, text));
            pattern = rest;
            continue;
        }
        let step = if pattern.is_empty() { None } else { one(pattern, text)? };
        match step {
            Some((next, left)) => (pattern, text) = (next, left),
            None if pattern.is_empty() && text.is_empty() => return Ok(true),
            None => match retry {
                Some((after, [_, left @ ..])) => {
                    retry = Some((after, left));
                    (pattern, text) = (after, left);
                }
                _ => return Ok(false),
            },
        }
    }
}

/// What is left of pattern and text.
type Rest<'a> = (&'a [u8], &'a [u8]);

/// Matches one element of a pattern; gives what is left of both.
fn one<'a>(pattern: &'a [u8], text: &'a [u8]) -> Result<Option<Rest<'a>>, BadPattern> {
    let Some(first) = text.first() else { return Ok(None) };
    match pattern {
        [b'?', rest @ ..] => {
            let (_, left) = split_char(text);
            Ok(Some((rest, left)))
        }
        [b'[', rest @ ..] => {
            let (character, left) = split_char(text);
            let (hit, rest) = class(rest, character)?;
            Ok(hit.then_some((rest, left)))
        }
        [b'\\', byte, rest @ ..] => Ok((byte == first).then(|| (rest, &text[1..]))),
        [b'\\'] => Err(BadPattern),
        [byte, rest @ ..] => Ok((byte == first).then(|| (rest, &text[1..]))),
        [] => Ok(None),
    }
}

/// The first character, and what follows it. Broken UTF-8 counts byte by byte.
fn split_char(text: &[u8]) -> (char, &[u8]) {
    let length = (1..=text.len().min(4)).find(|length| std::str::from_utf8(&text[..*length]).is_ok());
    let length = length.unwrap_or(1);
    let character = std::str::from_utf8(&text[..length]).ok().and_then(|text| text.chars().next());
    (character.unwrap_or(char::REPLACEMENT_CHARACTER), &text[length..])
}

/// Whether a character is in the class whose `[` was just read, and what follows the class.
fn class(pattern: &[u8], character: char) -> Result<(bool, &[u8]), BadPattern> {
    let (negated, mut rest) = match pattern {
        [b'^', rest @ ..] => (true, rest),
        other => (false, other),
    };
    let (mut hit, mut ranges) = (false, 0);
    loop {
        if let [b']', after @ ..] = rest
            && ranges > 0
        {
            return Ok((hit != negated, after));
        }
        let (low, after) = member(rest)?;
        let (high, after) = match after {
            [b'-', after @ ..] => member(after)?,
            _ => (low, after),
        };
        hit |= (low..=high).contains(&character);
        rest = after;
        ranges += 1;
    }
}

fn member(pattern: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let pattern = match pattern {
        [] | [b'-' | b']', ..] => return Err(BadPattern),
        [b'\\', rest @ ..] => rest,
        other => other,
    };
    if pattern.is_empty() {
        return Err(BadPattern);
    }
    let (character, rest) = split_char(pattern);
    if rest.is_empty() { Err(BadPattern) } else { Ok((character, rest)) }
}
