//! Random inputs: against the real libraries, and against crashes.

use std::path::Path;
use std::process::Command;

use oracle::Oracle;

use crate::failure::{Failure, run};

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
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root.join("fuzz")).env("RUSTC_BOOTSTRAP", "1");
    cargo.args(["fuzz", "run", "--sanitizer", "none", name, "--"]);
    cargo.arg(format!("-max_total_time={}", minutes * 60)).arg(format!("-max_len={MAX_INPUT}"));
    run(cargo.arg(format!("-timeout={HANG_SECONDS}")).arg(format!("-rss_limit_mb={MAX_MEMORY}")))
}
