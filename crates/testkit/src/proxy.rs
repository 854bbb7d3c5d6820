//! A real forward proxy on loopback: tinyproxy, with a login.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The program, where Debian puts it.
const PROGRAM: &str = "/usr/bin/tinyproxy";
/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running proxy; it ends with its value.
#[derive(Debug)]
pub struct ForwardProxy {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl ForwardProxy {
    /// The user who may go through it.
    pub const USER: &'static str = "ada";
    /// The user's password.
    pub const PASSWORD: &'static str = "analytical";

    /// Whether this machine has the program at all.
    pub fn is_available() -> bool {
        Path::new(PROGRAM).exists()
    }

    /// Starts one that lets in [`Self::USER`] only.
    ///
    /// # Panics
    /// If it is missing or does not start.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("loopback can be listened on").port();
        let config = format!(
            "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nLogLevel Connect\nLogFile \"{}\"\nBasicAuth {} {}\n",
            folder.path().join("log").display(),
            Self::USER,
            Self::PASSWORD
        );
        let file = folder.path().join("config");
        fs::write(&file, config).expect("a file can be written");
        let mut command = Command::new(PROGRAM);
        command.arg("-d").arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("tinyproxy can be started");
        let proxy = Self { child, port, folder };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "tinyproxy does not start: {}", proxy.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it tells of who went where.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
