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
#[path = "support/golden.rs"]
mod golden;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let trials = golden::trials(&root, check).into_iter();
    let trials = trials.chain([
        Trial::test("robust/cut-short", cut_short),
        Trial::test("robust/deep", deep),
        Trial::test("robust/many-bases", many_bases),
        Trial::test("robust/many-objects", many_objects),
        Trial::test("robust/too-many-objects", too_many_objects),
    ]);
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(case: &Path) -> Result<(), Failed> {
    let files: MemoryFiles = disk::read(case).map_err(|error| error.to_string())?;
    let outcome = kustomize::build(&files, cases::start(case), &BuildOptions::default());
    let found = disk::shown(&outcome);
    let traced = kustomize::trace(&files, cases::start(case), &BuildOptions::default());
    if let Some(difference) = disk::first_difference(&found, &disk::shown(&traced.map(|traced| traced.resources))) {
        return Err(format!("with origins it builds otherwise: {difference}").into());
    }
    golden::compare(case, (outcome.is_ok(), &found), |text| Ok(text.to_owned()))
}

/// Places at which each file of each case is cut.
const CUTS: usize = 12;

/// Whatever stands in the files, a build ends with objects or errors.
#[expect(clippy::unnecessary_wraps, reason = "the harness wants a result")]
fn cut_short() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for case in cases::all(&root) {
        let files = disk::read(&case).unwrap_or_default();
        for (path, content) in &files.0 {
            for cut in 1..CUTS {
                let mut broken = files.clone();
                broken.insert(path.clone(), content[..content.len() * cut / CUTS].to_vec());
                let _ = kustomize::build(&broken, cases::start(&case), &BuildOptions::default());
            }
        }
    }
    Ok(())
}

/// Deep objects and deep patches do not exhaust the stack.
fn deep() -> Result<(), Failed> {
    let nested = |depth: usize| format!("{}1{}", "{a: ".repeat(depth), "}".repeat(depth));
    let object = |depth| format!("apiVersion: v1\nkind: Thing\nmetadata: {{name: a}}\nspec: {}\n", nested(depth));
    for depth in [100, 5_000, 100_000] {
        let files: MemoryFiles = [
            (
                "kustomization.yaml",
                "resources: [a.yaml]\npatches: [{path: p.yaml}]\nimages: [{name: a, newTag: b}]\n".to_owned(),
            ),
            ("a.yaml", object(depth)),
            ("p.yaml", object(depth)),
        ]
        .into_iter()
        .collect();
        let outcome = kustomize::build(&files, "", &BuildOptions::default());
        if outcome.is_ok() != (depth == 100) {
            return Err(format!("depth {depth}: {}", disk::shown(&outcome)).into());
        }
    }
    Ok(())
}

/// A file of so many objects, listed so many times.
fn with_objects(count: usize, times: usize) -> MemoryFiles {
    let object = |at: usize| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{at}}}\n");
    let kustomization = format!("resources: [{}]\n", vec!["a.yaml"; times].join(", "));
    [("kustomization.yaml", kustomization), ("a.yaml", (0..count).map(object).collect())].into_iter().collect()
}

/// A hundred thousand objects are built as kustomize builds them.
fn many_objects() -> Result<(), Failed> {
    let outcome = kustomize::build(&with_objects(100_000, 1), "", &BuildOptions::default());
    let count = outcome.as_ref().map_or(0, Vec::len);
    if count == 100_000 { Ok(()) } else { Err(format!("{count} objects: {}", disk::shown(&outcome)).into()) }
}

/// There is a number of objects that is refused by name.
fn too_many_objects() -> Result<(), Failed> {
    let found = disk::shown(&kustomize::build(&with_objects(1_000, 252), "", &BuildOptions::default()));
    if found.contains("250000 objects") { Ok(()) } else { Err(found.into()) }
}

/// A pile of kustomizations in which each names the one below ten times is refused, soon.
fn many_bases() -> Result<(), Failed> {
    let mut files = MemoryFiles::default();
    for level in 0..12 {
        let below = format!("../{}", level + 1);
        let named = vec![below; 10].join(", ");
        files.insert(format!("{level}/kustomization.yaml"), format!("resources: [{named}]\n"));
    }
    files.insert("12/kustomization.yaml", "resources: []\n");
    let found = disk::shown(&kustomize::build(&files, "0", &BuildOptions::default()));
    if found.contains("10000 in all") { Ok(()) } else { Err(found.into()) }
}
