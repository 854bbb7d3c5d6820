//! Private keys, from where sops looks for them.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use sops::keys::{AgeKeys, PgpKeys};
use sops::{Fault, Keyring, SopsError, Text};

use super::document;
use crate::failure::Failure;

/// Where keys are.
#[derive(Args, Debug)]
pub(super) struct KeyringArgs {
    /// File of PGP keys, as `gpg --armor --export-secret-keys` (or `--export`, to encrypt) writes them; repeatable
    #[arg(long = "pgp-key", value_name = "FILE", env = "SETPOINT_PGP_KEY_FILES", value_delimiter = ':')]
    pgp_keys: Vec<PathBuf>,
}

/// The keys that were found, and what could not be used.
pub(super) struct Found {
    pub(super) keyring: Keyring,
    troubles: Vec<String>,
}

impl KeyringArgs {
    /// Reads all keys. What cannot be used is told only if no other key does.
    pub(super) fn keyring(&self) -> Result<Found, Failure> {
        let mut age = AgeKeys::new();
        let mut troubles = Vec::new();
        add_identities(&mut age, &mut troubles);
        add_ssh(&mut age, &mut troubles);
        let mut pgp = PgpKeys::new();
        for path in &self.pgp_keys {
            let added = pgp.add(&document::read(path)?);
            added.map_err(|why| Failure::task(format!("{}: {why}", path.display())))?;
        }
        for command in ["SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"] {
            if env::var_os(command).is_some() {
                troubles.push(format!("{command}: commands that print keys are not supported"));
            }
        }
        Ok(Found { keyring: Keyring::new(vec![Box::new(age), Box::new(pgp)]), troubles })
    }
}

impl Found {
    /// Adds to a failure for want of a key what could not be used.
    pub(super) fn explain(&self, error: &SopsError, mut failure: Failure) -> Failure {
        if matches!(error.fault, Fault::NoDataKey(_)) {
            for trouble in &self.troubles {
                failure = failure.hint(trouble);
            }
        }
        failure
    }
}

fn add_identities(age: &mut AgeKeys, troubles: &mut Vec<String>) {
    if let Ok(text) = env::var("SOPS_AGE_KEY") {
        add_text(age, ("SOPS_AGE_KEY", &Text::new(text.into_bytes())), troubles);
    }
    let named = env::var_os("SOPS_AGE_KEY_FILE").map(PathBuf::from);
    for path in named.iter().cloned().chain(default_file()) {
        match document::read(&path) {
            Ok(text) => add_text(age, (&path.display().to_string(), &text), troubles),
            Err(failure) if Some(&path) == named.as_ref() || path.exists() => {
                troubles.push(failure.message().to_owned());
            }
            Err(_) => {}
        }
    }
}

fn add_text(age: &mut AgeKeys, (name, text): (&str, &Text), troubles: &mut Vec<String>) {
    if let Err(wrong) = age.add_identities(&String::from_utf8_lossy(text)) {
        troubles.extend(wrong.into_iter().map(|why| format!("{name}: {why}")));
    }
}

/// `sops/age/keys.txt` in the user's folder of configuration.
fn default_file() -> Option<PathBuf> {
    let configured = env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = configured.or_else(|| Some(home()?.join(".config")))?;
    Some(folder.join("sops/age/keys.txt"))
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

fn add_ssh(age: &mut AgeKeys, troubles: &mut Vec<String>) {
    let named = env::var_os("SOPS_AGE_SSH_PRIVATE_KEY_FILE").map(PathBuf::from);
    let usual = home().into_iter().flat_map(|home| ["id_ed25519", "id_rsa"].map(|name| home.join(".ssh").join(name)));
    let usual = usual.filter(|path| path.is_file());
    for path in named.into_iter().chain(usual) {
        let told = |why: &str, path: &Path| format!("{}: {why}", path.display());
        match document::read(&path) {
            Ok(text) => {
                if let Err(why) = age.add_ssh(&text) {
                    troubles.push(told(&why, &path));
                }
            }
            Err(failure) => troubles.push(failure.message().to_owned()),
        }
    }
}
