//! Builds random trees with kustomize's own library and with this crate, and tells where they differ:
//! `cargo run -p setpoint-kustomize --example fuzz -- ORACLE COUNT [SEED [FOLDER]]`, where ORACLE is the program of
//! `tools/oracle/kustomize`. Trees that differ are written below FOLDER with both outputs. Exit code 1 if any differs.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use goyaml::Value;
use kustomize::{BuildOptions, MemoryFiles};

#[path = "../tests/support/batch.rs"]
mod batch;
#[path = "../tests/support/disk.rs"]
#[expect(dead_code, reason = "the trees are in memory")]
mod disk;
#[path = "../tests/support/random.rs"]
mod random;

/// Trees told of; more would not be read.
const MAX_SHOWN: u64 = 40;

/// Characters of a refusal that tell one kind from another.
const REASON: usize = 48;

/// How two outputs differ, and both of them.
type Difference = (String, [String; 2]);

#[derive(Default)]
struct Counts {
    same: u64,
    both_fail: u64,
    differ: u64,
    /// Why both failed.
    reasons: BTreeMap<String, u64>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let program = arguments.first().ok_or("usage: fuzz ORACLE COUNT [SEED [FOLDER]]")?;
    let number = |at: usize, usual| arguments.get(at).map_or(Ok(usual), |text| text.parse::<u64>());
    let (count, first) = (number(1, 1_000)?, number(2, 1)?);
    let mut oracle = batch::Batch::start(program)?;
    let mut counts = Counts::default();
    let start = Instant::now();
    for seed in first..first + count {
        let tree = random::Tree::new(seed);
        let Some((difference, outputs)) = compare(&mut oracle, &tree, &mut counts)? else { continue };
        counts.differ += 1;
        if counts.differ <= MAX_SHOWN {
            println!("seed {seed}: {difference}");
            if let Some(folder) = arguments.get(3) {
                write(&Path::new(folder).join(seed.to_string()), &tree, &outputs)?;
            }
        }
    }
    let Counts { same, both_fail, differ, reasons } = counts;
    let mut reasons: Vec<(u64, String)> = reasons.into_iter().map(|(reason, count)| (count, reason)).collect();
    reasons.sort_unstable_by(|one, other| other.cmp(one));
    for (count, reason) in reasons.iter().take(12) {
        println!("  {count} fail in both: {reason}");
    }
    println!("{same} the same, {both_fail} fail in both, {differ} differ, {:.1} s", start.elapsed().as_secs_f64());
    Ok(if differ > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Builds a tree twice. Gives the difference and both outputs.
fn compare(
    oracle: &mut batch::Batch,
    tree: &random::Tree,
    counts: &mut Counts,
) -> Result<Option<Difference>, Box<dyn Error>> {
    let files: Value = tree.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let request: Value = [("files", files), ("path", Value::from(tree.path))].into_iter().collect();
    let real = oracle.ask(&request)?;
    let files: MemoryFiles = tree.files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
    let ours = kustomize::build(&files, tree.path, &BuildOptions::default());
    let found = disk::shown(&ours);
    let difference = match (&real, &ours) {
        (Ok(expected), Ok(_)) => disk::first_difference(expected, &found),
        (Err(reason), Err(_)) => {
            counts.both_fail += 1;
            let reason = reason.rsplit(": ").next().unwrap_or_default().chars().take(REASON).collect();
            *counts.reasons.entry(reason).or_default() += 1;
            return Ok(None);
        }
        (Ok(_), Err(_)) => Some(format!("only ours fails: {}", found.trim_end())),
        (Err(error), Ok(_)) => Some(format!("only the real one fails: {error}")),
    };
    counts.same += u64::from(difference.is_none());
    Ok(difference.map(|difference| (difference, [real.unwrap_or_else(|error| error), found])))
}

fn write(folder: &Path, tree: &random::Tree, [expected, found]: &[String; 2]) -> std::io::Result<()> {
    let outputs = [("expected".to_owned(), expected), ("found".to_owned(), found)];
    let files = tree.files.iter().map(|(path, text)| (path.clone(), text));
    for (path, text) in files.chain(outputs) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
