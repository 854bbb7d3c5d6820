//! Records what the real kustomize makes of every case: `cargo run -p setpoint-kustomize --example record`.
//!
//! Asks `$SETPOINT_KUBECTL`, or the kubectl of the oracles in the cache. Also writes what our own errors say, so that
//! a change in them is seen in review.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use kustomize::BuildOptions;

#[path = "../tests/support/cases.rs"]
mod cases;
#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "../tests/support/oracle.rs"]
mod oracle;

fn main() -> ExitCode {
    let Some(kubectl) = oracle::find() else {
        println!("no kubectl: set SETPOINT_KUBECTL");
        return ExitCode::FAILURE;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let only = std::env::args().nth(1).unwrap_or_default();
    for case in cases::all(&root).iter().filter(|case| case.to_string_lossy().contains(&only)) {
        match record(&kubectl, case) {
            Ok(line) => println!("{line} {}", case.strip_prefix(&root).unwrap_or(case).display()),
            Err(error) => {
                println!("{}: {error}", case.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Writes the expectations of one case. Gives a word on how ours compares.
fn record(kubectl: &Path, case: &Path) -> io::Result<&'static str> {
    let [yaml, error, message] = ["expected.yaml", "expected.error", "expected.message"].map(|name| case.join(name));
    for old in [&yaml, &error, &message] {
        if old.exists() {
            fs::remove_file(old)?;
        }
    }
    let outcome = kustomize::build(&disk::read(case)?, cases::start(case), &BuildOptions::default());
    let found = disk::shown(&outcome);
    if outcome.is_err() {
        fs::write(&message, &found)?;
    }
    let real = oracle::build(kubectl, &case.join(cases::start(case)))?;
    let word = match (&real, outcome.is_ok()) {
        (Ok(expected), true) if disk::first_difference(expected, &found).is_none() => "same   ",
        (Ok(_), true) => "DIFFERS",
        (Ok(_), false) => "refused",
        (Err(_), false) => "error  ",
        (Err(_), true) => "TOO LAX",
    };
    match real {
        Ok(expected) => fs::write(&yaml, expected)?,
        Err(text) => fs::write(&error, stable(&text, case))?,
    }
    Ok(word)
}

/// The text without what is another in every run: where the case lies, and addresses in memory.
fn stable(text: &str, case: &Path) -> String {
    let text = text.replace(&*case.to_string_lossy(), "CASE");
    let mut parts = text.split("0xc");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str("ADDRESS");
        result.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    result
}
