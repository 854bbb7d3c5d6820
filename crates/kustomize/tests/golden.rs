//! Builds every recorded case and compares with what the real kustomize printed, byte for byte.
//!
//! A case is a folder under `cases/`; see the README there.

use std::path::Path;

use kustomize::{BuildOptions, MemoryFiles};
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "support/cases.rs"]
mod cases;
#[path = "support/disk.rs"]
mod disk;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let cases = cases::all(&root);
    assert!(!cases.is_empty(), "there are no cases under {}", root.display());
    let trials = cases.into_iter().map(|case| {
        let name = case.strip_prefix(&root).unwrap_or(&case).display().to_string();
        Trial::test(name, move || check(&case))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(case: &Path) -> Result<(), Failed> {
    let files: MemoryFiles = disk::read(case).map_err(|error| error.to_string())?;
    let outcome = kustomize::build(&files, cases::start(case), &BuildOptions::default());
    let found = disk::shown(&outcome);
    let name = if outcome.is_ok() { "expected.yaml" } else { "expected.message" };
    let expected =
        std::fs::read_to_string(case.join(name)).map_err(|_| format!("{name} is missing; we say:\n{found}"))?;
    match disk::first_difference(&expected, &found) {
        None => Ok(()),
        Some(difference) => Err(format!("{name}: {difference}\n--- found:\n{found}").into()),
    }
}
