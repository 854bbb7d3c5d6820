//! Git over SSH: `git-upload-pack` run on the server, its input and output through one channel.

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use russh::{
    Channel, ChannelMsg, Preferred, client,
    keys::{
        HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, agent::AgentIdentity, agent::client::AgentClient,
        decode_secret_key,
    },
};

use super::{
    Wire,
    io::{Deadline, Io},
    known_hosts::{KnownHosts, Verdict, display_name},
};
use crate::{
    address::SshRemote,
    error::SourceError,
    request::{Auth, GitRequest},
};

/// Bytes of the server's complaints that are kept for a message.
const MAX_COMPLAINT: usize = 4096;

/// An open channel to `git-upload-pack`.
pub(crate) struct Ssh {
    io: Arc<Io>,
    channel: Channel<client::Msg>,
    /// Keeps the connection.
    _handle: client::Handle<HostKeys>,
    deadline: Deadline,
    shown: String,
    rest: Vec<u8>,
    at: usize,
    complaint: Vec<u8>,
    ended: bool,
}

/// Checks the server's key while the connection is made.
struct HostKeys {
    known: KnownHosts,
    name: String,
    scan: String,
    /// Why the key was refused.
    refused: Arc<Mutex<Option<SourceError>>>,
}

impl client::Handler for HostKeys {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        let algorithm = key.algorithm().to_string();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let host = self.name.clone();
        let error = match self.known.verdict(key) {
            Verdict::Trusted => return Ok(true),
            Verdict::Unknown => SourceError::HostKeyUnknown { host, algorithm, fingerprint, scan: self.scan.clone() },
            Verdict::Changed(line) => SourceError::HostKeyChanged { host, algorithm, fingerprint, line },
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        Ok(false)
    }
}

impl Ssh {
    /// Connects, checks the server, logs in and starts `git-upload-pack` there.
    pub(crate) fn connect(
        io: Arc<Io>,
        request: &GitRequest,
        remote: &SshRemote,
        shown: &str,
    ) -> Result<Self, SourceError> {
        let deadline = Deadline::after(request.timeout);
        let attempt = Attempt { request, remote, shown };
        let opened = io.until(deadline, attempt.open());
        let (handle, channel) = opened.unwrap_or_else(|_| {
            Err(SourceError::Timeout { url: shown.to_owned(), seconds: deadline.seconds(), doing: "connecting" })
        })?;
        Ok(Self {
            io,
            channel,
            _handle: handle,
            deadline,
            shown: shown.to_owned(),
            rest: Vec::new(),
            at: 0,
            complaint: Vec::new(),
            ended: false,
        })
    }

    /// Waits for more of the output.
    fn fill(&mut self) -> io::Result<()> {
        while self.at == self.rest.len() && !self.ended {
            match self.io.until(self.deadline, self.channel.wait())? {
                Some(ChannelMsg::Data { data }) => {
                    self.rest = data.to_vec();
                    self.at = 0;
                }
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    let room = MAX_COMPLAINT.saturating_sub(self.complaint.len());
                    self.complaint.extend(data.iter().take(room));
                }
                Some(ChannelMsg::Close) | None => self.ended = true,
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl Read for Ssh {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let left = &self.rest[self.at..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Wire for Ssh {
    fn advertisement(&mut self) -> Result<Box<dyn Read + '_>, SourceError> {
        Ok(Box::new(self))
    }

    fn call(&mut self, request: Vec<u8>) -> Result<Box<dyn Read + '_>, SourceError> {
        match self.io.until(self.deadline, self.channel.data_bytes(request)) {
            Ok(Ok(())) => Ok(Box::new(self)),
            Ok(Err(error)) => Err(self.explain("asking", &io::Error::other(error))),
            Err(error) => Err(self.explain("asking", &error)),
        }
    }

    fn explain(&mut self, doing: &'static str, error: &io::Error) -> SourceError {
        let url = self.shown.clone();
        if error.kind() == io::ErrorKind::TimedOut {
            return SourceError::Timeout { url, seconds: self.deadline.seconds(), doing };
        }
        let complaint = String::from_utf8_lossy(&self.complaint);
        let words: Vec<&str> = complaint.split_whitespace().collect();
        let cause = match words.join(" ") {
            empty if empty.is_empty() => error.to_string(),
            said => format!("the server says: {said}"),
        };
        let lower = cause.to_lowercase();
        let missing = ["not found", "does not appear to be", "could not be found", "does not exist", "no such"];
        if missing.iter().any(|words| lower.contains(words)) {
            return SourceError::NoSuchRepository { url, cause };
        }
        if ["permission denied", "access denied", "not authorized", "not allowed"]
            .iter()
            .any(|words| lower.contains(words))
        {
            return SourceError::AuthenticationRefused { url, cause, remedy: KEY_REMEDY };
        }
        SourceError::Protocol { url, doing, cause }
    }

    fn is_persistent(&self) -> bool {
        !self.ended
    }
}

const KEY_REMEDY: &str = "Check that the public key belonging to `identity` of the secret is known to the server (a deploy key with read access)";

/// What is needed to open a channel.
struct Attempt<'a> {
    request: &'a GitRequest,
    remote: &'a SshRemote,
    shown: &'a str,
}

type Opened = (client::Handle<HostKeys>, Channel<client::Msg>);

impl Attempt<'_> {
    async fn open(&self) -> Result<Opened, SourceError> {
        let (Auth::SshKey { known_hosts, .. } | Auth::SshAgent { known_hosts, .. }) = &self.request.auth else {
            return Err(
                self.refused("no key was given", "Name a secret with `identity` and `known_hosts` in `spec.secretRef`")
            );
        };
        if known_hosts.trim().is_empty() {
            return Err(SourceError::KnownHostsMissing {
                url: self.shown.to_owned(),
                host: self.scan(),
                cause: "it is empty".to_owned(),
            });
        }
        let mut handle = self.connect(known_hosts).await?;
        self.log_in(&mut handle).await?;
        let broken = |error: russh::Error| SourceError::Protocol {
            url: self.shown.to_owned(),
            doing: "starting git-upload-pack",
            cause: error.to_string(),
        };
        let channel = handle.channel_open_session().await.map_err(broken)?;
        channel.set_env(false, "GIT_PROTOCOL", "version=2").await.map_err(broken)?;
        let command = format!("git-upload-pack {}", quoted(&self.remote.path));
        channel.exec(true, command).await.map_err(broken)?;
        Ok((handle, channel))
    }

    async fn connect(&self, known_hosts: &str) -> Result<client::Handle<HostKeys>, SourceError> {
        let known = KnownHosts::parse(known_hosts, &self.remote.host, self.remote.port);
        let mut config = client::Config { nodelay: true, ..client::Config::default() };
        if !known.is_empty() {
            config.preferred = Preferred { key: known.algorithms().into(), ..Preferred::DEFAULT };
        }
        let refused = Arc::new(Mutex::new(None));
        let handler = HostKeys {
            known,
            name: display_name(&self.remote.host, self.remote.port),
            scan: self.scan(),
            refused: Arc::clone(&refused),
        };
        let address = (self.remote.host.as_str(), self.remote.port);
        let connected = client::connect(Arc::new(config), address, handler).await;
        connected.map_err(|error| {
            let refused = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
            refused.unwrap_or_else(|| self.not_connected(&error))
        })
    }

    fn not_connected(&self, error: &russh::Error) -> SourceError {
        let url = self.shown.to_owned();
        match error {
            russh::Error::NoCommonAlgo { ours, theirs, .. } => SourceError::Protocol {
                url,
                doing: "agreeing on ciphers and key types",
                cause: format!(
                    "we can do {}, it can do {}; if these are host key types, `known_hosts` lacks a line for one of them",
                    ours.join(", "),
                    theirs.join(", ")
                ),
            },
            other => SourceError::Unreachable { url, cause: other.to_string() },
        }
    }

    async fn log_in(&self, handle: &mut client::Handle<HostKeys>) -> Result<(), SourceError> {
        match &self.request.auth {
            Auth::SshKey { private_key, passphrase, .. } => {
                let key = decode_secret_key(private_key, passphrase.as_deref()).map_err(|error| {
                    SourceError::KeyUnusable { url: self.shown.to_owned(), cause: error.to_string() }
                })?;
                let hash = handle.best_supported_rsa_hash().await.ok().flatten().flatten();
                let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
                let answer = handle.authenticate_publickey(self.remote.user.as_str(), key).await;
                match answer {
                    Ok(answer) if answer.success() => Ok(()),
                    Ok(_) => Err(self.refused("the server does not take this key", KEY_REMEDY)),
                    Err(error) => Err(self.refused(&error.to_string(), KEY_REMEDY)),
                }
            }
            Auth::SshAgent { socket, .. } => self.log_in_by_agent(handle, socket).await,
            Auth::None | Auth::Basic { .. } | Auth::Bearer(_) | Auth::GitHubApp(_) => {
                Err(self.refused("no key was given", KEY_REMEDY))
            }
        }
    }

    async fn log_in_by_agent(
        &self,
        handle: &mut client::Handle<HostKeys>,
        socket: &std::path::Path,
    ) -> Result<(), SourceError> {
        const REMEDY: &str = "Check `ssh-add -l`: the agent must run and hold a key that the server knows";
        let failed = |error: russh::keys::Error| self.refused(&format!("the SSH agent: {error}"), REMEDY);
        let mut agent = AgentClient::connect_uds(socket).await.map_err(failed)?;
        let identities = agent.request_identities().await.map_err(failed)?;
        let hash = handle.best_supported_rsa_hash().await.ok().flatten().flatten();
        for identity in identities {
            let AgentIdentity::PublicKey { key, .. } = identity else {
                continue;
            };
            let user = self.remote.user.as_str();
            let hash = hash.filter(|_| key.algorithm().is_rsa());
            if let Ok(answer) = handle.authenticate_publickey_with(user, key, hash, &mut agent).await
                && answer.success()
            {
                return Ok(());
            }
        }
        Err(self.refused("the server takes none of the agent's keys", REMEDY))
    }

    fn refused(&self, cause: &str, remedy: &'static str) -> SourceError {
        SourceError::AuthenticationRefused { url: self.shown.to_owned(), cause: cause.to_owned(), remedy }
    }

    fn scan(&self) -> String {
        match self.remote.port {
            crate::address::SSH_PORT => self.remote.host.clone(),
            port => format!("-p {port} {}", self.remote.host),
        }
    }
}

/// `path` for the server's shell.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''").replace('!', "'\\!'"))
}
