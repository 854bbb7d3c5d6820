//! Proves the origins of every recorded case: a value that is changed at the place that is named changes the field.
//!
//! The same over random trees, which takes longer: `cargo xtask soak origins`.

#![expect(clippy::print_stdout, reason = "tells how much was proved")]

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use goyaml::origin::Place;
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "support/cases.rs"]
mod cases;
#[path = "support/disk.rs"]
#[expect(dead_code, reason = "shared with tests that compare texts")]
mod disk;
#[path = "support/mutate.rs"]
mod mutate;
#[path = "support/prove.rs"]
mod prove;

use prove::{Proof, Proved};

/// Places whose change is refused with a message that names the one who looks there, not the place.
const REFUSED_ELSEWHERE: &[(&str, &str)] = &[
    // The label is what a patch selects by that renames the object: unpatched it has the name of another one.
    ("json/same-name-for-a-while", "a.yaml:3"),
    // The item of a list that a path names by this field.
    ("replacements/anchored-pattern", "web.yaml:17"),
    ("replacements/source-by-key", "thing.yaml:19"),
    ("vars/by-key", "thing.yaml:19"),
    // A text where labels or annotations would be entries of a map.
    ("configurations/null-field", "t.yaml:6"),
    // The patch finds its object by the kind that it may change.
    ("patches/options-write-annotations-anew", "p.yaml:2"),
    // A text where a path goes on below a null.
    ("replacements/below-null", "thing.yaml:13"),
];

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let counts = Arc::new(Mutex::new(Proved::default()));
    let trials = cases::all(&root).into_iter().map(|case| {
        let name = case.strip_prefix(&root).unwrap_or(&case).display().to_string();
        let counts = counts.clone();
        Trial::test(name.clone(), move || {
            let proved = check(&name, &case)?;
            *counts.lock().unwrap_or_else(PoisonError::into_inner) += proved;
            Ok(())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let Proved { fields, places, builds } = *counts.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{fields} fields come from {places} places; proved by {builds} builds");
    conclusion.exit();
}

fn check(name: &str, case: &Path) -> Result<Proved, Failed> {
    let files = disk::read(case).map_err(|error| error.to_string())?;
    let refused = |place: &Place| REFUSED_ELSEWHERE.contains(&(name, &*place.to_string()));
    let proof = Proof { files: &files, dir: cases::start(case), refused: &refused };
    match proof.run() {
        None => Ok(Proved::default()),
        Some(Ok(proved)) => Ok(proved),
        Some(Err(faults)) => Err(faults.into()),
    }
}
