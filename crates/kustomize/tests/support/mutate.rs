//! Other texts in which one scalar is another one.

/// Most places inside of one scalar at which something is put in.
const MAX_INNER: usize = 8;

/// Texts like this one, in which the scalar at a line and column (from 1) is changed in one way or another.
pub(crate) fn variants(text: &str, line: u32, column: u32) -> Vec<String> {
    let Some(start) = offset(text, line, column) else { return Vec::new() };
    let start = start + prefix(&text[start..]);
    let rest = &text[start..];
    let range = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(rest, quote),
        Some('|' | '>') => block(rest),
        _ => plain(rest),
    };
    let (from, to) = (start + range.0, start + range.1);
    let inner = &text[from..to];
    let put = |at: usize, new: &str| format!("{}{new}{}", &text[..at], &text[at..]);
    let mut found = Vec::new();
    if inner.parse::<f64>().is_ok() {
        found.push(put(to, "1"));
    }
    if let Some(other) = [("true", "false"), ("false", "true")].iter().find(|(own, _)| *own == inner) {
        found.push(format!("{}{}{}", &text[..from], other.1, &text[to..]));
    }
    if inner.is_empty() {
        found.push(put(from, " x"));
    }
    found.extend([put(to, "x"), put(from, "x"), format!("{}zz{}", &text[..from], &text[to..])]);
    if inner.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        // Base64 stays base64.
        let other = if inner.starts_with('b') { 'c' } else { 'b' };
        found.push(format!("{}{other}{}", &text[..from], &text[from + 1..]));
    }
    let breaks = inner.char_indices().filter(|(_, character)| !character.is_alphanumeric());
    found.extend(breaks.take(MAX_INNER).map(|(at, character)| put(from + at + character.len_utf8(), "x")));
    found
}

fn offset(text: &str, line: u32, column: u32) -> Option<usize> {
    let skipped = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(skipped).map(str::len).sum();
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let own = text.get(start..)?.split('\n').next()?;
    let start = start + own.len() - own.trim_start_matches('\u{feff}').len();
    let own = own.trim_start_matches('\u{feff}');
    Some(start + own.char_indices().nth(column).map_or(own.len(), |(at, _)| at))
}

/// Bytes of tags and anchors before a scalar.
fn prefix(text: &str) -> usize {
    let mut at = 0;
    while text[at..].starts_with(['!', '&']) {
        let word = text[at..].find([' ', '\n']).unwrap_or(text.len() - at);
        let space = text[at + word..].len() - text[at + word..].trim_start_matches(' ').len();
        at += word + space;
    }
    at
}

fn quoted(text: &str, quote: char) -> (usize, usize) {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote {
            let is_doubled = quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == quote);
            if !is_doubled {
                return (1, at);
            }
            characters.next();
        }
    }
    (1, 1)
}

/// The first line of a block that holds anything.
fn block(text: &str) -> (usize, usize) {
    let mut start = text.find('\n').map_or(text.len(), |at| at + 1);
    for line in text[start..].split_inclusive('\n') {
        if !line.trim().is_empty() {
            let indent = line.len() - line.trim_start().len();
            return (start + indent, start + line.trim_end().len());
        }
        start += line.len();
    }
    (0, 0)
}

fn plain(text: &str) -> (usize, usize) {
    let end = text.find(|character: char| character.is_whitespace() || ",]}".contains(character));
    (0, end.unwrap_or(text.len()))
}
