//! The verbs, one file each: a clap struct whose doc comment is the help page, then the function.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod controller;
pub(crate) mod diff;
pub(crate) mod down;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod install;
pub(crate) mod reconcile;
pub(crate) mod secrets;
pub(crate) mod suspend;
pub(crate) mod template;
pub(crate) mod tree;
pub(crate) mod up;
pub(crate) mod why;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use rustix::process::{Resource, getrlimit};
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output;

/// Stack of what renders where the first thread has little.
const RENDER_STACK: usize = 256 << 20;

/// Stack of what builds kustomizations without charts or renders one chart, as systems give it to the first thread.
const BUILD_STACK: u64 = 8 << 20;

/// Parses the command line, runs the verb and turns its outcome into an exit code.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::read();
    start_log(&cli);
    match cli.command {
        Command::Up(args) => with_cluster(async || finish(up::up(*args).await)),
        Command::Install(args) => with_cluster(async || finish(install::install(args).await)),
        Command::Controller(args) => with_cluster(async || finish(controller::controller(*args).await)),
        Command::Down(args) => with_cluster(async || finish(down::down(args).await)),
        Command::Build(args) if args.renders_charts() => rendering_deeply(|| build::build(&args)),
        Command::Build(args) => rendering(|| build::build(&args)),
        Command::Why(args) => rendering_deeply(|| why::why(&args)),
        Command::Template(args) => rendering(|| template::template(&args)),
        Command::Check(args) => with_cluster(async || check::check(args).await),
        Command::Secrets(args) => with_cluster(async || finish(secrets::secrets(args).await)),
        Command::Diff(args) => with_cluster(async || diff::diff(args).await),
        Command::Get(args) => with_cluster(async || finish(get::get(args).await)),
        Command::Tree(args) => with_cluster(async || finish(tree::tree(args).await)),
        Command::Reconcile(args) => with_cluster(async || finish(reconcile::reconcile(args).await)),
        Command::Suspend(args) => with_cluster(async || finish(suspend::suspend(args).await)),
        Command::Resume(args) => with_cluster(async || finish(suspend::resume(args).await)),
        Command::Events(args) => with_cluster(async || finish(events::events(args).await)),
        Command::Completion(args) => {
            completion::completion(&args);
            ExitCode::SUCCESS
        }
    }
}

/// Runs a verb that builds kustomizations or renders one chart, on the stack that is there if that is enough.
fn rendering(verb: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    if has_room() { unbroken(verb) } else { rendering_deeply(verb) }
}

/// Runs a verb that only renders. It may wait for remote files, which the workers of a runtime must not.
///
/// It gets a stack of its own and stays on the first thread, whose heap grows in larger steps than that of another.
fn rendering_deeply(verb: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    unbroken(|| stacker::grow(RENDER_STACK, verb))
}

/// Runs a verb that only renders; a panic in it is a failure.
fn unbroken(verb: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    let outcome = catch_unwind(AssertUnwindSafe(verb));
    finish(outcome.unwrap_or_else(|_| Err(Failure::task("the rendering broke off"))))
}

/// Whether the first thread's own stack is enough for kustomizations and for charts: their levels are bounded, so are those of
/// YAML, and templates that nest deeply make a stack for that. To make another costs a tenth of a small build's start.
fn has_room() -> bool {
    getrlimit(Resource::Stack).current.is_none_or(|limit| limit >= BUILD_STACK)
}

/// Runs a verb that talks to a cluster. It is begun here, in a frame of its own: together such verbs would take twenty kilobytes
/// of stack that those that only render need not touch.
#[inline(never)]
fn with_cluster(verb: impl AsyncFnOnce() -> ExitCode) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::task(format!("cannot start: {error}"))),
    };
    let code = runtime.block_on(verb());
    // A worker that is still inside a blocking call must not hold up the end of the program.
    runtime.shutdown_background();
    code
}

fn finish(outcome: Result<(), Failure>) -> ExitCode {
    outcome.map_or_else(|failure| report(&failure), |()| ExitCode::SUCCESS)
}

fn report(failure: &Failure) -> ExitCode {
    output::note(failure.report());
    failure.exit_code()
}

fn start_log(cli: &Cli) {
    let default = match &cli.command {
        _ if cli.always.verbose => "info,engine=debug,apply=debug,source=debug,controlplane=debug",
        // Its log is all that it has to say.
        Command::Controller(_) => "info",
        // To start a log takes a while that is seen in what a small build takes, and rendering has nothing to say in it.
        Command::Build(_) | Command::Template(_) | Command::Why(_)
            if std::env::var_os(EnvFilter::DEFAULT_ENV).is_none() =>
        {
            return;
        }
        _ => "error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
