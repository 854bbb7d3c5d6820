//! `bench kustomize`: overlays of three sizes, built by `kubectl kustomize` and by `setpoint build` in turns.

use std::path::Path;
use std::process::Command;

use oracle::Oracle;

use crate::failure::{At, Failure, output, run, say};
use crate::programs;

/// The overlays, as the example `timing` writes them.
const TREES: [&str; 3] = ["one-patch", "3-mb", "11-mb-531-objects"];

/// Runs a program and prints its seconds, its processor seconds and the most memory it had, in KiB.
const MEASURE: &str = "import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
";

/// What one run took.
struct Cost {
    seconds: f64,
    processor: f64,
    kib: f64,
}

/// Measures processes, and then what is left of it without starting one.
pub(super) fn bench(root: &Path, runs: usize) -> Result<(), Failure> {
    let find = |oracle| oracle::find(oracle).map_err(|missing| Failure::Refused(missing.to_string()));
    let (kubectl, batch) = (find(Oracle::Kubectl)?, find(Oracle::KustomizeBatch)?);
    let (setpoint, timing) = (programs::setpoint(root)?, programs::example(root, "setpoint-kustomize", "timing")?);
    let folder = std::env::temp_dir().join(format!("setpoint-bench-kustomize-{}", std::process::id()));
    run(Command::new(&timing).arg(&folder))?;
    say("| overlay | a process's | kubectl kustomize | setpoint build | |");
    say("|---|---|---:|---:|---:|");
    for tree in TREES {
        let path = folder.join(tree);
        // A folder that is in no repository is none that setpoint builds.
        run(Command::new("git").args(["init", "--quiet"]).arg(&path))?;
        let path = path.join("overlay");
        let (mut real, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..runs.max(1) {
            real.push(measure(
                Command::new("python3").args(["-c", MEASURE]).arg(&kubectl).arg("kustomize").arg(&path),
            )?);
            ours.push(measure(Command::new("python3").args(["-c", MEASURE]).arg(&setpoint).arg("build").arg(&path))?);
        }
        report(tree, &real, &ours);
    }
    let measured = run(Command::new(&timing).arg(&folder).arg(batch));
    std::fs::remove_dir_all(&folder).at(&folder)?;
    measured
}

fn measure(command: &mut Command) -> Result<Cost, Failure> {
    let text = output(command)?;
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [seconds, processor, kib] => Ok(Cost { seconds: *seconds, processor: *processor, kib: *kib }),
        _ => Err(Failure::Form(format!("three numbers were expected, not {text:?}"))),
    }
}

fn report(tree: &str, real: &[Cost], ours: &[Cost]) {
    let median = |costs: &[Cost], of: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for (what, scale, unit, of) in [
        ("time", 1e3, "ms", (|cost: &Cost| cost.seconds) as fn(&Cost) -> f64),
        ("processor time", 1e3, "ms", |cost: &Cost| cost.processor),
        ("most memory", 1.0 / 1024.0, "MiB", |cost: &Cost| cost.kib),
    ] {
        let (real, ours) = (median(real, of) * scale, median(ours, of) * scale);
        say(&format!("| {tree} | {what} | {real:.1} {unit} | {ours:.1} {unit} | {:.1}x |", real / ours));
    }
}
