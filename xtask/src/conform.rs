//! Compares ours with the real tool over a folder of anybody's files.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Subcommand;
use oracle::Oracle;

use crate::failure::{Failure, run};
use crate::{programs, soak};

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
    /// Hold a repository that Flux runs on an API server, as it is; what it names by addresses is stood in for, and told.
    Flux {
        /// `embedded` or `real`.
        #[arg(long, default_value = "real")]
        cluster: String,
        /// A clone of it, with its branches.
        #[arg(long)]
        repository: PathBuf,
        /// Its address.
        #[arg(long)]
        url: String,
        /// The cluster's folder in it.
        #[arg(long)]
        path: String,
    },
    /// Render every chart below a folder, with its defaults and with each file of its `ci/`, with the real helm and with
    /// ours; list what differs.
    Helm {
        /// The folder.
        #[arg(long)]
        dir: PathBuf,
        /// Fixed values for what charts make up by chance: a YAML map from names of charts to values. Without it, those of
        /// the example.
        #[arg(long)]
        mask: Option<PathBuf>,
        /// Only charts and files of values whose path holds this text.
        #[arg(long)]
        only: Option<String>,
        /// Compare with the last Helm 3, as which ours renders then.
        #[arg(long)]
        helm3: bool,
        /// Print the lines that differ.
        #[arg(long)]
        show: bool,
    },
}

/// Fails where anything differs.
pub(crate) fn conform(root: &Path, what: &Conform) -> Result<(), Failure> {
    match what {
        Conform::Kustomize { dir, flux } => kustomize(root, dir, *flux),
        Conform::Flux { cluster, repository, url, path } => {
            let repository = repository.display().to_string();
            let of = ["--repository", &repository, "--url", url, "--path", path];
            soak::start(root, None, &[&["example", "--cluster", cluster], of.as_slice()].concat())
        }
        Conform::Helm { dir, mask, only, helm3, show } => {
            let wanted = if *helm3 { Oracle::Helm3 } else { Oracle::Helm };
            let helm = oracle::find(wanted).map_err(|missing| Failure::Refused(missing.to_string()))?;
            let mut conform = Command::new(programs::example(root, "setpoint-helm", "helm_conform")?);
            conform.arg(dir).env("SETPOINT_HELM", helm);
            let own = || root.join("crates/helm/examples/helm_conform/mask.yaml");
            conform.arg("--mask").arg(mask.clone().unwrap_or_else(own));
            conform.args(only.iter().flat_map(|only| ["--only", only]));
            conform.args(helm3.then_some(["--compat", "3"]).into_iter().flatten());
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
