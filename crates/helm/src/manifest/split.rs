//! Documents of a text, as Helm cuts them: with patterns, before anything is read as YAML.

use memchr::memmem;

use crate::compat::HelmCompat;

/// The documents of a text, without their `---` and without empty ones: the pattern is `(?:^|\s*\n)---\s*`. Documents have no
/// space at either end; from Helm 4.2 on, what stands at the end of the last one stays.
pub fn split(text: &str, compat: HelmCompat) -> Vec<&str> {
    let keep_end = compat == HelmCompat::V4_2;
    let text = if keep_end { text.trim_start() } else { text.trim() };
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
    let trimmed = documents.into_iter().map(|document| if keep_end { document.trim_start() } else { document.trim() });
    trimmed.filter(|document| !document.trim().is_empty()).collect()
}

/// `\s` of Go's patterns.
fn is_go_space(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\u{C}' | '\r' | ' ')
}

fn after_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_go_space).len()
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
        assert_eq!(split("\na: 1 \n\n---\n b: 2\n\n", HelmCompat::V4_2), ["a: 1", "b: 2\n\n"]);
    }
}
