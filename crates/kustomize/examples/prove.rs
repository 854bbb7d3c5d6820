//! Proves the origins of random trees: `cargo run --release -p setpoint-kustomize --example prove -- COUNT [SEED]`.
//! Exit code 1 if a field names a place that has no part in it, or does not name one that has.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use goyaml::origin::Place;
use kustomize::MemoryFiles;

#[path = "../tests/support/mutate.rs"]
mod mutate;
#[path = "../tests/support/prove.rs"]
mod prove;
#[path = "../tests/support/random.rs"]
mod random;

use prove::{Proof, Proved};

/// Trees printed; more would not be read.
const MAX_SHOWN: usize = 12;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let first: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let (mut all, mut built, mut wrong) = (Proved::default(), 0, 0);
    // Random trees are full of things that look for each other.
    let anywhere = |_: &Place| true;
    let start = Instant::now();
    for seed in first..first.saturating_add(count) {
        let tree = random::Tree::new(seed);
        let files: MemoryFiles = tree.files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
        match (Proof { files: &files, dir: tree.path, refused: &anywhere }).run() {
            None => {}
            Some(Ok(proved)) => {
                all += proved;
                built += 1;
            }
            Some(Err(faults)) => {
                wrong += 1;
                if wrong <= MAX_SHOWN {
                    println!("==== seed {seed}: {faults}");
                    tree.files.iter().for_each(|(path, text)| println!("---- {path}\n{text}"));
                }
            }
        }
    }
    let Proved { fields, places, builds } = all;
    let seconds = start.elapsed().as_secs_f64();
    println!("{built} trees, {fields} fields, {places} places, {builds} builds, {wrong} wrong, {seconds:.1} s");
    Ok(if wrong > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
