//! Builds every kustomization below a directory with the real kustomize and with ours, and tells where they differ:
//! `cargo run -p setpoint-kustomize --example conform -- DIR [--flux] [PART OF A PATH]`. Exit code 1 if any does.
//!
//! With `--flux` both build as Flux does: its release of kustomize, files outside, objects in the order of the files.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use goyaml::Value;
use kustomize::{BuildOptions, Edition, EntryKind, Files, MemoryFiles};

#[path = "../tests/support/batch.rs"]
mod batch;
#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "../tests/support/oracle.rs"]
mod oracle;

/// How the two builds of one kustomization compare.
enum Verdict {
    Same,
    BothFail,
    /// Ours names a field it does not support yet, or a remote base.
    Refused(String),
    /// It names something remote, which the real one would fetch: what it names.
    Remote(String),
    Differs(String),
}

/// The real kustomize.
enum Real {
    Kubectl(PathBuf),
    Flux(batch::Batch),
}

impl Real {
    fn find(flux: bool) -> Result<Self, Box<dyn Error>> {
        if flux {
            let program = ::oracle::find(::oracle::Oracle::KustomizeFluxBatch)?;
            return Ok(Self::Flux(batch::Batch::start(&program.to_string_lossy())?));
        }
        oracle::find().map(Self::Kubectl).ok_or_else(|| "no kubectl: set SETPOINT_KUBECTL".into())
    }

    /// What it prints, or says when it fails.
    fn build(&mut self, dir: &Path) -> Result<Result<String, String>, Box<dyn Error>> {
        match self {
            Self::Kubectl(kubectl) => Ok(oracle::build(kubectl, dir)?),
            Self::Flux(batch) => {
                let path = dir.to_string_lossy();
                batch.ask(&[("path", Value::from(&*path)), ("flux", true.into())].into_iter().collect())
            }
        }
    }

    /// How ours is to build beside it.
    fn options(&self) -> BuildOptions {
        match self {
            Self::Kubectl(_) => BuildOptions::default(),
            Self::Flux(_) => BuildOptions {
                edition: Edition::V5_8_1,
                legacy_order: false,
                root_only: false,
                ..BuildOptions::default()
            },
        }
    }
}

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let real = Real::find(flags.iter().any(|flag| flag == "--flux"));
    let (Some(dir), Ok(mut real)) = (words.first(), real) else {
        println!("usage: conform DIR [--flux] [PART OF A PATH]; the real kubectl is found through SETPOINT_KUBECTL");
        return ExitCode::FAILURE;
    };
    let only = words.get(1).cloned().unwrap_or_default();
    let Ok(files) = disk::read(Path::new(dir)) else {
        println!("cannot read {dir}");
        return ExitCode::FAILURE;
    };
    let (mut counts, mut spent) = ([0_usize; 5], [Duration::ZERO; 2]);
    for path in kustomizations(&files).iter().filter(|path| path.contains(&only)) {
        let verdict = compare(&files, &mut real, (Path::new(dir), path), &mut spent);
        let (at, text) = match verdict {
            Verdict::Same => (0, None),
            Verdict::BothFail => (1, None),
            Verdict::Refused(text) => (2, Some(format!("refused  {path}: {text}"))),
            Verdict::Remote(text) => (3, Some(format!("left out {path}: {text}"))),
            Verdict::Differs(text) => (4, Some(format!("DIFFERS  {path}: {text}"))),
        };
        counts[at] += 1;
        if let Some(text) = text {
            println!("{text}");
        }
    }
    let [same, both_fail, refused, remote, differs] = counts;
    println!(
        "{same} the same, {both_fail} fail in both, {refused} refused, {remote} with remote bases left out, {differs} differ"
    );
    println!("real {:.1} s, ours {:.3} s", spent[0].as_secs_f64(), spent[1].as_secs_f64());
    if differs > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Directories with a kustomization file, sorted.
fn kustomizations(files: &MemoryFiles) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![String::new()];
    while let Some(dir) = todo.pop() {
        for name in files.list(&dir) {
            let path = if dir.is_empty() { name.clone() } else { format!("{dir}/{name}") };
            if files.kind(&path) == Some(EntryKind::Dir) {
                todo.push(path);
            } else if matches!(name.as_str(), "kustomization.yaml" | "kustomization.yml" | "Kustomization") {
                found.push(dir.clone());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn compare(files: &MemoryFiles, real: &mut Real, (root, path): (&Path, &str), spent: &mut [Duration; 2]) -> Verdict {
    let options = real.options();
    let start = Instant::now();
    let ours = kustomize::build(files, path, &options);
    let found = disk::shown(&ours);
    let took = start.elapsed();
    if let Some(remote) = found.lines().find(|line| line.contains("remote files and bases are off")) {
        let named = remote.split('\'').nth(1).unwrap_or(remote);
        return Verdict::Remote(named.to_owned());
    }
    let start = Instant::now();
    let real = match real.build(&root.join(path)) {
        Ok(real) => real,
        Err(error) => return Verdict::Differs(error.to_string()),
    };
    let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    match (real, ours) {
        (Ok(expected), Ok(_)) => {
            spent[0] += start.elapsed();
            spent[1] += took;
            disk::first_difference(&expected, &found).map_or(Verdict::Same, Verdict::Differs)
        }
        (Ok(_), Err(_)) if found.contains("not supported yet") => Verdict::Refused(first(&found)),
        (Ok(_), Err(_)) => Verdict::Differs(format!("only ours fails: {}", first(&found))),
        (Err(text), Ok(_)) => {
            Verdict::Differs(format!("only the real one fails: {}", text.lines().last().unwrap_or_default()))
        }
        (Err(_), Err(_)) => Verdict::BothFail,
    }
}
