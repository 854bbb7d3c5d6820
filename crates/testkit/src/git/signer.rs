//! People who sign: with the real `gpg` and `ssh-keygen`, each with keys of their own.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{SshKey, run};

/// Who signs commits and tags.
#[derive(Debug)]
pub struct Signer {
    kind: Kind,
    /// The text of the public key, as it goes into a Secret.
    public: String,
    /// gpg's home, or where the SSH key is.
    home: TempDir,
}

#[derive(Debug)]
enum Kind {
    Gpg { fingerprint: String },
    Ssh { key: PathBuf },
}

impl Signer {
    /// Whether this machine has `gpg`.
    pub fn has_gpg() -> bool {
        Command::new("gpg").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }

    /// Someone with an `OpenPGP` key; `algorithm` and `expires` as `gpg --quick-generate-key` takes them.
    ///
    /// # Panics
    /// If `gpg` is missing.
    pub fn gpg(algorithm: &str, expires: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut signer = Self { kind: Kind::Gpg { fingerprint: String::new() }, public: String::new(), home };
        signer.gpg_run(&["--quick-generate-key", "Ada Lovelace <ada@example.org>", algorithm, "cert,sign", expires]);
        let listed = signer.gpg_run(&["--list-keys", "--with-colons"]);
        let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:")).expect("a key was made");
        let fingerprint = fingerprint.trim_matches(':').to_owned();
        signer.kind = Kind::Gpg { fingerprint };
        signer.export();
        signer
    }

    /// Gives the `OpenPGP` key a subkey, which signs from now on.
    pub fn add_subkey(&mut self) {
        let id = self.id();
        self.gpg_run(&["--quick-add-key", &id, "ed25519", "sign", "never"]);
        self.export();
    }

    /// Revokes the `OpenPGP` key; what it signed before is there still.
    ///
    /// # Panics
    /// If gpg made no certificate for it.
    pub fn revoke(&mut self) {
        let id = self.id();
        let file = self.home.path().join(format!("openpgp-revocs.d/{id}.rev"));
        let text = fs::read_to_string(&file).expect("gpg wrote it");
        // gpg spoils the first line so that nobody does it by accident.
        let certificate = self.home.path().join("revoke.asc");
        fs::write(&certificate, text.replace(":-----BEGIN", "-----BEGIN")).expect("a file can be written");
        self.gpg_run(&["--import", &certificate.display().to_string()]);
        self.export();
    }

    /// Someone with an SSH key of a kind (`ed25519`, `rsa`, `ecdsa`).
    ///
    /// # Panics
    /// If `ssh-keygen` is missing.
    pub fn ssh(kind: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let SshKey { private, public } = SshKey::generate(kind, "");
        let key = home.path().join("key");
        fs::write(&key, private).expect("a file can be written");
        fs::write(key.with_extension("pub"), &public).expect("a file can be written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("the owner may");
        }
        Self { kind: Kind::Ssh { key }, public, home }
    }

    /// The public key.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Fingerprint of the `OpenPGP` key; empty for SSH.
    pub fn id(&self) -> String {
        match &self.kind {
            Kind::Gpg { fingerprint } => fingerprint.clone(),
            Kind::Ssh { .. } => String::new(),
        }
    }

    /// A signature of a text by `ssh-keygen -Y sign` for this purpose.
    ///
    /// # Panics
    /// If it is no SSH key.
    pub fn sign_text(&self, purpose: &str, text: &str) -> String {
        let key = self.ssh_key().expect("only SSH keys sign for a purpose");
        let file = self.home.path().join("text");
        fs::write(&file, text).expect("a file can be written");
        drop(fs::remove_file(file.with_extension("sig")));
        run(Command::new("ssh-keygen").args(["-q", "-Y", "sign", "-n", purpose, "-f"]).arg(key).arg(&file));
        fs::read_to_string(file.with_extension("sig")).expect("ssh-keygen wrote it")
    }

    fn ssh_key(&self) -> Option<&PathBuf> {
        if let Kind::Ssh { key } = &self.kind { Some(key) } else { None }
    }

    /// Makes git sign as this person.
    pub(super) fn prepare(&self, command: &mut Command) {
        match &self.kind {
            Kind::Gpg { fingerprint } => {
                command.env("GNUPGHOME", self.home.path()).arg("-c").arg(format!("user.signingkey={fingerprint}"));
            }
            Kind::Ssh { key } => {
                command.args(["-c", "gpg.format=ssh", "-c"]).arg(format!("user.signingkey={}", key.display()));
            }
        }
    }

    fn export(&mut self) {
        self.public = self.gpg_run(&["--armor", "--export", &self.id()]);
    }

    fn gpg_run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", self.home.path());
        run(command
            .args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""])
            .args(arguments))
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        // gpg leaves an agent behind that outlives it.
        if matches!(self.kind, Kind::Gpg { .. }) {
            let mut command = Command::new("gpgconf");
            command.env("GNUPGHOME", self.home.path()).args(["--kill", "all"]).stdin(Stdio::null());
            drop(command.stdout(Stdio::null()).stderr(Stdio::null()).status());
        }
    }
}
