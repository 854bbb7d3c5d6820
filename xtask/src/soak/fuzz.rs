//! Random inputs: against the real libraries, and against crashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::Oracle;

use crate::failure::{At, Failure, run};
use crate::programs;

/// Bytes of one input; longer ones find little and cost much.
const MAX_INPUT: usize = 4096;

/// Seconds after which one input counts as a hang.
const HANG_SECONDS: u32 = 20;

/// Megabytes after which one input counts as one that grows without bound.
const MAX_MEMORY: u32 = 2048;

/// Runs the differential example of the templates on a release build.
pub(super) fn differential(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let program = found(Oracle::Template)?;
    let example = programs::example(root, "setpoint-gotemplate", "differential")?;
    run(Command::new(example).arg(program).args(arguments))
}

/// Runs the differential example of the charts on a release build, one sort of requests after the other.
pub(super) fn charts(root: &Path, count: u64, seed: u64) -> Result<(), Failure> {
    let program = found(Oracle::Charts)?;
    let example = programs::example(root, "setpoint-helm", "helm_differential")?;
    for sort in ["settings", "values", "charts", "match"] {
        let numbers = [count.to_string(), seed.to_string()];
        run(Command::new(&example).arg(&program).arg(sort).args(numbers))?;
    }
    Ok(())
}

fn found(wanted: Oracle) -> Result<PathBuf, Failure> {
    oracle::find(wanted).map_err(|missing| Failure::Refused(missing.to_string()))
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

/// A folder of first inputs for a target, out of the recorded cases.
fn seeds(root: &Path, name: &str) -> Result<Option<PathBuf>, Failure> {
    let seeds = root.join("fuzz/target/seeds").join(name);
    fs::create_dir_all(&seeds).at(&seeds)?;
    match name {
        "kustomization" => copies(root, &seeds, |file| file.starts_with("kustomization.")),
        "patches" => copies(root, &seeds, |file| {
            let is_yaml = Path::new(file).extension().is_some_and(|extension| extension == "yaml");
            is_yaml && !file.starts_with("kustomization.") && file != "expected.yaml"
        }),
        "tgz" => archives(root, &seeds),
        _ => return Ok(None),
    }?;
    Ok(Some(seeds))
}

/// The wanted files of kustomize's cases.
fn copies(root: &Path, seeds: &Path, wanted: fn(&str) -> bool) -> Result<(), Failure> {
    let mut todo = vec![root.join("crates/kustomize/tests/cases")];
    let mut count = 0;
    while let Some(folder) = todo.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                todo.push(path);
            } else if path.file_name().is_some_and(|file| wanted(&file.to_string_lossy())) {
                fs::copy(&path, seeds.join(format!("{count}.yaml"))).at(&path)?;
                count += 1;
            }
        }
    }
    Ok(())
}

/// The charts of Helm's cases, packed.
fn archives(root: &Path, seeds: &Path) -> Result<(), Failure> {
    for case in entries(&root.join("crates/helm/tests/cases"))? {
        if case.join("chart/Chart.yaml").is_file() {
            let name = case.file_name().unwrap_or_default();
            let mut tar = Command::new("tar");
            tar.arg("-C").arg(&case).arg("-czf").arg(seeds.join(name).with_extension("tgz"));
            run(tar.arg("chart"))?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    fs::read_dir(folder).at(folder)?.map(|entry| Ok(entry.at(folder)?.path())).collect()
}
