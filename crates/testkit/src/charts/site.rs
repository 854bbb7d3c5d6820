//! A chart repository: a folder behind HTTP, with marks for caches, with or without a login and TLS.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use tempfile::TempDir;

use crate::{
    tls::{Authority, Certificate},
    web::{Answer, Listener, listen},
};

/// How a site is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Plain HTTP.
    #[default]
    None,
    /// TLS with a certificate of an authority of its own.
    Tls,
    /// The same, only for clients with a certificate of that authority.
    Mutual,
}

/// How a site is to be.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// User and password, if it asks for them.
    pub login: Option<(&'static str, &'static str)>,
    /// How it is reached.
    pub encryption: Encryption,
    /// Paths answered by a redirect to this address.
    pub redirects: HashMap<String, String>,
}

/// A chart repository on loopback; it ends with its value.
pub struct ChartSite {
    root: TempDir,
    listener: Listener,
    state: Arc<State>,
    authority: Option<Authority>,
}

struct State {
    root: PathBuf,
    setup: Setup,
    log: Mutex<Vec<String>>,
}

impl ChartSite {
    /// An empty site that everyone may read.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    /// An empty site as `setup` says.
    ///
    /// # Panics
    /// If loopback cannot be listened on.
    pub fn with(setup: Setup) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let encryption = setup.encryption;
        let authority = (encryption != Encryption::None).then(Authority::new);
        let acceptor = authority.as_ref().map(|authority| authority.acceptor(encryption == Encryption::Mutual));
        let state = Arc::new(State { root: root.path().to_owned(), setup, log: Mutex::default() });
        let listener = listen(acceptor, &state);
        Self { root, listener, state, authority }
    }

    /// The folder that is served.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// The site's address.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.listener.address.port())
    }

    /// PEM of the authority behind the server's certificate.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::pem)
    }

    /// A certificate that the server takes from clients.
    pub fn client(&self) -> Option<Certificate> {
        self.authority.as_ref().map(|authority| authority.issue("client.example"))
    }

    /// `GET path: status`, with `by USER` where credentials were sent, in the order of arrival.
    pub fn log(&self) -> Vec<String> {
        self.state.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Answer for State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, marks, body) = self.reply(request.uri().path(), request.headers());
        let by = user(request.headers()).map(|(user, _)| format!(" by {user}")).unwrap_or_default();
        let line = format!("GET {}: {}{by}", request.uri(), status.as_u16());
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        let mut response = Response::builder().status(status);
        for (name, value) in marks {
            response = response.header(name, value);
        }
        response.body(Full::from(body)).expect("plain headers")
    }
}

/// Headers of an answer.
type Marks = Vec<(header::HeaderName, String)>;

impl State {
    fn reply(&self, path: &str, headers: &HeaderMap) -> (StatusCode, Marks, Vec<u8>) {
        if let Some(target) = self.setup.redirects.get(path) {
            return (StatusCode::FOUND, vec![(header::LOCATION, target.clone())], Vec::new());
        }
        let given = user(headers);
        let given = given.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        if self.setup.login.is_some() && given != self.setup.login {
            let challenge = (header::WWW_AUTHENTICATE, "Basic realm=\"charts\"".to_owned());
            return (StatusCode::UNAUTHORIZED, vec![challenge], b"no".to_vec());
        }
        let Ok(content) = std::fs::read(self.root.join(path.trim_start_matches('/'))) else {
            return (StatusCode::NOT_FOUND, Vec::new(), b"not here".to_vec());
        };
        let modified = self.root.join(path.trim_start_matches('/')).metadata().and_then(|file| file.modified());
        let mark = format!("\"{}-{:?}\"", content.len(), modified.ok()).replace([' ', '{', '}'], "");
        if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == mark.as_str()) {
            return (StatusCode::NOT_MODIFIED, Vec::new(), Vec::new());
        }
        (StatusCode::OK, vec![(header::ETAG, mark)], content)
    }
}

/// User and password of a request.
pub(super) fn user(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
