//! Builds every recorded case with charts and compares with what the real kustomize and the real helm printed, byte for
//! byte. A case is a folder under `charts/cases/`; see the README there.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

#[path = "charts/build.rs"]
mod build;
#[path = "../../kustomize/tests/support/cases.rs"]
mod cases;
#[path = "../../kustomize/tests/support/disk.rs"]
mod disk;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts/cases");
    let cases = cases::all(&root);
    assert!(!cases.is_empty(), "there are no cases under {}", root.display());
    let trials = cases.into_iter().map(|case| {
        let name = case.strip_prefix(&root).unwrap_or(&case).display().to_string();
        Trial::test(name, move || check(&case))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(case: &Path) -> Result<(), Failed> {
    let files = disk::read(case).map_err(|error| error.to_string())?;
    let outcome = build::ours(&files, cases::start(case));
    let found = disk::shown(&outcome);
    let traced = kustomize::trace(&files, cases::start(case), &build::options());
    if let Some(difference) = disk::first_difference(&found, &disk::shown(&traced.map(|traced| traced.resources))) {
        return Err(format!("with origins it builds otherwise: {difference}").into());
    }
    let name = if outcome.is_ok() { "expected.yaml" } else { "expected.message" };
    let expected =
        std::fs::read_to_string(case.join(name)).map_err(|_| format!("{name} is missing; we say:\n{found}"))?;
    match disk::first_difference(&expected, &found) {
        None => Ok(()),
        Some(difference) => Err(format!("{name}: {difference}\n--- found:\n{found}").into()),
    }
}
