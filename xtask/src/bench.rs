//! Measurements: each prints a table for `docs/benchmarks.md`, made from release builds.

mod controlplane;
mod kustomize;

use std::path::Path;
use std::process::Command;

use clap::Subcommand;

use crate::failure::{At, Failure, run};
use crate::{dist, programs, soak};

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
    /// Ask the embedded control plane and kube-apiserver the same, in turn: rates, times, start and memory.
    Controlplane {
        /// Rounds, of which the median counts.
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// Requests of a kind in one round.
        #[arg(long, default_value_t = 400)]
        count: u32,
        /// Starts of each server.
        #[arg(long, default_value_t = 5)]
        starts: u32,
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
    /// Build overlays of three sizes with the real kustomize and with ours, in turns: as processes, and in one.
    Kustomize {
        /// Runs of each program.
        #[arg(long, default_value_t = 9)]
        runs: usize,
    },
    /// Hold many Kustomizations of four objects on the real API server: from the start, after commits, and at rest; first a
    /// tenth of them, then all, then all with one selector for all Deployments.
    Flux {
        /// Kustomizations.
        #[arg(long, default_value_t = 1000)]
        number: u32,
    },
}

/// Runs a measurement.
pub(crate) fn bench(root: &Path, work: &Bench) -> Result<(), Failure> {
    match work {
        Bench::Drift { changes, seed } => {
            for cluster in ["embedded", "real"] {
                soak::start(root, *seed, &["drift", "--cluster", cluster, "--changes", &changes.to_string()])?;
            }
            Ok(())
        }
        Bench::Controlplane { rounds, count, starts } => controlplane::run(root, (*rounds, *count), *starts),
        Bench::Helm { rounds, charts } => helm(root, *rounds, charts),
        Bench::Kustomize { runs } => kustomize::bench(root, *runs),
        Bench::Flux { number } => {
            let (all, tenth) = (number.to_string(), (number / 10).max(1).to_string());
            soak::start(root, None, &["scale", "--number", &tenth])?;
            soak::start(root, None, &["scale", "--number", &all])?;
            soak::start(root, None, &["scale", "--number", &all, "--shared-selector"])
        }
    }
}

fn helm(root: &Path, rounds: u32, charts: &[String]) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("setpoint-bench-helm-{}", std::process::id()));
    let setpoint = dist::installed(root, &folder)?;
    let mut bench = Command::new(programs::example(root, "setpoint-helm", "helm_bench")?);
    bench.arg("--setpoint").arg(setpoint);
    let measured = run(bench.args(["--rounds", &rounds.to_string()]).args(charts));
    std::fs::remove_dir_all(&folder).at(&folder)?;
    measured
}
