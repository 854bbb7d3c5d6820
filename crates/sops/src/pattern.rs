//! Regular expressions as Go reads them: `\d`, `\w`, `\s` and `\b` are ASCII, `\Q…\E` quotes.

use regex::bytes::{Regex, RegexBuilder};

use crate::{Fault, SopsError};

/// Bytes that one compiled expression may take.
const MAX_SIZE: usize = 1 << 20;

/// Compiles an expression of the field.
pub(crate) fn compile(field: &'static str, text: &str) -> Result<Regex, SopsError> {
    let built = RegexBuilder::new(&translated(text)).size_limit(MAX_SIZE).build();
    built.map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Fault::Pattern { field, text: text.to_owned(), why }.into()
    })
}

fn translated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        rest = &rest[letter.len_utf8()..];
        match letter {
            'd' => out.push_str("[0-9]"),
            'D' => out.push_str("[^0-9]"),
            's' => out.push_str("[\\t\\n\\f\\r ]"),
            'S' => out.push_str("[^\\t\\n\\f\\r ]"),
            'w' => out.push_str("[0-9A-Za-z_]"),
            'W' => out.push_str("[^0-9A-Za-z_]"),
            'b' => out.push_str("(?-u:\\b)"),
            'B' => out.push_str("(?-u:\\B)"),
            'Q' => {
                let quoted = rest.find("\\E").unwrap_or(rest.len());
                out.push_str(&regex::escape(&rest[..quoted]));
                rest = rest.get(quoted + 2..).unwrap_or_default();
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn expressions_are_gos() {
        let check = |pattern: &str, text: &str, expect: bool| {
            let regex = compile("path_regex", pattern).expect("it is right");
            assert_eq!(regex.is_match(text.as_bytes()), expect, "{pattern} {text}");
        };
        check(r"^(data|stringData)$", "stringData", true);
        check(r"^\d+$", "٣", false);
        check(r"^[\d\w]+$", "a1_", true);
        check(r"\Qa.b\E$", "a.b", true);
        check(r"\Qa.b\E$", "axb", false);
        check(r"secrets/.*\.ya?ml$", "secrets/x.yml", true);
        check(r"\bkey\b", "a key", true);
        assert!(compile("path_regex", "(").is_err());
        assert!(compile("path_regex", "(a{1000}){1000}").is_err(), "an expression may not grow without bound");
    }
}
