//! Real Git repositories, served by the real `git` over HTTP and by the real `sshd`, on loopback only.

mod http;
mod repository;
mod signer;
mod ssh;

use std::{path::Path, process::Command};

pub use http::{Access, GitServer, Setup};
pub use repository::GitRepo;
pub use signer::Signer;
pub use ssh::{SshAgent, SshKey, SshServer};

/// `git` with nothing of this machine's or user's settings.
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// A new RSA key as a PEM file, as GitHub gives apps.
pub(crate) fn pem_key() -> String {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("key");
    run(Command::new("ssh-keygen").args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"]).arg(&file));
    std::fs::read_to_string(file).expect("ssh-keygen wrote it")
}

/// Runs a command to its end and gives its output.
///
/// # Panics
/// If it cannot be started or fails: a test cannot go on without it.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
