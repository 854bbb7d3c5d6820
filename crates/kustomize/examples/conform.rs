//! Builds every kustomization below a directory with the real kustomize and with ours, and tells where they differ:
//! `cargo run -p setpoint-kustomize --example conform -- DIR [PART OF A PATH]`. Exit code 1 if any does.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use kustomize::{BuildOptions, EntryKind, Files, MemoryFiles};

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
    /// It names something remote, which the real one would fetch.
    Remote,
    Differs(String),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(dir), Some(kubectl)) = (arguments.next(), oracle::find()) else {
        println!("usage: conform DIR [PART OF A PATH]; the real kubectl is found through SETPOINT_KUBECTL");
        return ExitCode::FAILURE;
    };
    let only = arguments.next().unwrap_or_default();
    let Ok(files) = disk::read(Path::new(&dir)) else {
        println!("cannot read {dir}");
        return ExitCode::FAILURE;
    };
    let (mut counts, mut spent) = ([0_usize; 5], [Duration::ZERO; 2]);
    for path in kustomizations(&files).iter().filter(|path| path.contains(&only)) {
        let verdict = compare(&files, &kubectl, Path::new(&dir), path, &mut spent);
        let (at, text) = match verdict {
            Verdict::Same => (0, None),
            Verdict::BothFail => (1, None),
            Verdict::Refused(text) => (2, Some(format!("refused  {path}: {text}"))),
            Verdict::Remote => (3, None),
            Verdict::Differs(text) => (4, Some(format!("DIFFERS  {path}: {text}"))),
        };
        counts[at] += 1;
        if let Some(text) = text {
            println!("{text}");
        }
    }
    let [same, both_fail, refused, remote, differs] = counts;
    println!("{same} the same, {both_fail} fail in both, {refused} refused, {remote} remote, {differs} differ");
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

fn compare(files: &MemoryFiles, kubectl: &Path, root: &Path, path: &str, spent: &mut [Duration; 2]) -> Verdict {
    let start = Instant::now();
    let ours = kustomize::build(files, path, &BuildOptions::default());
    let found = disk::shown(&ours);
    let took = start.elapsed();
    if found.contains("remote files and bases are off") {
        return Verdict::Remote;
    }
    let start = Instant::now();
    let real = match oracle::build(kubectl, &root.join(path)) {
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
