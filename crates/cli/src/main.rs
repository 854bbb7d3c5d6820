//! The `setpoint` command: holds clusters to what Git says.
//!
//! [`args`] says what can be typed, [`commands`] does it one verb a file, [`failure`] decides what a user is told when
//! something went wrong and which exit code a script sees.

mod args;
mod chart;
mod cluster;
mod commands;
mod expanded;
mod failure;
mod findings;
mod folder;
mod merge;
mod mirrors;
mod output;
mod password;
mod preview;
mod remote;
mod rules;
mod served;
mod signals;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run()
}
