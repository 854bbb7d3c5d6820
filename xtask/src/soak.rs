//! Starts `soak` of the test kit on a release build: kills under load, and how fast drift is put right.

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

/// Measurements.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Delete and edit what is held, on the embedded control plane and the real API server: time until healed.
    Drift {
        /// Deletions and edits.
        #[arg(long, default_value_t = 500)]
        changes: u32,
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

/// Runs a measurement.
pub(crate) fn bench(root: &Path, work: &Bench) -> Result<(), Failure> {
    let Bench::Drift { changes, seed } = work;
    for cluster in ["embedded", "real"] {
        start(root, *seed, &["drift", "--cluster", cluster, "--changes", &changes.to_string()])?;
    }
    Ok(())
}

fn start(root: &Path, seed: Option<u64>, arguments: &[&str]) -> Result<(), Failure> {
    let setpoint = programs::setpoint(root)?;
    let mut soak = Command::new(programs::development(root)?.join("soak"));
    soak.arg("--setpoint").arg(setpoint);
    if let Some(seed) = seed {
        soak.args(["--seed", &seed.to_string()]);
    }
    run(soak.args(arguments))
}
