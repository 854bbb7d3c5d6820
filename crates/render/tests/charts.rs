//! Builds every recorded case with charts and compares with what the real kustomize and the real helm printed, byte for
//! byte. A case is a folder under `charts/cases/`; see the README there.

use std::path::Path;

use libtest_mimic::{Arguments, Failed};

#[path = "charts/build.rs"]
mod build;
#[path = "../../kustomize/tests/support/cases.rs"]
mod cases;
#[path = "../../kustomize/tests/support/disk.rs"]
mod disk;
#[path = "../../kustomize/tests/support/golden.rs"]
mod golden;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts/cases");
    libtest_mimic::run(&arguments, golden::trials(&root, check)).exit();
}

fn check(case: &Path) -> Result<(), Failed> {
    let files = disk::read(case).map_err(|error| error.to_string())?;
    let outcome = build::ours(&files, cases::start(case));
    let found = disk::shown(&outcome);
    let traced = kustomize::trace(&files, cases::start(case), &build::options());
    if let Some(difference) = disk::first_difference(&found, &disk::shown(&traced.map(|traced| traced.resources))) {
        return Err(format!("with origins it builds otherwise: {difference}").into());
    }
    golden::compare(case, (outcome.is_ok(), &found), |text| Ok(text.to_owned()))
}
