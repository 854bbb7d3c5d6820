//! The real `sshd`, on loopback, with keys of its own.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::run;

/// Where Debian's openssh-server puts it.
const SSHD: &str = "/usr/sbin/sshd";
/// To come up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A key pair.
#[derive(Clone, Debug)]
pub struct SshKey {
    /// The private key file's text.
    pub private: String,
    /// The public key's line.
    pub public: String,
}

impl SshKey {
    /// A new key of `kind` (`ed25519`, `rsa`, `ecdsa`), encrypted unless `passphrase` is empty.
    ///
    /// # Panics
    /// If `ssh-keygen` is missing.
    pub fn generate(kind: &str, passphrase: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("key");
        run(Command::new("ssh-keygen").args(["-q", "-t", kind, "-C", "test", "-N", passphrase, "-f"]).arg(&file));
        let read = |path: &Path| fs::read_to_string(path).expect("ssh-keygen wrote it");
        Self { private: read(&file), public: read(&file.with_extension("pub")) }
    }
}

/// An SSH server; it ends with its value.
#[derive(Debug)]
pub struct SshServer {
    child: Child,
    port: u16,
    user: String,
    host_key: SshKey,
    dir: TempDir,
}

impl SshServer {
    /// Whether this machine has `sshd` at all.
    pub fn is_available() -> bool {
        Path::new(SSHD).exists()
    }

    /// Starts a server that lets in who holds one of `keys`. Without `protocol_variable` it drops the
    /// client's wish for the newer Git protocol, as a plain sshd does. None if `sshd` is missing.
    ///
    /// # Panics
    /// If `sshd` is there but does not start.
    pub fn start(keys: &[&SshKey], protocol_variable: bool) -> Option<Self> {
        if !Self::is_available() {
            return None;
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let host_key = SshKey::generate("ed25519", "");
        let other = SshKey::generate("ecdsa", "");
        private(&dir.path().join("host_key"), &host_key.private);
        private(&dir.path().join("other_key"), &other.private);
        let allowed: String = keys.iter().map(|key| key.public.as_str()).collect();
        private(&dir.path().join("authorized_keys"), &allowed);
        let user = run(Command::new("id").arg("-un")).trim().to_owned();
        if user == "root" {
            // The folder sshd changes its root to before it trusts anyone; the service unit makes it elsewhere.
            fs::create_dir_all("/run/sshd").expect("root may make a folder");
        }
        let port = free_port();
        let config = config(dir.path(), port, protocol_variable);
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stderr(fs::File::create(dir.path().join("log")).expect("a log can be written"))
            .stdin(Stdio::null())
            .spawn()
            .expect("sshd can be started");
        let mut server = Self { child, port, user, host_key, dir };
        server.wait();
        Some(server)
    }

    /// The address of the repository at `path`.
    pub fn url(&self, path: &Path) -> String {
        format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, path.display())
    }

    /// The line of `known_hosts` about this server.
    pub fn known_hosts(&self) -> String {
        self.known_hosts_with(&self.host_key)
    }

    /// The same line with another key.
    pub fn known_hosts_with(&self, key: &SshKey) -> String {
        format!("[127.0.0.1]:{} {}", self.port, key.public)
    }

    /// The same line with the name hashed, as `ssh-keygen -H` does it.
    ///
    /// # Panics
    /// If `ssh-keygen` is missing.
    pub fn known_hosts_hashed(&self) -> String {
        let file = self.dir.path().join("known_hosts");
        fs::write(&file, self.known_hosts()).expect("a file can be written");
        run(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&file));
        fs::read_to_string(file).expect("ssh-keygen rewrote it")
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("the state of a child is known").is_some();
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(!ended && start.elapsed() < PATIENCE, "sshd does not start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn config(dir: &Path, port: u16, protocol_variable: bool) -> PathBuf {
    let accept = if protocol_variable { "AcceptEnv GIT_PROTOCOL" } else { "" };
    let dir_shown = dir.display();
    let text = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {dir_shown}/other_key\nHostKey {dir_shown}/host_key\n\
         AuthorizedKeysFile {dir_shown}/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n\
         PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n{accept}\n"
    );
    let file = dir.join("sshd_config");
    fs::write(&file, text).expect("a file can be written");
    file
}

/// Writes a file that only its owner may read: sshd refuses others.
fn private(path: &Path, text: &str) {
    fs::write(path, text).expect("a file can be written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("rights can be set");
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// An `ssh-agent` that holds keys; it ends with its value.
#[derive(Debug)]
pub struct SshAgent {
    child: Child,
    socket: PathBuf,
    /// Keeps the folder.
    _dir: TempDir,
}

impl SshAgent {
    /// An agent with these keys, none of which has a passphrase.
    ///
    /// # Panics
    /// If OpenSSH's client programs are missing.
    pub fn start(keys: &[&SshKey]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let socket = dir.path().join("socket");
        let child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("ssh-agent can be started");
        let start = Instant::now();
        while !socket.exists() {
            assert!(start.elapsed() < PATIENCE, "ssh-agent does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        for (index, key) in keys.iter().enumerate() {
            let file = dir.path().join(index.to_string());
            private(&file, &key.private);
            run(Command::new("ssh-add").arg("-q").arg(&file).env("SSH_AUTH_SOCK", &socket));
        }
        Self { child, socket, _dir: dir }
    }

    /// Its socket (`SSH_AUTH_SOCK`).
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for SshAgent {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
