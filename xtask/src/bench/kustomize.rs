//! `bench kustomize`: overlays of three sizes, built by `kubectl kustomize` and by `setpoint build` in turns.

use std::path::Path;
use std::process::Command;

use oracle::{Cost, Oracle};

use crate::failure::{At, Failure, run, say};
use crate::{dist, programs};

/// The overlays, as the example `timing` writes them.
const TREES: [&str; 3] = ["one-patch", "3-mb", "11-mb-531-objects"];

/// Measures processes, and then what is left of it without starting one.
pub(super) fn bench(root: &Path, runs: usize) -> Result<(), Failure> {
    let find = |oracle| oracle::find(oracle).map_err(|missing| Failure::Refused(missing.to_string()));
    let (kubectl, batch) = (find(Oracle::Kubectl)?, find(Oracle::KustomizeBatch)?);
    let folder = std::env::temp_dir().join(format!("setpoint-bench-kustomize-{}", std::process::id()));
    let setpoint = dist::installed(root, &folder.join("bin"))?;
    let timing = programs::example(root, "setpoint-kustomize", "timing")?;
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
            let measure = |program: &Path, verb: &str| Cost::of(program, &[verb.as_ref(), path.as_os_str()]);
            real.push(measure(&kubectl, "kustomize").map_err(Failure::Form)?);
            ours.push(measure(&setpoint, "build").map_err(Failure::Form)?);
        }
        report(tree, &real, &ours);
    }
    let measured = run(Command::new(&timing).arg(&folder).arg(batch));
    std::fs::remove_dir_all(&folder).at(&folder)?;
    measured?;
    run(Command::new("taskset").args(["--cpu-list", "0"]).arg(&timing).arg("--spread"))?;
    run(Command::new(&timing).arg("--spread"))
}

fn report(tree: &str, real: &[Cost], ours: &[Cost]) {
    let (real, ours) = (Cost::median(real), Cost::median(ours));
    for (what, unit, of) in [
        ("time", "ms", (|cost: &Cost| cost.wall) as fn(&Cost) -> f64),
        ("processor time", "ms", |cost: &Cost| cost.cpu),
        ("most memory", "MiB", |cost: &Cost| cost.memory),
    ] {
        let (real, ours) = (of(&real), of(&ours));
        say(&format!("| {tree} | {what} | {real:.1} {unit} | {ours:.1} {unit} | {:.1}x |", real / ours));
    }
}
