//! Recorded cases as tests.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use crate::{cases, disk};

/// A test of each case, by its name.
///
/// # Panics
/// If there are none.
pub(crate) fn trials(root: &Path, check: fn(&Path) -> Result<(), Failed>) -> Vec<Trial> {
    let cases = cases::all(root);
    assert!(!cases.is_empty(), "there are no cases under {}", root.display());
    let trial = |case: PathBuf| {
        let name = case.strip_prefix(root).unwrap_or(&case).display().to_string();
        Trial::test(name, move || check(&case))
    };
    cases.into_iter().map(trial).collect()
}

/// Fails where a case does not give what was recorded: its objects where it builds, as `read` takes them, else the message.
pub(crate) fn compare(
    case: &Path,
    (builds, found): (bool, &str),
    read: fn(&str) -> Result<String, Failed>,
) -> Result<(), Failed> {
    let name = if builds { "expected.yaml" } else { "expected.message" };
    let expected = fs::read_to_string(case.join(name)).map_err(|_| format!("{name} is missing; we say:\n{found}"))?;
    let expected = if builds { read(&expected)? } else { expected };
    match disk::first_difference(&expected, found) {
        None => Ok(()),
        Some(difference) => Err(format!("{name}: {difference}\n--- found:\n{found}").into()),
    }
}
