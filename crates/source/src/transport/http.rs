//! Smart HTTP: one request each for the greeting, the references and the pack.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use sha2::{Digest, Sha256};

use super::{
    Wire,
    io::{Deadline, Io},
    tls,
};
use crate::{
    address::{Address, redact},
    error::SourceError,
    request::{Auth, GitRequest},
};

/// Redirects followed, all on one host.
const MAX_REDIRECTS: usize = 5;
/// For the connection alone, so that a dead address is told apart from a slow server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Clients (each a pool of connections) kept; more are made anew each time.
const MAX_CLIENTS: usize = 64;
const SERVICE: &str = "git-upload-pack";

/// Clients by what they trust and through which proxy they go.
#[derive(Default)]
pub(crate) struct Clients(Mutex<HashMap<[u8; 32], Client>>);

impl fmt::Debug for Clients {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clients")
    }
}

impl Clients {
    /// The client for `request`: equal settings share one, and so its open connections.
    fn get(&self, request: &GitRequest, url: &str) -> Result<Client, SourceError> {
        let key = settings_key(request);
        if let Some(client) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(client.clone());
        }
        let client = build(request, url)?;
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() < MAX_CLIENTS {
            clients.insert(key, client.clone());
        }
        Ok(client)
    }
}

fn settings_key(request: &GitRequest) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |bytes: Option<&[u8]>| {
        hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    add(request.ca.as_deref());
    let own = request.client_certificate.as_ref();
    add(own.map(|own| own.certificate.as_slice()));
    add(own.map(|own| own.key.as_slice()));
    let proxy = request.proxy.as_ref();
    add(proxy.map(|proxy| proxy.address.as_bytes()));
    add(proxy.and_then(|proxy| proxy.username.as_deref()).map(str::as_bytes));
    add(proxy.and_then(|proxy| proxy.password.as_deref()).map(str::as_bytes));
    hash.finalize().into()
}

fn build(request: &GitRequest, url: &str) -> Result<Client, SourceError> {
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls::client_config(request, url)?)
        .user_agent(concat!("git/2 (setpoint ", env!("CARGO_PKG_VERSION"), ")"))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::custom(same_host));
    if let Some(proxy) = &request.proxy {
        let mut settings =
            reqwest::Proxy::all(&proxy.address).map_err(|error| invalid_proxy(url, &error.without_url()))?;
        if let Some(username) = &proxy.username {
            settings = settings.basic_auth(username, proxy.password.as_deref().unwrap_or_default());
        }
        builder = builder.proxy(settings);
    }
    builder.build().map_err(|error| invalid_proxy(url, &error.without_url()))
}

fn invalid_proxy(url: &str, error: &reqwest::Error) -> SourceError {
    SourceError::SettingInvalid { what: "the proxy address", url: url.to_owned(), cause: chain(error) }
}

/// Follows a redirect within one host, from http to https too, never back.
fn same_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let Some(first) = attempt.previous().first() else {
        return attempt.stop();
    };
    let next = attempt.url();
    let same = first.host_str() == next.host_str();
    let ports = first.port_or_known_default() == next.port_or_known_default();
    let upgrade = first.scheme() == "http" && next.scheme() == "https";
    if same && (upgrade || ports && first.scheme() == next.scheme()) && attempt.previous().len() <= MAX_REDIRECTS {
        return attempt.follow();
    }
    let target = redact(next.as_str());
    attempt.error(format!("it redirects to {target}, which is not followed; use that address if you trust it"))
}

/// One conversation over HTTP.
pub(crate) struct Http {
    io: Arc<Io>,
    client: Client,
    deadline: Deadline,
    /// Where requests go; moved by a redirect of the first.
    base: String,
    shown: String,
    authorization: Option<HeaderValue>,
}

impl Http {
    /// Prepares; nothing is sent yet.
    pub(crate) fn new(
        io: Arc<Io>,
        clients: &Clients,
        request: &GitRequest,
        address: &Address,
        base: &str,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            io,
            client: clients.get(request, &address.shown)?,
            deadline: Deadline::after(request.timeout),
            base: base.to_owned(),
            shown: address.shown.clone(),
            authorization: authorization(request, address)?,
        })
    }

    /// The content at the address itself, of at most `limit` bytes.
    pub(crate) fn file(&self, limit: u64) -> Result<Vec<u8>, SourceError> {
        let response = self.answer(self.client.get(&self.base))?;
        let status = response.status();
        if !status.is_success() {
            return Err(SourceError::NoSuchFile { url: self.shown.clone(), cause: format!("HTTP {status}") });
        }
        let mut content = Vec::new();
        let read = self.body(response).take(limit + 1).read_to_end(&mut content);
        read.map_err(|error| self.wrong(error.to_string()))?;
        if content.len() as u64 > limit {
            return Err(self.wrong(format!("the file has more than {limit} bytes")));
        }
        Ok(content)
    }

    /// Sends a request with the credentials; whatever status comes back is an answer.
    fn answer(&self, mut builder: RequestBuilder) -> Result<Response, SourceError> {
        if let Some(value) = &self.authorization {
            builder = builder.header(AUTHORIZATION, value.clone());
        }
        match self.io.until(self.deadline, builder.send()) {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(&error.without_url())),
            Err(_) => Err(self.timeout("connecting")),
        }
    }

    fn send(&self, builder: RequestBuilder, kind: &str) -> Result<Response, SourceError> {
        let response = self.answer(builder.header("Git-Protocol", "version=2"))?;
        self.check_status(response.status())?;
        let expect = format!("application/x-{SERVICE}-{kind}");
        let got = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !got.starts_with(&expect) {
            return Err(self.wrong(format!("it sent {got:?} instead of {expect}")));
        }
        Ok(response)
    }

    fn check_status(&self, status: StatusCode) -> Result<(), SourceError> {
        let url = self.shown.clone();
        let given = self.authorization.is_some();
        match status.as_u16() {
            200 => Ok(()),
            401 | 403 => Err(SourceError::AuthenticationRefused {
                url,
                cause: format!("HTTP {status}"),
                remedy: if given {
                    "Check `username` and `password`, or `bearerToken`, of the secret: they may be mistyped, expired, or without the right to read this repository"
                } else {
                    "It wants credentials: name a secret with `username` and `password`, or `bearerToken`, in `spec.secretRef`"
                },
            }),
            407 => Err(SourceError::AuthenticationRefused {
                url,
                cause: format!("HTTP {status} from the proxy"),
                remedy: "Check `username` and `password` of the proxy's secret",
            }),
            404 | 410 => Err(SourceError::NoSuchRepository { url, cause: format!("HTTP {status}") }),
            _ => Err(self.wrong(format!("HTTP {status}"))),
        }
    }

    fn failed(&self, error: &reqwest::Error) -> SourceError {
        let cause = chain(error);
        let url = self.shown.clone();
        if is_tls(error) {
            return SourceError::Tls { url, cause };
        }
        if error.is_timeout() {
            return self.timeout("connecting");
        }
        if error.is_redirect() {
            return self.wrong(cause);
        }
        SourceError::Unreachable { url, cause }
    }

    fn wrong(&self, cause: String) -> SourceError {
        SourceError::Protocol { url: self.shown.clone(), doing: "asked for a repository", cause }
    }

    fn timeout(&self, doing: &'static str) -> SourceError {
        SourceError::Timeout { url: self.shown.clone(), seconds: self.deadline.seconds(), doing }
    }

    fn body(&self, response: Response) -> Box<dyn Read + '_> {
        Box::new(Body { http: self, response, chunk: bytes::Bytes::new() })
    }
}

impl Wire for Http {
    fn advertisement(&mut self) -> Result<Box<dyn Read + '_>, SourceError> {
        let suffix = format!("/info/refs?service={SERVICE}");
        let response = self.send(self.client.get(format!("{}{suffix}", self.base)), "advertisement")?;
        if let Some(base) = response.url().as_str().strip_suffix(&suffix) {
            base.clone_into(&mut self.base);
        }
        Ok(self.body(response))
    }

    fn call(&mut self, request: Vec<u8>) -> Result<Box<dyn Read + '_>, SourceError> {
        let post = self
            .client
            .post(format!("{}/{SERVICE}", self.base))
            .header(CONTENT_TYPE, format!("application/x-{SERVICE}-request"))
            .header(ACCEPT, format!("application/x-{SERVICE}-result"))
            .body(request);
        let response = self.send(post, "result")?;
        Ok(self.body(response))
    }

    fn explain(&mut self, doing: &'static str, error: &io::Error) -> SourceError {
        let url = self.shown.clone();
        match error.kind() {
            io::ErrorKind::TimedOut => self.timeout(doing),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                SourceError::Unreachable { url, cause: error.to_string() }
            }
            _ => SourceError::Protocol { url, doing, cause: error.to_string() },
        }
    }

    fn is_persistent(&self) -> bool {
        false
    }
}

struct Body<'a> {
    http: &'a Http,
    response: Response,
    chunk: bytes::Bytes,
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            let next = self.http.io.until(self.http.deadline, self.response.chunk())?;
            let next = next.map_err(|error| {
                let error = error.without_url();
                io::Error::new(io::ErrorKind::ConnectionReset, chain(&error))
            })?;
            match next {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let count = self.chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.chunk.split_to(count));
        Ok(count)
    }
}

fn authorization(request: &GitRequest, address: &Address) -> Result<Option<HeaderValue>, SourceError> {
    let basic = |user: &str, password: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    let text = match &request.auth {
        Auth::Basic { username, password } => basic(username, password),
        Auth::Bearer(token) => format!("Bearer {}", token.trim()),
        Auth::None | Auth::SshKey { .. } | Auth::SshAgent { .. } => match &address.userinfo {
            Some((user, password)) => basic(user, password),
            None => return Ok(None),
        },
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| SourceError::SettingInvalid {
        what: "`bearerToken`",
        url: address.shown.clone(),
        cause: "it has characters that no token has".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The error and its causes, outermost first.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

/// Whether TLS is at the bottom of it; an I/O error hides what it wraps from `source`.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|inner| is_tls(inner)) || error.source().is_some_and(is_tls)
}
