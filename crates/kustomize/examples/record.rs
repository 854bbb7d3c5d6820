//! Records what the real kustomize makes of every case: `cargo run -p setpoint-kustomize --example record`.
//!
//! Asks `$SETPOINT_KUBECTL`, or the kubectl of the oracles in the cache. Also writes what our own errors say, so that
//! a change in them is seen in review.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::path::Path;
use std::process::ExitCode;

use kustomize::BuildOptions;

#[path = "../tests/support/cases.rs"]
mod cases;
#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "../tests/support/oracle.rs"]
mod oracle;
#[path = "../tests/support/record.rs"]
mod record;

fn main() -> ExitCode {
    let Some(kubectl) = oracle::find() else {
        println!("no kubectl: set SETPOINT_KUBECTL");
        return ExitCode::FAILURE;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    record::all(&root, |case| {
        let ours = kustomize::build(&disk::read(case)?, cases::start(case), &BuildOptions::default());
        let real = oracle::build(&kubectl, &case.join(cases::start(case)))?;
        record::write(case, &ours, real.map_err(|text| record::stable(&text, case)))
    })
}
