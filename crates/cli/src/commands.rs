//! The verbs, one file each: a clap struct whose doc comment is the help page, then the function.

pub(crate) mod build;
pub(crate) mod completion;
pub(crate) mod diff;
pub(crate) mod down;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod reconcile;
pub(crate) mod suspend;
pub(crate) mod template;
pub(crate) mod tree;
pub(crate) mod up;
pub(crate) mod why;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output;

/// Parses the command line, runs the verb and turns its outcome into an exit code.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::task(format!("cannot start: {error}"))),
    };
    let code = runtime.block_on(dispatch(cli.command));
    // A worker that is still inside a blocking call must not hold up the end of the program.
    runtime.shutdown_background();
    code
}

async fn dispatch(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Up(args) => up::up(*args).await,
        Command::Down(args) => down::down(args).await,
        Command::Build(args) => build::build(&args),
        Command::Why(args) => why::why(&args),
        Command::Template(args) => template::template(&args),
        Command::Diff(args) => return diff::diff(args).await,
        Command::Get(args) => get::get(args).await,
        Command::Tree(args) => tree::tree(args).await,
        Command::Reconcile(args) => reconcile::reconcile(args).await,
        Command::Suspend(args) => suspend::suspend(args).await,
        Command::Resume(args) => suspend::resume(args).await,
        Command::Events(args) => events::events(args).await,
        Command::Completion(args) => {
            completion::completion(&args);
            Ok(())
        }
    };
    outcome.map_or_else(|failure| report(&failure), |()| ExitCode::SUCCESS)
}

fn report(failure: &Failure) -> ExitCode {
    output::note(failure.report());
    failure.exit_code()
}

fn start_log(verbose: bool) {
    let default = if verbose { "info,engine=debug,apply=debug,source=debug,controlplane=debug" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
