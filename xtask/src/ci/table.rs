//! Tables in `docs/` that name a test for each of their lines: every test they name exists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::failure::{At, Failure};

/// The documents whose tables name tests in their last column.
const DOCUMENTS: [&str; 2] = ["docs/flux-conformance.md", "docs/security.md"];

/// Fails naming every test that a table names and nothing has.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    let tests = tests(&root.join("crates"))?;
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        let path = root.join(document);
        let text = std::fs::read_to_string(&path).at(&path)?;
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("| ")) {
            let shown_by = line.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
            let named = shown_by.split('`').skip(1).step_by(2);
            wrong
                .extend(named.filter(|name| !tests.contains(*name)).map(|name| format!("{document}:{number}: {name}")));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("no test has the name that a table gives:\n  {}", wrong.join("\n  "))))
}

/// The names of all tests: functions, entries of lists of cases, and folders of recorded cases.
fn tests(crates: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    let mut folders = vec![(crates.to_owned(), false)];
    while let Some((folder, is_test)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).at(&folder)? {
            let path = entry.at(&folder)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if is_test {
                    names.insert(name.clone());
                }
                folders.push((path, is_test || name == "tests"));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).at(&path)?;
                names.extend(functions(&text));
                if is_test {
                    names.extend(cases(&text));
                }
            }
        }
    }
    Ok(names)
}

/// Functions with the attribute of a test.
fn functions(text: &str) -> impl Iterator<Item = String> {
    let attributed = text.split("#[test]").skip(1).chain(text.split("#[tokio::test").skip(1));
    attributed.filter_map(|after| {
        let name = after.split("fn ").nth(1)?;
        Some(name.split(['(', '<']).next().unwrap_or_default().to_owned())
    })
}

/// Entries `("name", …)` of a list of cases, without their modules.
fn cases(text: &str) -> impl Iterator<Item = String> {
    let quoted = text.split("(\"").skip(1).filter_map(|after| after.split_once('"'));
    let listed = quoted.filter(|(_, rest)| rest.starts_with(',')).map(|(name, _)| name);
    listed.map(|name| name.rsplit("::").next().unwrap_or_default().to_owned())
}
