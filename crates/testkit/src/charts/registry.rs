//! The registry of the CNCF's distribution project, on loopback.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use oracle::Oracle;
use serde_json::json;
use tempfile::TempDir;

use super::{
    helm::Helm,
    token::{ISSUER, SERVICE, Tokens},
};
use crate::{
    apiserver::{Running, StartError},
    tls::{Authority, Certificate},
};

/// How long it may take to listen.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How often it is looked whether it listens.
const LOOK: Duration = Duration::from_millis(20);
/// The user who may pull and push where a login is asked for, and the password.
const USER: (&str, &str) = ("ada", "engine");
/// The password's bcrypt hash, as `htpasswd` writes it.
const HTPASSWD: &str = "ada:$2a$10$CX80zji07WNzPDmMijC.ruhMm8Q7M0Fue6.Xi1dBpkS9SbFdciKp6\n";

/// Which login a registry asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// None.
    #[default]
    None,
    /// User and password at each request.
    Basic,
    /// A token, which another server gives for user and password.
    Token,
}

/// How a registry is to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup {
    /// Which login it asks for.
    pub login: Login,
    /// Whether it speaks TLS, with a certificate of an authority of its own.
    pub tls: bool,
}

/// A running registry; it ends with its value.
pub struct Registry {
    port: u16,
    setup: Setup,
    folder: TempDir,
    _running: Running,
    _tokens: Option<Tokens>,
}

impl Registry {
    /// An empty registry.
    ///
    /// # Errors
    /// That the program is not there or does not start.
    pub fn start(setup: Setup) -> Result<Self, StartError> {
        let program = oracle::find(Oracle::Registry)?;
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let tokens = (setup.login == Login::Token).then(|| Tokens::start(USER));
        let config = configure(folder.path(), port, setup, tokens.as_ref())?;
        let path = folder.path().join("config.yaml");
        fs::write(&path, config.to_string())?;
        let arguments = ["serve".to_owned(), path.display().to_string()];
        let mut running = Running::start(&program, &arguments, folder.path().join("log"))?;
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            running.check()?;
            if Instant::now() > deadline {
                return Err(running.not_ready("does not listen"));
            }
            std::thread::sleep(LOOK);
        }
        Ok(Self { port, setup, folder, _running: running, _tokens: tokens })
    }

    /// The address of a folder in it.
    pub fn url(&self, path: &str) -> String {
        format!("oci://localhost:{}/{path}", self.port)
    }

    /// Where it keeps what it holds.
    pub(super) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data/docker/registry/v2")
    }

    /// Its host and port.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The flags with which helm, and whoever is like it, gets in.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.setup.tls {
            flags.extend(["--ca-file".to_owned(), self.folder.path().join("ca.crt").display().to_string()]);
        } else {
            flags.push("--plain-http".to_owned());
        }
        if self.setup.login != Login::None {
            flags.extend(["--username", USER.0, "--password", USER.1].map(str::to_owned));
        }
        flags
    }

    /// PEM of the authority behind its certificate.
    ///
    /// # Panics
    /// If it speaks no TLS.
    pub fn authority(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("ca.crt")).expect("it speaks TLS")
    }

    /// Pushes an archive into a folder of it with the real helm, and gives what helm says.
    ///
    /// # Panics
    /// If helm cannot.
    pub fn push(&self, helm: &Helm, archive: &Path, path: &str) -> String {
        let (archive, url, flags) = (archive.display().to_string(), self.url(path), self.flags());
        let mut arguments = vec!["push", archive.as_str(), url.as_str()];
        arguments.extend(flags.iter().map(String::as_str));
        let output = helm.run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "helm {arguments:?}: {said}");
        said
    }
}

/// The registry's settings; what they name is written into the folder. JSON is YAML too.
fn configure(folder: &Path, port: u16, setup: Setup, tokens: Option<&Tokens>) -> Result<serde_json::Value, StartError> {
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map(|()| path)
    };
    let mut config = json!({
        "version": "0.1",
        "log": { "level": "warn", "accesslog": { "disabled": true } },
        "storage": { "filesystem": { "rootdirectory": folder.join("data") } },
        "http": { "addr": format!("127.0.0.1:{port}"), "secret": "of the tests" },
    });
    if setup.tls {
        let authority = Authority::new();
        put("ca.crt", authority.pem())?;
        let Certificate { certificate, key } = authority.issue("localhost");
        let (certificate, key) = (put("tls.crt", &certificate)?, put("tls.key", &key)?);
        config["http"]["tls"] = json!({ "certificate": certificate, "key": key });
    }
    if setup.login == Login::Basic {
        config["auth"]["htpasswd"] = json!({ "realm": "charts", "path": put("htpasswd", HTPASSWD)? });
    }
    if let Some(tokens) = tokens {
        let trusted = put("tokens.crt", &tokens.certificate)?;
        config["auth"]["token"] = json!({
            "realm": tokens.realm(), "service": SERVICE, "issuer": ISSUER, "rootcertbundle": trusted,
        });
    }
    Ok(config)
}
