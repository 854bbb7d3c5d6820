//! Compares ours with the real tool over a folder of anybody's files.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Subcommand;
use oracle::Oracle;

use crate::failure::{Failure, run};
use crate::programs;

/// What is compared.
#[derive(Subcommand)]
pub(crate) enum Conform {
    /// Build every kustomization below a folder with the real kustomize and with ours; list what differs.
    Kustomize {
        /// The folder.
        #[arg(long)]
        dir: PathBuf,
    },
}

/// Fails where anything differs.
pub(crate) fn conform(root: &Path, what: &Conform) -> Result<(), Failure> {
    let Conform::Kustomize { dir } = what;
    let kubectl = oracle::find(Oracle::Kubectl).map_err(|missing| Failure::Refused(missing.to_string()))?;
    let conform = programs::development(root)?.join("examples/conform");
    run(Command::new(conform).arg(dir).env("SETPOINT_KUBECTL", kubectl))
}
