//! What CI runs once everything is installed: every step runs, also after one that failed, so that one run tells all.

mod arrows;
mod first;
mod table;
mod tests;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::conform::{self, Conform};
use crate::failure::{self, At, Failure, say};
use crate::programs;
use crate::soak::{self, Soak};
use crate::style;

/// Runs of `soak kill`: enough to see that it works, and a chance at a rare fault with every change.
const SOAK_RUNS: u32 = 10;

/// The step after which later ones are built ahead.
const BUILD: &str = "build";

/// One step: its name and what it does.
type Step = (&'static str, fn(&Path) -> Result<(), Failure>);

/// The steps, the quick ones first.
const STEPS: [Step; 11] = [
    ("format", format),
    ("style", |root| style::judge(root, &[])),
    ("arrows", arrows::check),
    ("table", table::check),
    (BUILD, |root| programs::development(root).map(drop)),
    ("tests", tests::run),
    ("clippy", clippy),
    ("fuzz", fuzz),
    ("conform", conforms),
    ("first", first::check),
    ("soak", short_soak),
];

/// Runs every step, or those that are named, and fails where one did.
pub(crate) fn run(root: &Path, only: &[String]) -> Result<(), Failure> {
    let known = STEPS.map(|(name, _)| name);
    if let Some(unknown) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::Form(format!("no step is called {unknown}; there are {}", known.join(", "))));
    }
    let mut failed = Vec::new();
    let (mut table, mut ahead) = (Vec::new(), None);
    for (name, step) in STEPS {
        if !only.is_empty() && !only.iter().any(|asked| asked == name) {
            continue;
        }
        say(&format!("== {name}"));
        let start = Instant::now();
        let outcome = step(root);
        let word = if outcome.is_ok() { "passed" } else { "FAILED" };
        if let Err(why) = outcome {
            say(&format!("{name}: {why}"));
            failed.push(name);
        }
        let line = format!("== {name}: {word} in {:.1?}", start.elapsed());
        say(&line);
        table.push(line);
        if name == BUILD && only.is_empty() {
            ahead = Some(build_ahead(root)?);
        }
    }
    say("");
    for line in &table {
        say(line);
    }
    if let Some(mut ahead) = ahead {
        ahead.wait().at(root)?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("failed: {}", failed.join(", "))))
}

/// Lists the files only: the difference is one `cargo fmt` away.
fn format(root: &Path) -> Result<(), Failure> {
    let arguments = ["fmt", "--all", "--", "--check", "--files-with-diff"];
    failure::run(Command::new("cargo").current_dir(root).args(arguments))
}

const CLIPPY: [&str; 7] = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];

fn clippy(root: &Path) -> Result<(), Failure> {
    failure::run(Command::new("cargo").current_dir(root).args(CLIPPY))
}

const FUZZ: [&str; 7] = ["clippy", "--manifest-path", "fuzz/Cargo.toml", "--locked", "--", "-D", "warnings"];

/// The targets of cargo-fuzz stand apart from the workspace, and are run by hand: here they are only known to compile, with
/// what the workspace has compiled.
fn fuzz(root: &Path) -> Result<(), Failure> {
    let target = programs::target(root)?;
    failure::run(Command::new("cargo").current_dir(root).args(FUZZ).env("CARGO_TARGET_DIR", target))
}

/// Begins what later steps compile while the tests run, which wait for servers and timers much of the time. At the lowest
/// priority, so that no test feels it, and in silence: the steps themselves say what is wrong.
fn build_ahead(root: &Path) -> Result<Child, Failure> {
    let commands = format!("cargo build --release --locked; cargo {}; cargo {}", CLIPPY.join(" "), FUZZ.join(" "));
    let mut ahead = Command::new("nice");
    ahead.current_dir(root).args(["-n", "19", "sh", "-c", &commands]).env("CARGO_TARGET_DIR", programs::target(root)?);
    ahead.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().at(root)
}

/// Our own examples, built as the real kustomize builds them.
fn conforms(root: &Path) -> Result<(), Failure> {
    conform::conform(root, &Conform::Kustomize { dir: root.join("examples"), flux: false })
}

fn short_soak(root: &Path) -> Result<(), Failure> {
    soak::soak(root, &Soak::Kill { runs: SOAK_RUNS, seed: None })
}
