//! `setpoint completion`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::output;

/// Print the completion script of a shell
///
/// For bash: `source <(setpoint completion bash)`.
#[derive(Args, Debug)]
pub(crate) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn completion(args: &CompletionArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "setpoint", &mut script);
    output::raw(&String::from_utf8_lossy(&script));
}
