//! Texts in folded blocks (`>`). Kustomize writes them as such and reads them again, and go-yaml's writer looks at the
//! beginning of a text where it means the next line: what stood indented gets an empty line before it.

use goyaml::ParseOptions;

/// What a text has become when it was written as a folded block and read again.
pub(crate) fn again(text: &str) -> String {
    if !is_written_folded(text) {
        return text.to_owned();
    }
    let read = goyaml::parse_first(&written(text), &ParseOptions::default()).ok().flatten();
    read.and_then(|read| read.value.str_at(&[KEY]).map(str::to_owned)).unwrap_or_else(|| text.to_owned())
}

const KEY: &str = "k";

/// Whether the writer can take a block for it, and that has several lines. Other texts it sets in quotes.
fn is_written_folded(text: &str) -> bool {
    let is_special = |character: char| {
        character.is_control() && character != '\n' || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
    };
    text.contains('\n') && !text.ends_with(' ') && !text.contains(" \n") && !text.contains(is_special)
}

fn written(text: &str) -> String {
    let indent = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let chomp = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    // Here the writer takes the first line for the next one.
    let doubles = !text.trim_start_matches('\n').is_empty() && !text.trim_start_matches('\n').starts_with([' ', '\t']);
    let mut out = format!("{KEY}: >{indent}{chomp}\n");
    for line in text.split_inclusive('\n') {
        let (content, is_ended) = line.strip_suffix('\n').map_or((line, false), |content| (content, true));
        if !content.is_empty() {
            out.push_str("  ");
            out.push_str(content);
        }
        if is_ended {
            let is_doubled = doubles && !content.is_empty() && !content.starts_with([' ', '\t']);
            out.push_str(if is_doubled { "\n\n" } else { "\n" });
        }
    }
    if !text.ends_with('\n') {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_again() {
        let check = |text: &str, expected: &str| assert_eq!(again(text), expected, "{text:?}");
        check("one line\n", "one line\n");
        check("a\nb\n\nc", "a\nb\n\nc");
        check("a\n  b\nc\n", "a\n\n  b\nc\n");
        check("a\n  b\nc\n\n", "a\n\n  b\nc\n\n\n");
        check(" a\nb", " a\nb");
        check("a \nb", "a \nb");
    }
}
