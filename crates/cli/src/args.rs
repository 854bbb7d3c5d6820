//! What can be typed. The doc comments are the help pages.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Holds Kubernetes clusters to what Git says
///
/// Setpoint reads a Git repository of manifests, Kustomize overlays or Flux objects, applies it to a cluster, and keeps
/// the cluster that way. Without a cluster it brings its own.
#[derive(Debug, Parser)]
#[command(name = "setpoint", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Log what happens inside, for bug reports; the variable `RUST_LOG` refines it
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(Box<crate::commands::up::UpArgs>),
    Down(crate::commands::down::DownArgs),
    Install(crate::commands::install::InstallArgs),
    Controller(Box<crate::commands::controller::ControllerArgs>),
    Build(crate::commands::build::BuildArgs),
    Why(crate::commands::why::WhyArgs),
    Template(Box<crate::commands::template::TemplateArgs>),
    Check(crate::commands::check::CheckArgs),
    Secrets(crate::commands::secrets::SecretsArgs),
    Diff(crate::commands::diff::DiffArgs),
    Get(crate::commands::get::GetArgs),
    Tree(crate::commands::tree::TreeArgs),
    Reconcile(crate::commands::reconcile::ReconcileArgs),
    Suspend(crate::commands::suspend::SuspendArgs),
    Resume(crate::commands::suspend::ResumeArgs),
    Events(crate::commands::events::EventsArgs),
    Completion(crate::commands::completion::CompletionArgs),
}

/// Which cluster is meant.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ClusterArgs {
    /// Kubeconfig of the cluster [default: the nearest .setpoint/ folder's, then KUBECONFIG, then ~/.kube/config]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) context: Option<String>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Aligned columns for people
    #[default]
    Table,
    /// JSON for scripts
    Json,
    /// YAML
    Yaml,
}
