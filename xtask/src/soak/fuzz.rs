//! Random inputs: against the real libraries, and against crashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::Oracle;

use crate::failure::{At, Failure, run};

/// Bytes of one input; longer ones find little and cost much.
const MAX_INPUT: usize = 4096;

/// Seconds after which one input counts as a hang.
const HANG_SECONDS: u32 = 20;

/// Megabytes after which one input counts as one that grows without bound.
const MAX_MEMORY: u32 = 2048;

/// Runs the differential example of the templates on a release build.
pub(super) fn differential(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let program = oracle::find(Oracle::Template).map_err(|missing| Failure::Form(missing.to_string()))?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    cargo.args([
        "run",
        "--release",
        "--quiet",
        "--locked",
        "-p",
        "setpoint-gotemplate",
        "--example",
        "differential",
        "--",
    ]);
    run(cargo.arg(program).args(arguments))
}

/// Runs a target of cargo-fuzz. Coverage counters need a nightly compiler or leave to use its flags, sanitizers a nightly one.
pub(super) fn target(root: &Path, name: &str, minutes: u32) -> Result<(), Failure> {
    let folder = root.join("fuzz");
    let corpus = folder.join("corpus").join(name);
    fs::create_dir_all(&corpus).at(&corpus)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1");
    cargo.args(["fuzz", "run", "--sanitizer", "none", name]).arg(corpus);
    cargo.args(seeds(root, name)?).arg("--");
    let words = folder.join("dictionaries").join(name).with_extension("dict");
    if words.exists() {
        cargo.arg(format!("-dict={}", words.display()));
    }
    cargo.arg(format!("-max_total_time={}", minutes * 60)).arg(format!("-max_len={MAX_INPUT}"));
    run(cargo.arg(format!("-timeout={HANG_SECONDS}")).arg(format!("-rss_limit_mb={MAX_MEMORY}")))
}

/// A folder of first inputs for a target of kustomize's, out of the recorded cases.
fn seeds(root: &Path, name: &str) -> Result<Option<PathBuf>, Failure> {
    let wanted: fn(&str) -> bool = match name {
        "kustomization" => |file| file.starts_with("kustomization."),
        "patches" => |file| {
            let is_yaml = Path::new(file).extension().is_some_and(|extension| extension == "yaml");
            is_yaml && !file.starts_with("kustomization.") && file != "expected.yaml"
        },
        _ => return Ok(None),
    };
    let seeds = root.join("fuzz/target/seeds").join(name);
    fs::create_dir_all(&seeds).at(&seeds)?;
    let mut todo = vec![root.join("crates/kustomize/tests/cases")];
    let mut count = 0;
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).at(&folder)? {
            let path = entry.at(&folder)?.path();
            if path.is_dir() {
                todo.push(path);
            } else if path.file_name().is_some_and(|file| wanted(&file.to_string_lossy())) {
                fs::copy(&path, seeds.join(format!("{count}.yaml"))).at(&path)?;
                count += 1;
            }
        }
    }
    Ok(Some(seeds))
}
