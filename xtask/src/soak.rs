//! Starts `soak` of the test kit on a release build: kills under load.

use std::path::Path;
use std::process::Command;

use clap::Subcommand;

use crate::failure::{Failure, run};
use crate::programs;

/// Long tests.
#[derive(Subcommand)]
pub(crate) enum Soak {
    /// Kill `setpoint up` at random moments on the real API server; the cluster must come to be what Git says.
    Kill {
        /// Commits, each with one to three kills.
        #[arg(long, default_value_t = 200)]
        runs: u32,
        /// Repeats a run by the seed that it printed.
        #[arg(long)]
        seed: Option<u64>,
    },
}

/// Runs a long test.
pub(crate) fn soak(root: &Path, work: &Soak) -> Result<(), Failure> {
    let Soak::Kill { runs, seed } = work;
    start(root, *seed, &["kill", "--runs", &runs.to_string()])
}

/// Builds `setpoint` for release and runs `soak` of the test kit on it.
pub(crate) fn start(root: &Path, seed: Option<u64>, arguments: &[&str]) -> Result<(), Failure> {
    let setpoint = programs::setpoint(root)?;
    let mut soak = Command::new(programs::development(root)?.join("soak"));
    soak.arg("--setpoint").arg(setpoint);
    if let Some(seed) = seed {
        soak.args(["--seed", &seed.to_string()]);
    }
    run(soak.args(arguments))
}
