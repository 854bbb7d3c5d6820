//! Our own programs, built and found.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, output, run};

/// What is built for development: exactly what `cargo test --workspace` builds, with the same features, so that nothing
/// is compiled twice.
const DEVELOPMENT: [&str; 6] = ["build", "--workspace", "--bins", "--examples", "--tests", "--locked"];

/// Builds the programs of the tests and gives the folder they are in; examples are in `examples` below it.
pub(crate) fn development(root: &Path) -> Result<PathBuf, Failure> {
    run(cargo(root).args(DEVELOPMENT))?;
    Ok(target(root)?.join("debug"))
}

/// Builds `setpoint` as README's first command does, and gives its path.
pub(crate) fn setpoint(root: &Path) -> Result<PathBuf, Failure> {
    run(&mut release(root))?;
    Ok(target(root)?.join("release/setpoint"))
}

/// What builds `setpoint` for release.
pub(crate) fn release(root: &Path) -> Command {
    let mut build = cargo(root);
    build.args(["build", "--release", "--locked"]);
    build
}

/// Builds one example in release and gives its path: for what is measured, or runs long.
pub(crate) fn example(root: &Path, package: &str, name: &str) -> Result<PathBuf, Failure> {
    Ok(examples(root, package, &[name])?.join(name))
}

/// Builds examples of a package for release and gives the folder they are in.
pub(crate) fn examples(root: &Path, package: &str, names: &[&str]) -> Result<PathBuf, Failure> {
    let mut build = cargo(root);
    build.args(["build", "--release", "--locked", "--package", package]);
    run(build.args(names.iter().flat_map(|name| ["--example", *name])))?;
    Ok(target(root)?.join("release/examples"))
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    cargo
}

/// Where cargo builds.
pub(crate) fn target(root: &Path) -> Result<PathBuf, Failure> {
    let text = output(cargo(root).args(["metadata", "--no-deps", "--locked", "--format-version", "1"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&text).map_err(|why| Failure::Form(format!("cargo metadata: {why}")))?;
    let target = metadata["target_directory"].as_str();
    target.map(PathBuf::from).ok_or_else(|| Failure::Form("cargo metadata names no target directory".into()))
}
