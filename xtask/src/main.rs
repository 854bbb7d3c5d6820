//! Chores of this repository: `cargo xtask help` lists them.
//!
//! Kept free of the product's crates (`oracle` is none), so that it compiles in seconds and can judge a tree that does not compile.

mod bench;
mod ci;
mod conform;
mod dist;
mod failure;
mod oracle;
mod programs;
mod proto;
mod schema;
mod soak;
mod style;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::{Failure, say};

/// Chores of the Setpoint repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build or unpack the real programs that the tests compare with, and print where they are.
    Oracle {
        /// Only these; all of `tools/oracle/catalogue.json` when none is named.
        names: Vec<String>,
    },
    /// Record what the real API server publishes about its API into `crates/controlplane/data`.
    Schema,
    /// Record the fields of the protobuf messages into `crates/controlplane/data`.
    Proto,
    /// Judge files, functions and words of the Rust sources.
    Style {
        /// Judge only files below these folders.
        under: Vec<PathBuf>,
    },
    /// Compare with a real tool over a folder of anybody's files.
    #[command(subcommand)]
    Conform(conform::Conform),
    /// Run what is too long for a test.
    #[command(subcommand)]
    Soak(soak::Soak),
    /// Build the program as it is released, with what a start runs side by side, and print where it is; needs valgrind.
    Dist,
    /// Measure.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Run the steps of CI that need no installation, in order.
    Ci {
        /// Only these steps.
        steps: Vec<String>,
    },
}

fn main() -> ExitCode {
    if let Some(code) = ::oracle::measured() {
        return code;
    }
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("xtask: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<(), Failure> {
    let root = root();
    match chore {
        Chore::Oracle { names } => oracle::install(&root, &names),
        Chore::Schema => schema::record(&root),
        Chore::Proto => proto::record(&root),
        Chore::Style { under } => style::judge(&root, &under),
        Chore::Conform(what) => conform::conform(&root, &what),
        Chore::Soak(work) => soak::soak(&root, &work),
        Chore::Dist => dist::build(&root).map(|program| say(&program.display().to_string())),
        Chore::Bench(work) => bench::bench(&root, &work),
        Chore::Ci { steps } => ci::run(&root, &steps),
    }
}

/// The top of the checkout that this program was compiled from.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
