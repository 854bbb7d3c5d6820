//! Documents of a text, as Helm cuts them: with patterns, before anything is read as YAML.

use memchr::memmem;

use crate::compat::HelmCompat;

/// The documents of a text, without their `---` and without empty ones.
pub fn split(text: &str, compat: HelmCompat) -> Vec<&str> {
    if compat == HelmCompat::V4_2 { at_lines(text) } else { at_space(text.trim()) }
}

/// Helm up to 4.1: `(?:^|\s*\n)---\s*`, and each piece trimmed.
fn at_space(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let mut start = 0;
    if text.starts_with("---") {
        start = after_space(text, 3);
    }
    let bytes = text.as_bytes();
    let finder = memmem::Finder::new(b"\n---");
    let mut from = start;
    while let Some(at) = finder.find(&bytes[from..]) {
        let at = from + at;
        documents.push(text[start..at].trim_end_matches(is_go_space));
        start = after_space(text, at + 4);
        from = start;
    }
    documents.push(&text[start..]);
    documents.into_iter().filter(|document| !document.is_empty()).map(str::trim).collect()
}

/// `\s` of Go's patterns.
fn is_go_space(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\u{C}' | '\r' | ' ')
}

fn after_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_go_space).len()
}

/// Helm from 4.2: `(?m)^---[ \t]*`; what is at the end of a document stays.
fn at_lines(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut from = 0;
    let mut cut = |start: usize, end: usize| {
        let piece = &text[start..end];
        if !piece.trim().is_empty() {
            documents.push(piece.trim_start_matches(['\r', '\n']));
        }
    };
    while let Some(at) = memmem::find(&text.as_bytes()[from..], b"---") {
        let at = from + at;
        from = at + 3;
        if at > 0 && !text[..at].ends_with('\n') {
            continue;
        }
        cut(start, at);
        start = text.len() - text[from..].trim_start_matches([' ', '\t']).len();
        from = start;
    }
    cut(start, text.len());
    documents
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::compat::HelmCompat;

    #[test]
    fn documents_end_where_a_line_starts_with_dashes() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("\n\n", &[]),
            ("a: 1", &["a: 1"]),
            ("---\na: 1\n---\nb: 2\n", &["a: 1", "b: 2"]),
            ("a: 1\n---b: 2", &["a: 1", "b: 2"]),
            ("a: 1\n ---\nb: 2", &["a: 1\n ---\nb: 2"]),
            ("a: 1  \n\n---   \n\n  b: 2", &["a: 1", "b: 2"]),
            ("---\n---\na: 1", &["---\na: 1"]),
            ("---\n\n# only words\n---\na: 1", &["# only words", "a: 1"]),
            ("a: 1\n------\nb: 2", &["a: 1", "---\nb: 2"]),
            ("x: |\n  a\n---\n---", &["x: |\n  a", "---"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text, HelmCompat::V4_1), *expected, "{text:?}");
        }
    }
}
