//! Smart HTTP: one request each for the greeting, the references and the pack.

use std::{
    io::{self, Read},
    sync::Arc,
};

use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};

use super::{
    Wire,
    authorization::authorization,
    client::{Body, Broken, Clients, Redirects, SettingFault, Settings, ask},
    io::{Deadline, Io},
};
use crate::{address::Address, error::SourceError, request::GitRequest};

const SERVICE: &str = "git-upload-pack";

/// One conversation over HTTP.
pub(crate) struct Http {
    io: Arc<Io>,
    client: Client,
    deadline: Deadline,
    /// Where requests go; moved by a redirect of the first.
    base: String,
    shown: String,
    authorization: Option<HeaderValue>,
    /// Whether requests go through a proxy of the request.
    proxied: bool,
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
        let invalid = |fault: SettingFault| SourceError::SettingInvalid {
            what: fault.what,
            url: address.shown.clone(),
            cause: fault.cause,
        };
        Ok(Self {
            io,
            client: clients.get(&http_settings(request)).map_err(invalid)?,
            deadline: Deadline::after(request.timeout),
            base: base.to_owned(),
            shown: address.shown.clone(),
            authorization: authorization(&request.auth, address.userinfo.as_ref()).map_err(invalid)?,
            proxied: request.proxy.is_some(),
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
        match self.io.until(self.deadline, ask(builder)) {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(error.into())),
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
                // Some proxies answer so instead of by 407.
                remedy: if self.proxied {
                    "Check the credentials of the repository's secret, and `username` and `password` of the proxy's secret: either may have refused"
                } else if given {
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

    fn failed(&self, broken: Broken) -> SourceError {
        let url = self.shown.clone();
        match broken {
            Broken::Tls(cause) => SourceError::Tls { url, cause },
            Broken::TimedOut => self.timeout("connecting"),
            Broken::Redirect(cause) => self.wrong(cause),
            Broken::Unreachable(cause) => SourceError::Unreachable { url, cause },
        }
    }

    fn wrong(&self, cause: String) -> SourceError {
        SourceError::Protocol { url: self.shown.clone(), doing: "asked for a repository", cause }
    }

    fn timeout(&self, doing: &'static str) -> SourceError {
        SourceError::Timeout { url: self.shown.clone(), seconds: self.deadline.seconds(), doing }
    }

    fn body(&self, response: Response) -> Box<dyn Read + '_> {
        Box::new(Body::new(Arc::clone(&self.io), self.deadline, response))
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

/// What the request says of trust and of the way out.
pub(crate) fn http_settings(request: &GitRequest) -> Settings<'_> {
    Settings {
        ca: request.ca.as_deref(),
        certificate: request.client_certificate.as_ref(),
        skip_verify: false,
        proxy: request.proxy.as_ref(),
        redirects: Redirects::Home,
    }
}
