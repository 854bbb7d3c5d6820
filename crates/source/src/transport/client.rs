//! HTTP clients, one for equal settings, and what their failures mean.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, RequestBuilder, Response, redirect};
use sha2::{Digest, Sha256};

use super::{
    io::{Deadline, Io},
    tls,
};
use crate::{
    address::redact,
    request::{ClientCertificate, Proxy},
};

/// Redirects followed.
const MAX_REDIRECTS: usize = 10;
/// Redirects followed on one host.
const MAX_REDIRECTS_AT_HOME: usize = 5;
/// For the connection alone, so that a dead address is told apart from a slow server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Clients (each a pool of connections) kept; more are made anew each time.
const MAX_CLIENTS: usize = 64;
/// How often a request is sent at most: several connections may have been kept and closed.
const MOST_TRIES: u32 = 3;

/// What a client trusts and how it gets out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    /// PEM of authorities trusted beside the system's.
    pub(crate) ca: Option<&'a [u8]>,
    /// Who we are.
    pub(crate) certificate: Option<&'a ClientCertificate>,
    /// Whether any certificate is believed.
    pub(crate) skip_verify: bool,
    /// Without one the environment's.
    pub(crate) proxy: Option<&'a Proxy>,
    /// Where redirects may lead.
    pub(crate) redirects: Redirects,
}

/// Where redirects may lead. Never from https back to http; credentials stay with the host they were given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// To the same host.
    Home,
    /// To any host.
    Anywhere,
}

/// A setting that cannot be used.
#[derive(Debug)]
pub(crate) struct SettingFault {
    /// `ca.crt` and the like, in backticks.
    pub(crate) what: &'static str,
    /// What is wrong; no secret.
    pub(crate) cause: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The server's certificate does not hold, or it does not like ours.
    Tls(String),
    /// No connection in time.
    TimedOut,
    /// A redirect that is not followed.
    Redirect(String),
    /// No connection.
    Unreachable(String),
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        let encrypted = error.url().is_some_and(|url| url.scheme() == "https");
        let error = error.without_url();
        let cause = chain(&error);
        if is_tls(&error) {
            return Self::Tls(cause);
        }
        if encrypted && is_canceled(&error) {
            return Self::Tls(format!("{cause}; the server may want a client certificate"));
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_redirect() { Self::Redirect(cause) } else { Self::Unreachable(cause) }
    }
}

/// Clients by their settings.
#[derive(Default)]
pub(crate) struct Clients(Mutex<HashMap<[u8; 32], Client>>);

impl fmt::Debug for Clients {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clients")
    }
}

impl Clients {
    /// The client for these settings: equal ones share one, and so its open connections.
    pub(crate) fn get(&self, settings: &Settings<'_>) -> Result<Client, SettingFault> {
        let key = key(settings);
        if let Some(client) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(client.clone());
        }
        let client = build(settings)?;
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() < MAX_CLIENTS {
            clients.insert(key, client.clone());
        }
        Ok(client)
    }
}

fn key(settings: &Settings<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |bytes: Option<&[u8]>| {
        hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    add(settings.ca);
    add(settings.certificate.map(|own| own.certificate.as_slice()));
    add(settings.certificate.map(|own| own.key.as_slice()));
    add(settings.proxy.map(|proxy| proxy.address.as_bytes()));
    add(settings.proxy.and_then(|proxy| proxy.username.as_deref()).map(str::as_bytes));
    add(settings.proxy.and_then(|proxy| proxy.password.as_deref()).map(str::as_bytes));
    add(Some(&[u8::from(settings.skip_verify), u8::from(settings.redirects == Redirects::Anywhere)]));
    hash.finalize().into()
}

fn build(settings: &Settings<'_>) -> Result<Client, SettingFault> {
    let policy = match settings.redirects {
        Redirects::Home => redirect::Policy::custom(same_host),
        Redirects::Anywhere => redirect::Policy::custom(no_downgrade),
    };
    let agent = match settings.redirects {
        Redirects::Home => concat!("git/2 (setpoint ", env!("CARGO_PKG_VERSION"), ")"),
        Redirects::Anywhere => concat!("setpoint/", env!("CARGO_PKG_VERSION")),
    };
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls::client_config(settings)?)
        .user_agent(agent)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(policy);
    if let Some(proxy) = settings.proxy {
        let mut with = reqwest::Proxy::all(&proxy.address).map_err(invalid_proxy)?;
        if let Some(username) = &proxy.username {
            with = with.basic_auth(username, proxy.password.as_deref().unwrap_or_default());
        }
        builder = builder.proxy(with);
    }
    builder.build().map_err(invalid_proxy)
}

fn invalid_proxy(error: reqwest::Error) -> SettingFault {
    SettingFault { what: "the proxy address", cause: chain(&error.without_url()) }
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
    if same
        && (upgrade || ports && first.scheme() == next.scheme())
        && attempt.previous().len() <= MAX_REDIRECTS_AT_HOME
    {
        return attempt.follow();
    }
    refuse(attempt, "which is not followed; use that address if you trust it")
}

/// Follows redirects to other hosts, but never from https to http.
fn no_downgrade(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let secure = attempt.previous().last().is_some_and(|last| last.scheme() == "https");
    if secure && attempt.url().scheme() != "https" {
        return refuse(attempt, "which is not followed, because it gives up TLS");
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return refuse(attempt, "and that after too many redirects");
    }
    attempt.follow()
}

fn refuse(attempt: redirect::Attempt<'_>, why: &str) -> redirect::Action {
    let target = redact(attempt.url().as_str());
    attempt.error(format!("it redirects to {target}, {why}"))
}

/// An answer's content, read no longer than to the deadline.
pub(crate) struct Body {
    io: Arc<Io>,
    deadline: Deadline,
    response: Response,
    chunk: bytes::Bytes,
}

impl Body {
    pub(crate) fn new(io: Arc<Io>, deadline: Deadline, response: Response) -> Self {
        Self { io, deadline, response, chunk: bytes::Bytes::new() }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            let next = self.io.until(self.deadline, self.response.chunk())?;
            let next =
                next.map_err(|error| io::Error::new(io::ErrorKind::ConnectionReset, chain(&error.without_url())))?;
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

/// Whether the connection was gone before the request went out. So ends one to a server that wants a certificate: in
/// TLS 1.3 it refuses after the client's part of the handshake, and its word may come too late to be heard.
fn is_canceled(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
        || error.source().is_some_and(is_canceled)
}

/// Sends a request that only asks. It is asked again where the connection ended before a word of the answer came: one that was
/// kept open may be closed by the other side, or by a proxy, while it is used again.
pub(crate) async fn ask(mut request: RequestBuilder) -> reqwest::Result<Response> {
    for _ in 1..MOST_TRIES {
        let Some(again) = request.try_clone() else { break };
        match request.send().await {
            Err(error) if is_dropped(&error) => request = again,
            sent => return sent,
        }
    }
    request.send().await
}

/// Whether the connection ended before a word of the answer came.
fn is_dropped(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
        || error.source().is_some_and(is_dropped)
}

/// Whether TLS is at the bottom of it; an I/O error hides what it wraps from `source`.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|inner| is_tls(inner)) || error.source().is_some_and(is_tls)
}
