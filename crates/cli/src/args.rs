//! What can be typed. The doc comments are the help pages.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Holds Kubernetes clusters to what Git says
///
/// Setpoint reads a Git repository of manifests, Kustomize overlays or Flux objects, applies it to a cluster, and keeps
/// the cluster that way. Without a cluster it brings its own.
#[derive(Debug, Parser)]
#[command(name = "setpoint", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) always: Always,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every verb takes.
#[derive(Args, Debug)]
pub(crate) struct Always {
    /// Log what happens inside, for bug reports; the variable `RUST_LOG` refines it
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(Box<commands::up::UpArgs>),
    Down(commands::down::DownArgs),
    Install(commands::install::InstallArgs),
    Controller(Box<commands::controller::ControllerArgs>),
    Build(commands::build::BuildArgs),
    Why(commands::why::WhyArgs),
    Template(Box<commands::template::TemplateArgs>),
    Check(commands::check::CheckArgs),
    Secrets(commands::secrets::SecretsArgs),
    Diff(commands::diff::DiffArgs),
    Get(commands::get::GetArgs),
    Tree(commands::tree::TreeArgs),
    Reconcile(commands::reconcile::ReconcileArgs),
    Suspend(commands::suspend::SuspendArgs),
    Resume(commands::suspend::ResumeArgs),
    Events(commands::events::EventsArgs),
    Completion(commands::completion::CompletionArgs),
}

/// Adds the flags of a verb to its command.
type Flags = fn(clap::Command) -> clap::Command;

/// The flags of each verb, by its name.
const VERBS: [(&str, Flags); 17] = [
    ("up", commands::up::UpArgs::augment_args),
    ("down", commands::down::DownArgs::augment_args),
    ("install", commands::install::InstallArgs::augment_args),
    ("controller", commands::controller::ControllerArgs::augment_args),
    ("build", commands::build::BuildArgs::augment_args),
    ("why", commands::why::WhyArgs::augment_args),
    ("template", commands::template::TemplateArgs::augment_args),
    ("check", commands::check::CheckArgs::augment_args),
    ("secrets", commands::secrets::SecretsArgs::augment_args),
    ("diff", commands::diff::DiffArgs::augment_args),
    ("get", commands::get::GetArgs::augment_args),
    ("tree", commands::tree::TreeArgs::augment_args),
    ("reconcile", commands::reconcile::ReconcileArgs::augment_args),
    ("suspend", commands::suspend::SuspendArgs::augment_args),
    ("resume", commands::suspend::ResumeArgs::augment_args),
    ("events", commands::events::EventsArgs::augment_args),
    ("completion", commands::completion::CompletionArgs::augment_args),
];

impl Cli {
    /// Reads the command line; ends the program with what is to be said of it, if it is wrong or asks for help.
    ///
    /// Only the verb that was typed is laid out, as all of them cost more time than a small build. Where that gives no result, all
    /// are, so that what is said is complete.
    pub(crate) fn read() -> Self {
        Self::read_verb(std::env::args_os()).unwrap_or_else(Self::parse)
    }

    fn read_verb(words: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let words: Vec<OsString> = words.into_iter().collect();
        // No flag before the verb takes a value.
        let typed = words.iter().skip(1).find(|word| !word.as_encoded_bytes().starts_with(b"-"))?;
        let (name, flags) = VERBS.iter().find(|(name, _)| *typed == **name)?;
        let command = Always::augment_args(clap::Command::new("setpoint")).disable_help_subcommand(true);
        let command = command.subcommand(flags(clap::Command::new(*name)));
        Self::from_arg_matches(&command.try_get_matches_from(words).ok()?).ok()
    }
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn all_verbs_are_laid_out_when_they_are_typed() {
        let all = Cli::command();
        let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, VERBS.map(|(name, _)| name));
    }

    #[test]
    fn a_verb_alone_reads_as_among_all() {
        let lines = [
            "setpoint build apps --origin",
            "setpoint --verbose check .",
            "setpoint diff main..HEAD --verbose -o json --mirror https://a/=https://b/",
            "setpoint secrets encrypt --in-place a.yaml",
            "setpoint up . --kubeconfig x --context y",
            "setpoint get all -A",
            "setpoint template -f a,b --set x=1 --verbose name help",
        ];
        for line in lines {
            let words = || line.split(' ').map(Into::into);
            let alone = Cli::read_verb(words()).map(|cli| format!("{cli:?}"));
            assert_eq!(alone, Cli::try_parse_from(words()).ok().map(|cli| format!("{cli:?}")), "{line}");
            assert!(alone.is_some(), "{line}");
        }
        for line in [
            "setpoint",
            "setpoint help",
            "setpoint help build",
            "setpoint buidl",
            "setpoint build --orgin",
            "setpoint build --help",
            "setpoint --version",
            "setpoint --verbse build",
            "setpoint -- build",
        ] {
            assert!(Cli::read_verb(line.split(' ').map(Into::into)).is_none(), "{line}");
        }
    }
}
