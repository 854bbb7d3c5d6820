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
    /// Build every kustomization below a folder with the real kustomize and with ours; list what differs, and what names
    /// remote bases and is left out.
    Kustomize {
        /// The folder.
        #[arg(long)]
        dir: PathBuf,
        /// Build as Flux does, with its release of kustomize.
        #[arg(long)]
        flux: bool,
    },
    /// Render every chart below a folder, with its defaults and with each file of its `ci/`, with the real helm and with
    /// ours; list what differs.
    Helm {
        /// The folder.
        #[arg(long)]
        dir: PathBuf,
        /// Fixed values for what charts make up by chance: a YAML map from names of charts to values.
        #[arg(long)]
        mask: Option<PathBuf>,
        /// Only charts and files of values whose path holds this text.
        #[arg(long)]
        only: Option<String>,
        /// Print the lines that differ.
        #[arg(long)]
        show: bool,
    },
}

/// Fails where anything differs.
pub(crate) fn conform(root: &Path, what: &Conform) -> Result<(), Failure> {
    match what {
        Conform::Kustomize { dir, flux } => kustomize(root, dir, *flux),
        Conform::Helm { dir, mask, only, show } => {
            let helm = oracle::find(Oracle::Helm).map_err(|missing| Failure::Refused(missing.to_string()))?;
            let mut conform = Command::new(programs::example(root, "setpoint-helm", "helm_conform")?);
            conform.arg(dir).env("SETPOINT_HELM", helm);
            for (flag, value) in
                [("--mask", mask.as_ref().map(|path| path.as_os_str())), ("--only", only.as_ref().map(AsRef::as_ref))]
            {
                conform.args(value.map(|value| [flag.as_ref(), value]).into_iter().flatten());
            }
            conform.args(show.then_some("--show"));
            run(&mut conform)
        }
    }
}

fn kustomize(root: &Path, dir: &Path, flux: bool) -> Result<(), Failure> {
    let wanted = if flux { Oracle::KustomizeFluxBatch } else { Oracle::Kubectl };
    let real = oracle::find(wanted).map_err(|missing| Failure::Refused(missing.to_string()))?;
    let mut conform = Command::new(programs::development(root)?.join("examples/conform"));
    conform.arg(dir).args(flux.then_some("--flux"));
    run(conform.env(if flux { wanted.variable() } else { "SETPOINT_KUBECTL".to_owned() }, real))
}
