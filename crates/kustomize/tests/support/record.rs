//! What the real kustomize makes of the cases, written down.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use kustomize::{BuildError, Resource};

use crate::{cases, disk};

/// Files of a case that are recorded.
const EXPECTED: [&str; 3] = ["expected.yaml", "expected.error", "expected.message"];

/// Records the cases below a folder whose paths contain the program's first argument.
pub(crate) fn all(root: &Path, record: impl Fn(&Path) -> Result<&'static str, Box<dyn Error>>) -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    for case in cases::all(root).iter().filter(|case| case.to_string_lossy().contains(&only)) {
        // They lie in the tree that is built.
        match forget(case).and_then(|()| record(case)) {
            Ok(word) => println!("{word} {}", case.strip_prefix(root).unwrap_or(case).display()),
            Err(error) => {
                println!("{}: {error}", case.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn forget(case: &Path) -> Result<(), Box<dyn Error>> {
    for old in EXPECTED.map(|name| case.join(name)) {
        if old.exists() {
            fs::remove_file(old)?;
        }
    }
    Ok(())
}

/// Writes the expectations of one case: what ours says where it fails, what the real one prints or says. Gives a word on
/// how they compare.
pub(crate) fn write(
    case: &Path,
    ours: &Result<Vec<Resource>, Vec<BuildError>>,
    real: Result<String, String>,
) -> Result<&'static str, Box<dyn Error>> {
    let [yaml, error, message] = EXPECTED.map(|name| case.join(name));
    let found = disk::shown(ours);
    if ours.is_err() {
        fs::write(&message, &found)?;
    }
    let word = match (&real, ours.is_ok()) {
        (Ok(expected), true) if disk::first_difference(expected, &found).is_none() => "same   ",
        (Ok(_), true) => "DIFFERS",
        (Ok(_), false) => "refused",
        (Err(_), false) => "error  ",
        (Err(_), true) => "TOO LAX",
    };
    match real {
        Ok(expected) => fs::write(&yaml, expected)?,
        Err(text) => fs::write(&error, text)?,
    }
    Ok(word)
}

/// The text without what is another in every run: where the case lies, and addresses in memory.
pub(crate) fn stable(text: &str, case: &Path) -> String {
    let text = text.replace(&*case.to_string_lossy(), "CASE");
    let mut parts = text.split("0xc");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str("ADDRESS");
        result.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    result
}
