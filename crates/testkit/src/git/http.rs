//! `git http-backend` behind a small HTTP server, with or without credentials and TLS, counting what it does.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::{
    tls::Authority,
    web::{Answer, Listener, listen},
};

/// Who may read.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// Everyone.
    #[default]
    Public,
    /// This user with this password.
    Basic(&'static str, &'static str),
    /// Who holds this token.
    Bearer(&'static str),
}

/// How a server is to be.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Who may read.
    pub access: Access,
    /// Whether it speaks TLS, with a certificate of an authority of its own.
    pub tls: bool,
    /// Before every answer.
    pub delay: Duration,
    /// The oldest protocol only, as servers behind old proxies.
    pub version_zero: bool,
    /// Paths answered by a redirect to this address.
    pub redirects: HashMap<String, String>,
}

/// A Git server on loopback; it ends with its value.
#[derive(Debug)]
pub struct GitServer {
    root: TempDir,
    listener: Listener,
    state: Arc<State>,
    authority: Option<String>,
}

#[derive(Debug)]
struct State {
    root: PathBuf,
    setup: Setup,
    requests: AtomicU64,
    sent: AtomicU64,
    log: Mutex<Vec<String>>,
}

impl GitServer {
    /// A server that everyone may read.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    /// A server as `setup` says.
    ///
    /// # Panics
    /// If loopback cannot be listened on.
    pub fn with(setup: Setup) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let authority = setup.tls.then(Authority::new);
        let state = Arc::new(State {
            root: root.path().to_owned(),
            setup,
            requests: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            log: Mutex::default(),
        });
        let listener = listen(authority.as_ref().map(|authority| authority.acceptor(false)), &state);
        Self { root, listener, state, authority: authority.map(|authority| authority.pem().to_owned()) }
    }

    /// Where the bare repository `name` is or is to be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The address of the repository `name`.
    pub fn url(&self, name: &str) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}/{name}", self.listener.address.port())
    }

    /// PEM of the authority behind the server's certificate.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Requests so far, refused ones too.
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }

    /// Bytes of answers so far.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::Relaxed)
    }

    /// `METHOD path?query` and for posted ones the Git command, in the order of arrival.
    pub fn log(&self) -> Vec<String> {
        self.state.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Answer for State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.reply(request).await
    }
}

impl State {
    async fn reply(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.setup.delay).await;
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        self.note(&head, &body);
        if let Some(target) = self.setup.redirects.get(head.uri.path()) {
            let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            return Response::builder()
                .status(StatusCode::MOVED_PERMANENTLY)
                .header(header::LOCATION, format!("{target}{query}"))
                .body(Full::default())
                .expect("an address is a fine header");
        }
        if !self.may_read(&head) {
            return Response::builder()
                .status(StatusCode::UNAUTHORIZED)
                .header(header::WWW_AUTHENTICATE, "Basic realm=\"git\"")
                .body(Full::from("no"))
                .expect("a plain answer");
        }
        let output = self.backend(&head, &body).await;
        self.sent.fetch_add(output.len() as u64, Ordering::Relaxed);
        parse(&output)
    }

    fn note(&self, head: &http::request::Parts, body: &[u8]) {
        let mut line = format!("{} {}", head.method, head.uri);
        for command in ["ls-refs", "fetch"] {
            let words = format!("command={command}");
            if body.windows(words.len()).any(|window| window == words.as_bytes()) {
                line = format!("{line} {command}");
            }
        }
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn may_read(&self, head: &http::request::Parts) -> bool {
        let given = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match &self.setup.access {
            Access::Public => true,
            Access::Basic(user, password) => {
                let expect = BASE64_STANDARD.encode(format!("{user}:{password}"));
                given == Some(format!("Basic {expect}").as_str())
            }
            Access::Bearer(token) => given == Some(format!("Bearer {token}").as_str()),
        }
    }

    /// Runs `git http-backend` for one request (RFC 3875) and gives its output.
    async fn backend(&self, head: &http::request::Parts, body: &[u8]) -> Vec<u8> {
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut command = tokio::process::Command::from(super::git(Path::new("/")));
        command
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REQUEST_METHOD", head.method.as_str())
            .env("PATH_INFO", head.uri.path())
            .env("QUERY_STRING", head.uri.query().unwrap_or_default())
            .env("CONTENT_TYPE", text("content-type"))
            .env("CONTENT_LENGTH", body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
            .env("REMOTE_ADDR", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if !self.setup.version_zero {
            command.env("HTTP_GIT_PROTOCOL", text("git-protocol"));
            command.env("GIT_PROTOCOL", text("git-protocol"));
        }
        let mut child = command.spawn().expect("git http-backend can be started");
        let mut input = child.stdin.take().expect("its input is a pipe");
        let body = body.to_vec();
        tokio::spawn(async move { input.write_all(&body).await });
        child.wait_with_output().await.map(|output| output.stdout).unwrap_or_default()
    }
}

/// A CGI program's output as an HTTP answer.
fn parse(output: &[u8]) -> Response<Full<Bytes>> {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..end]);
    let body = output.get(end + 4..).unwrap_or_default();
    let mut response = Response::builder();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse::<u16>().ok()).unwrap_or(500);
            response = response.status(code);
        } else {
            response = response.header(name, value);
        }
    }
    response.body(Full::from(body.to_vec())).expect("git writes proper headers")
}
