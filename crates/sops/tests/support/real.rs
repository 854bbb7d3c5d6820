//! The real sops on files of its own folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cases::{self, Case};

/// A folder with the keys, in which sops runs.
pub(crate) struct Real {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Real {
    /// A folder with all keys; `gpg` imports those of `OpenPGP`.
    pub(crate) fn new(program: &Path) -> Self {
        let real = Self { program: program.to_owned(), folder: tempfile::tempdir().expect("a temporary folder") };
        let gnupg = real.path("gnupg");
        fs::create_dir(&gnupg).expect("a folder");
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
        fs::set_permissions(&gnupg, mode).expect("it is ours");
        let identities = [cases::key("age1.txt"), cases::key("age2.txt")].concat();
        fs::write(real.path("age.txt"), identities).expect("it is ours");
        real
    }

    /// Imports the keys of `OpenPGP`; whether that worked.
    pub(crate) fn import(&self) -> bool {
        ["rsa.asc", "ecc.asc"].iter().all(|name| {
            let mut gpg = Command::new("gpg");
            gpg.env("GNUPGHOME", self.path("gnupg")).args(["--batch", "--quiet", "--import"]);
            gpg.arg(cases::root().join("keys").join(name)).output().is_ok_and(|output| output.status.success())
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs sops on a file; the keys of the case are the only ones.
    pub(crate) fn run(&self, case: &Case, verb: &str, text: &[u8]) -> Result<Vec<u8>, String> {
        let told = |error: std::io::Error| error.to_string();
        fs::write(self.path(&case.file), text).map_err(told)?;
        fs::copy(case.rule_path(), self.path(".sops.yaml")).map_err(told)?;
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.folder.path());
        command.env("GNUPGHOME", self.path("gnupg")).env("SOPS_AGE_KEY_FILE", self.path("age.txt"));
        if let Some(kind) = case.rule.strip_prefix("ssh-") {
            let name = if kind == "rsa" { "id_rsa" } else { "id_ed25519" };
            command.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", cases::root().join("keys").join(name));
        }
        let output = command.args([verb, &case.file]).output().map_err(told)?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        // gpg starts an agent for each home.
        let mut stop = Command::new("gpgconf");
        let _ = stop.env("GNUPGHOME", self.path("gnupg")).args(["--kill", "all"]).output();
    }
}
