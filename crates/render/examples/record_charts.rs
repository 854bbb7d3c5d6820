//! Records what the real kustomize makes of every case with charts: `cargo run -p setpoint-render --example record_charts`.
//!
//! Asks the kubectl and the helm 3 of the oracles. Also writes what our own errors say, so that a change in them is seen in
//! review.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

use oracle::Oracle;

#[path = "../tests/charts/build.rs"]
mod build;
#[path = "../../kustomize/tests/support/cases.rs"]
mod cases;
#[path = "../../kustomize/tests/support/disk.rs"]
mod disk;
#[path = "../../kustomize/tests/support/record.rs"]
mod record;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts/cases");
    record::all(&root, |case| {
        let ours = build::ours(&disk::read(case)?, cases::start(case));
        let real = real(&case.join(cases::start(case)))?;
        record::write(case, &ours, real.map_err(|text| stable(&text, case)))
    })
}

/// What kustomize prints, or says when it fails.
fn real(dir: &Path) -> Result<Result<String, String>, Box<dyn Error>> {
    let helm = oracle::find(Oracle::Helm3)?;
    let mut kubectl = Command::new(oracle::find(Oracle::Kubectl)?);
    kubectl.args(["kustomize", "--enable-helm", "--helm-command"]).arg(helm).arg(dir);
    // A kubeconfig with a namespace would be seen in releases that name none.
    let output = kubectl.env("KUBECONFIG", "/dev/null").output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}

/// The text without what is another in every run and on every machine.
fn stable(text: &str, case: &Path) -> String {
    let mut text = record::stable(text, case);
    if let Ok(helm) = oracle::find(Oracle::Helm3) {
        text = text.replace(&*helm.to_string_lossy(), "helm");
    }
    let start = format!("{}/kustomize-helm-", std::env::temp_dir().display());
    let part = |(at, part): (usize, &str)| {
        let part = if at == 0 { part } else { part.trim_start_matches(|c: char| c.is_ascii_digit()) };
        part.to_owned()
    };
    let parts: Vec<String> = text.split(&start).enumerate().map(part).collect();
    parts.join("TEMP")
}
