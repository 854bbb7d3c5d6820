//! What the operators do. Lengths and positions count bytes, as in Flux.

use super::EnvsubstError;
use super::glob;

/// Bytes of a value and a pattern that are matched: the time grows with the cube of it.
const MAX_PATTERN: usize = 4 << 10;

/// Whether an operator says itself what a missing variable is.
pub(super) fn gives_default(operator: &str) -> bool {
    matches!(operator, "-" | "+" | "=" | "?" | ":-" | ":+" | ":=" | ":?")
}

/// Applies an operator to a value.
pub(super) fn call(operator: &str, value: &str, arguments: &[String]) -> Result<String, EnvsubstError> {
    let argument = |at: usize| arguments.get(at).map_or("", String::as_str);
    Ok(match operator {
        "," => change_first(value, |c| c.to_lowercase().collect()),
        ",," => value.to_lowercase(),
        "^" => change_first(value, |c| c.to_uppercase().collect()),
        "^^" => value.to_uppercase(),
        "#" if arguments.is_empty() => value.len().to_string(),
        "#" | "##" => trim(value, argument(0), operator == "##")?,
        "%" | "%%" => reverse(&trim(&reverse(value), &reverse(argument(0)), operator == "%%")?),
        ":" => part(value, arguments)?,
        "/" => value.replacen(argument(0), argument(1), 1),
        "//" => value.replace(argument(0), argument(1)),
        "/#" if arguments.len() == 2 && value.starts_with(argument(0)) => value.replacen(argument(0), argument(1), 1),
        "/%" if arguments.len() == 2 => match value.strip_suffix(argument(0)) {
            Some(start) => format!("{start}{}", argument(1)),
            None => value.to_owned(),
        },
        "/#" | "/%" => value.to_owned(),
        _ if value.is_empty() => arguments.concat(),
        _ => value.to_owned(),
    })
}

fn change_first(value: &str, change: impl Fn(char) -> String) -> String {
    let mut characters = value.chars();
    characters.next().map(|first| change(first) + characters.as_str()).unwrap_or_default()
}

fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}

/// Takes the start away that matches a pattern: the longest or the shortest one that does, never nothing.
fn trim(value: &str, pattern: &str, longest: bool) -> Result<String, EnvsubstError> {
    if value.len() > MAX_PATTERN || pattern.len() > MAX_PATTERN {
        return Err(EnvsubstError::TooLarge("patterns are matched against at most 4 KiB"));
    }
    let mut found = None;
    for end in (1..=value.len()).rev() {
        match glob::matches(pattern.as_bytes(), &value.as_bytes()[..end]) {
            Err(glob::BadPattern) => return Ok(value.to_owned()),
            Ok(false) => {}
            Ok(true) => {
                found = Some(end);
                if longest {
                    break;
                }
            }
        }
    }
    Ok(String::from_utf8_lossy(&value.as_bytes()[found.unwrap_or(0)..]).into_owned())
}

/// `${v:start:length}`; what is no number gives the whole value.
fn part(value: &str, arguments: &[String]) -> Result<String, EnvsubstError> {
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<i64>().ok());
    let length = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let Some(start) = number(0) else { return Ok(value.to_owned()) };
    let start = if start < 0 { (length + start).max(0) } else { start };
    let end = match (arguments.len(), number(1)) {
        (1, _) => length,
        (_, None) => return Ok(value.to_owned()),
        (_, Some(count)) => start.saturating_add(count),
    };
    if start >= length && end >= length {
        return Ok(String::new());
    }
    let (from, to) = (usize::try_from(start), usize::try_from(end.min(length)));
    match (from, to) {
        (Ok(from), Ok(to)) if from <= to => Ok(String::from_utf8_lossy(&value.as_bytes()[from..to]).into_owned()),
        _ => Err(EnvsubstError::BadSubstitution),
    }
}
