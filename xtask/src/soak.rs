//! Starts `soak` of the test kit on a release build: kills under load, and how fast drift is put right.

use std::path::Path;
use std::process::Command;

use clap::Subcommand;
use oracle::Oracle;

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
    /// Render charts with the real helm and with ours, in turns: time, CPU and memory of a process each, and in process.
    Helm {
        /// Rounds of each chart.
        #[arg(long, default_value_t = 15)]
        rounds: u32,
        /// A folder with a chart, and its name in the table; the charts of the tests when none is named.
        #[arg(long = "chart", value_name = "NAME=FOLDER")]
        charts: Vec<String>,
    },
}

/// Runs a long test.
pub(crate) fn soak(root: &Path, work: &Soak) -> Result<(), Failure> {
    let Soak::Kill { runs, seed } = work;
    start(root, *seed, &["kill", "--runs", &runs.to_string()])
}

/// Runs a measurement.
pub(crate) fn bench(root: &Path, work: &Bench) -> Result<(), Failure> {
    match work {
        Bench::Drift { changes, seed } => {
            for cluster in ["embedded", "real"] {
                start(root, *seed, &["drift", "--cluster", cluster, "--changes", &changes.to_string()])?;
            }
            Ok(())
        }
        Bench::Helm { rounds, charts } => helm(root, *rounds, charts),
    }
}

fn helm(root: &Path, rounds: u32, charts: &[String]) -> Result<(), Failure> {
    let helm = oracle::find(Oracle::Helm).map_err(|missing| Failure::Refused(missing.to_string()))?;
    let setpoint = programs::setpoint(root)?;
    let mut bench = Command::new(programs::example(root, "setpoint-helm", "helm_bench")?);
    bench.env("SETPOINT_HELM", helm).arg("--setpoint").arg(setpoint);
    run(bench.args(["--rounds", &rounds.to_string()]).args(charts))
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
