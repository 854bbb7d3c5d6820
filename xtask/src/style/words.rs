//! Looks for words that do not belong into the tree: a file speaks of the product, not of how it was made.

use std::fs;
use std::path::Path;

use super::Finding;
use crate::failure::{At, Failure};

/// Kinds of files that are searched; recordings and test data of others are not ours to word.
const SEARCHED: [&str; 7] = ["rs", "md", "toml", "sh", "mod", "css", "js"];

/// A file larger than this is data, in bytes.
const LARGEST: u64 = 1 << 20;

/// The words, in lower case and in two halves, so that this list is not a finding itself.
const WORDS: [(&str, &str); 19] = [
    ("/wo", "rk/main"),
    ("/wo", "rk/shared"),
    ("/wo", "rk/notes"),
    ("/wo", "rk/target"),
    ("/wo", "rk/.library"),
    ("../sh", "ared/"),
    ("/ro", "ot/"),
    ("/ho", "me/user"),
    ("clau", "de"),
    ("anthro", "pic"),
    ("open", "ai"),
    ("chat", "gpt"),
    ("copi", "lot"),
    ("llm", "s"),
    ("language", " model"),
    ("artificial", " intelligence"),
    ("fix", "me"),
    ("to", "do:"),
    ("xx", "x:"),
];

/// What a number of an issue or a pull request stands after.
const NUMBERED: [&str; 4] = ["issue #", "pr #", "pull request #", "ticket #"];

/// The findings of one file.
pub(super) fn search(root: &Path, file: &Path) -> Result<Vec<Finding>, Failure> {
    let path = root.join(file);
    let searched = file.extension().and_then(|end| end.to_str()).is_some_and(|end| SEARCHED.contains(&end))
        || file.starts_with(".ci");
    let data = file.iter().any(|part| part == "testdata" || part == "fixtures");
    if !searched || data || fs::metadata(&path).at(&path)?.len() > LARGEST {
        return Ok(Vec::new());
    }
    let bytes = fs::read(&path).at(&path)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().enumerate();
    Ok(lines
        .filter_map(|(index, line)| {
            let word = found(&line.to_lowercase())?;
            let what = format!("`{word}` does not belong into the tree");
            Some(Finding { file: file.to_path_buf(), line: index + 1, what })
        })
        .collect())
}

fn found(line: &str) -> Option<String> {
    let words = WORDS.iter().map(|(start, end)| format!("{start}{end}"));
    let mut found = words.filter(|word| whole_word(line, word));
    found.next().or_else(|| {
        let numbered = NUMBERED.iter().filter(|before| {
            let after = line.split_once(**before).map(|(_, after)| after);
            after.is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
        });
        numbered.map(|before| format!("{before}…")).next()
    })
}

/// Whether `word` stands in `line` with no letter or digit before it.
fn whole_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(char::is_alphanumeric) || word.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn words_are_found_whole_and_in_any_case_of_the_caller() {
        let check = |line: &str, expect: bool| assert_eq!(found(line).is_some(), expect, "{line}");
        check(concat!("see issue ", "#12"), true);
        check("see the issue #x", false);
        check(concat!("as chat", "gpt says"), true);
        check("let todos = 1;", false);
        check(concat!("// to", "do: later"), true);
        check("cd ../shared-libs", false);
    }
}
