//! The real kustomize, as `kubectl kustomize`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that expectations are recorded from.
pub(crate) const KUSTOMIZE: &str = "v5.7.1";

/// `$SETPOINT_KUBECTL`, or the one in the cache of oracles, if it has the right kustomize.
pub(crate) fn find() -> Option<PathBuf> {
    let cache = env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/setpoint/oracles"));
    let entries = cache.into_iter().flat_map(|cache| fs::read_dir(cache).into_iter().flatten().flatten());
    let cached = entries.map(|entry| entry.path().join("bin/kubectl"));
    env::var_os("SETPOINT_KUBECTL").map(PathBuf::from).into_iter().chain(cached).find(|path| has_version(path))
}

fn has_version(kubectl: &Path) -> bool {
    let output = Command::new(kubectl).args(["version", "--client"]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(KUSTOMIZE))
}

/// What it prints, or says when it fails.
pub(crate) fn build(kubectl: &Path, dir: &Path) -> io::Result<Result<String, String>> {
    let output = Command::new(kubectl).arg("kustomize").arg(dir).env("GIT_TERMINAL_PROMPT", "0").output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}
