//! What is too long for a test: `soak kill` ends `setpoint up` with `kill -9` in the middle of its work, again and again;
//! `soak drift` meddles with what it holds and measures how long that lasts; `soak scale` gives it a thousand
//! Kustomizations; `soak example` a repository that Flux runs. Started by `cargo xtask soak` and `bench`.

mod chance;
mod drift;
mod example;
mod held;
mod kill;
mod manifest;
mod platform;
mod scale;
mod verify;

use std::error::Error;
use std::io::{Stdout, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What this program calls itself in the audit log.
const USER_AGENT: &str = "setpoint-soak";

#[derive(Parser)]
struct Arguments {
    /// The `setpoint` program
    #[arg(long)]
    setpoint: PathBuf,
    /// Repeats a run; a random one is chosen and printed otherwise
    #[arg(long)]
    seed: Option<u64>,
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    /// Kill it at random moments, on the real API server
    Kill {
        /// Commits, each with one to three kills
        #[arg(long, default_value_t = 200)]
        runs: u32,
    },
    /// Hold many Kustomizations of four objects on the real API server
    Scale {
        /// Kustomizations
        #[arg(long, default_value_t = 1000)]
        number: usize,
        /// One selector for all Deployments
        #[arg(long)]
        shared_selector: bool,
    },
    /// Hold a repository that Flux runs, as it is
    Example {
        /// The embedded control plane or the real API server
        #[arg(long, value_enum)]
        cluster: drift::Cluster,
        /// A clone of it
        #[arg(long)]
        repository: PathBuf,
        /// Its address
        #[arg(long)]
        url: String,
        /// The cluster's folder in it
        #[arg(long)]
        path: String,
    },
    /// Delete and change what it holds
    Drift {
        /// The embedded control plane or the real API server
        #[arg(long, value_enum)]
        cluster: drift::Cluster,
        /// Deletions and edits
        #[arg(long, default_value_t = 500)]
        changes: usize,
    },
}

/// Standard output, line by line.
struct Report(Stdout);

impl Report {
    fn say(&mut self, line: &str) -> Outcome<()> {
        writeln!(self.0, "{line}")?;
        Ok(self.0.flush()?)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut report = Report(std::io::stdout());
    let seed = arguments.seed.unwrap_or_else(any_seed);
    let outcome = match arguments.work {
        Work::Kill { runs } => kill::kill(arguments.setpoint, runs, seed, &mut report).await,
        Work::Scale { number, shared_selector } => {
            scale::scale(arguments.setpoint, number, shared_selector, &mut report).await
        }
        Work::Example { cluster, repository, url, path } => {
            let example = example::Example { repository, url, path };
            example::example(arguments.setpoint, cluster, example, &mut report).await
        }
        Work::Drift { cluster, changes } => {
            drift::drift(arguments.setpoint, cluster, (changes, seed), &mut report).await
        }
    };
    let Err(why) = outcome else {
        return ExitCode::SUCCESS;
    };
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "soak: {why}");
    ExitCode::FAILURE
}

/// A seed that nobody chose: the standard library's hasher starts at random.
fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(()) % 1_000_000
}
