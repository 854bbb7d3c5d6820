//! `dist`: the program as it is released, with what a start runs side by side.
//!
//! A small build runs a hundredth of the program, and that hundredth lies all over it: the system maps a hundred places of
//! 64 KiB, which is a fifth of the time and half of the memory. So the program is linked twice: once to see under valgrind
//! which functions run, over what lies in this repository, and once with these in front.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{At, Failure, run};
use crate::programs;

/// Names the file that says which functions come first; `crates/cli/build.rs` hands it to the linker.
const ORDER: &str = "SETPOINT_FUNCTION_ORDER";

/// A chart that uses what charts use.
const CHART: &str = "tools/training/chart";

/// Templates of the large chart that is made of it: enough for all cores.
const TEMPLATES: usize = 150;

/// What is run to see which functions do, beside the large chart.
const RUNS: [&[&str]; 5] = [
    &["template", "usual", CHART, "--set", "replicas=3"],
    &["template", "setpoint", "charts/setpoint", "--namespace", "flux-system"],
    &["build", "examples/research-platform"],
    &["build", "examples/research-platform/services/jupyterhub/prod"],
    &["--version"],
];

/// Builds the program and gives its path.
pub(crate) fn build(root: &Path) -> Result<PathBuf, Failure> {
    if !cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")) {
        let why =
            "`dist` is for x86-64 Linux with glibc, where Rust links with lld; elsewhere use `cargo build --release`";
        return Err(Failure::Refused(why.to_owned()));
    }
    let folder = programs::target(root)?.join("dist");
    fs::create_dir_all(&folder).at(&folder)?;
    let order = folder.join("functions.order");
    if !order.exists() {
        fs::write(&order, "").at(&order)?;
    }
    let program = link(root, &order)?;
    let (names, known) = (functions(root, &program, &folder)?, fs::read_to_string(&order).at(&order)?);
    let known: HashSet<&str> = known.lines().collect();
    // Two runs are not quite the same where several threads are at work.
    if !names.lines().all(|name| known.contains(name)) {
        fs::write(&order, &names).at(&order)?;
        link(root, &order)?;
    }
    let released = folder.join("setpoint");
    run(Command::new("strip").arg("-o").arg(&released).arg(&program))?;
    Ok(released)
}

/// The program as it lies where it is installed: copied below `folder`. The system keeps a file that a linker wrote in small
/// pages and one that was copied in large ones, of which a start touches fewer.
pub(crate) fn installed(root: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let place = folder.join("setpoint");
    fs::create_dir_all(folder).at(folder)?;
    fs::copy(build(root)?, &place).at(&place)?;
    Ok(place)
}

/// Links the program with its symbols and with these functions in front.
fn link(root: &Path, order: &Path) -> Result<PathBuf, Failure> {
    run(programs::release(root).env(ORDER, order))?;
    Ok(programs::target(root)?.join("release/setpoint"))
}

/// The functions that run, a line each: first those that all runs have in common.
fn functions(root: &Path, program: &Path, folder: &Path) -> Result<String, Failure> {
    let profile = folder.join("callgrind.out");
    let large = large(root, folder)?;
    let large = ["template".as_ref(), "large".as_ref(), large.as_os_str()];
    let mut all: Vec<Vec<&OsStr>> = RUNS.map(|words| words.iter().map(AsRef::as_ref).collect()).into();
    all.push(large.into());
    let mut runs: HashMap<String, usize> = HashMap::new();
    for words in all {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--tool=callgrind", "--demangle=no", "--compress-strings=no"]);
        valgrind.arg(format!("--callgrind-out-file={}", profile.display())).arg(program).args(words);
        run(valgrind.current_dir(root).stdout(Stdio::null()))?;
        for name in own(&fs::read_to_string(&profile).at(&profile)?, program) {
            *runs.entry(name).or_default() += 1;
        }
    }
    let mut names: Vec<(String, usize)> = runs.into_iter().collect();
    names.sort_by(|(left, before), (right, after)| (after, left).cmp(&(before, right)));
    Ok(names.into_iter().map(|(name, _)| name + "\n").collect())
}

/// A chart of many templates.
fn large(root: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let chart = folder.join("chart");
    if chart.exists() {
        fs::remove_dir_all(&chart).at(&chart)?;
    }
    run(Command::new("cp").arg("-r").arg(root.join(CHART)).arg(&chart))?;
    let templates = chart.join("templates");
    for number in 0..TEMPLATES {
        let copy = templates.join(format!("{number}.yaml"));
        fs::copy(templates.join("usual.yaml"), &copy).at(&copy)?;
    }
    Ok(chart)
}

/// The functions of the program itself in what callgrind wrote, each once.
fn own(profile: &str, program: &Path) -> Vec<String> {
    let mut is_own = false;
    let mut names = Vec::new();
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_own = Path::new(object) == program;
        } else if let Some(name) = line.strip_prefix("fn=").filter(|_| is_own) {
            // A function within itself has the level behind its name.
            names.push(name.split('\'').next().unwrap_or(name).to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::own;

    #[test]
    fn only_own_functions_are_taken() {
        let profile = "\
version: 1
ob=/target/release/setpoint
fl=a.rs
fn=_RNvC1a4main
1 5
cob=/lib/libc.so.6
cfn=malloc
calls=1 0
1 7
fn=_RNvC1a4walk'2
1 5
ob=/lib/libc.so.6
fn=malloc
1 7
ob=/target/release/setpoint
fn=_RNvC1a4walk
1 5
";
        assert_eq!(own(profile, Path::new("/target/release/setpoint")), ["_RNvC1a4main", "_RNvC1a4walk"]);
    }
}
