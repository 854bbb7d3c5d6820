//! Long runs on release builds: kills under load, random inputs.

mod fuzz;

use std::path::{Path, PathBuf};
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
    /// Random values through `toYaml`, `fromYaml`, `toJson`, `printf`, `toYamlPretty` of the real Helm and ours.
    FuzzYaml {
        /// Values.
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        /// Repeats a run.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Random templates through the real engines and ours: half of them Go's alone, half Helm's.
    FuzzTemplates {
        /// Templates.
        #[arg(long, default_value_t = 50_000)]
        count: u64,
        /// Repeats a run.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Random charts, values and settings through the real Helm's library and ours; patterns of files too.
    FuzzCharts {
        /// Requests of each sort.
        #[arg(long, default_value_t = 20_000)]
        count: u64,
        /// Repeats a run.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A target of cargo-fuzz (`cargo install cargo-fuzz`): scanner, template, tgz, kustomization, patches or sops.
    Fuzz {
        /// Its name.
        #[arg(long)]
        target: String,
        /// How long.
        #[arg(long, default_value_t = 30)]
        minutes: u32,
    },
    /// Build random trees with kustomize's own library and with ours; list those that differ.
    FuzzKustomize {
        /// Trees.
        #[arg(long, default_value_t = 100_000)]
        runs: u64,
        /// The first tree's seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Where trees that differ are written, with both outputs.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Change what stands at each place that a field of a random tree is said to come from; the field must follow.
    Origins {
        /// Random trees.
        #[arg(long, default_value_t = 2_000)]
        trees: u32,
        /// The first tree's seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// Runs a long test.
pub(crate) fn soak(root: &Path, work: &Soak) -> Result<(), Failure> {
    match work {
        Soak::Kill { runs, seed } => start(root, *seed, &["kill", "--runs", &runs.to_string()]),
        Soak::FuzzYaml { count, seed } => fuzz::differential(root, &["values", &count.to_string(), &seed.to_string()]),
        Soak::FuzzTemplates { count, seed } => {
            let (half, seed) = ((count / 2).to_string(), seed.to_string());
            fuzz::differential(root, &["random", &half, &seed])?;
            fuzz::differential(root, &["random", &half, &seed, "helm"])
        }
        Soak::FuzzCharts { count, seed } => fuzz::charts(root, *count, *seed),
        Soak::Fuzz { target, minutes } => fuzz::target(root, target, *minutes),
        Soak::FuzzKustomize { runs, seed, folder } => {
            let batch = oracle::find(Oracle::KustomizeBatch).map_err(|why| Failure::Refused(why.to_string()))?;
            let mut fuzz = Command::new(programs::example(root, "setpoint-kustomize", "fuzz")?);
            fuzz.arg(batch).args([runs.to_string(), seed.to_string()]);
            run(fuzz.args(folder))
        }
        Soak::Origins { trees, seed } => {
            let prove = programs::example(root, "setpoint-kustomize", "prove")?;
            run(Command::new(prove).args([trees.to_string(), seed.to_string()]))
        }
    }
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
