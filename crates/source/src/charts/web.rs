//! Requests of one fetch: one client, one deadline, errors in the words of charts.

use std::{
    io::{self, Read},
    sync::Arc,
};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header::HeaderValue};

use super::{error::ChartError, request::Access};
use crate::{
    address::Address,
    address::Remote,
    error::SourceError,
    transport::{Body, Broken, Clients, Deadline, Io, Redirects, SettingFault, Settings, ask, authorization},
};

/// What a fetch talks through.
pub(crate) struct Web {
    io: Arc<Io>,
    client: Client,
    deadline: Deadline,
}

/// An http or https address, without user and password.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) url: Url,
    /// What stood before the host.
    pub(super) userinfo: Option<(String, String)>,
}

impl Place {
    pub(super) fn parse(text: &str) -> Result<Self, ChartError> {
        let invalid = |cause: String| ChartError::AddressInvalid {
            url: crate::address::redact(text),
            cause,
            example: "https://host/path for a chart repository, or oci://host/path/chart for a registry",
        };
        let address = Address::parse(text).map_err(|error| match error {
            SourceError::UrlInvalid { cause, .. } => invalid(cause),
            other => invalid(other.to_string()),
        })?;
        let Remote::Http(base) = &address.remote else {
            return Err(invalid("its scheme is neither http nor https".to_owned()));
        };
        let url = Url::parse(base).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { url, userinfo: address.userinfo })
    }

    /// For messages: without what may be a secret.
    pub(super) fn shown(&self) -> String {
        shown(&self.url)
    }

    /// Whether credentials for `self` may go to `other`: same scheme, host and port.
    pub(super) fn is_home_of(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

/// An address for messages: queries may carry tokens.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    crate::address::redact(url.as_str())
}

impl Web {
    /// Prepares; nothing is sent yet.
    pub(super) fn new(io: Arc<Io>, clients: &Clients, access: &Access, shown: &str) -> Result<Self, ChartError> {
        let settings = Settings {
            ca: access.ca.as_deref(),
            certificate: access.client_certificate.as_ref(),
            skip_verify: access.insecure_skip_tls_verify,
            proxy: access.proxy.as_ref(),
            redirects: Redirects::Anywhere,
        };
        let client = clients.get(&settings).map_err(|fault| invalid(shown, fault))?;
        Ok(Self { io, client, deadline: Deadline::after(access.timeout) })
    }

    /// A request that is still to be sent.
    pub(super) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// The same by any method.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// A request with a form.
    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends a request that only asks; whatever status comes back is an answer.
    pub(super) fn send(&self, request: RequestBuilder, shown: &str) -> Result<Response, ChartError> {
        let url = || shown.to_owned();
        let broken = match self.io.until(self.deadline, ask(request)) {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => Broken::from(error),
            Err(_) => Broken::TimedOut,
        };
        Err(match broken {
            Broken::Tls(cause) => ChartError::Tls { url: url(), cause },
            Broken::TimedOut => self.timeout(shown, "connecting"),
            Broken::Redirect(cause) => ChartError::Protocol { url: url(), doing: "following redirects", cause },
            Broken::Unreachable(cause) => ChartError::Unreachable { url: url(), cause },
        })
    }

    /// An answer's content.
    pub(super) fn body(&self, response: Response) -> Body {
        Body::new(Arc::clone(&self.io), self.deadline, response)
    }

    /// An answer's whole content, if it is not larger than it may be.
    pub(super) fn bytes(
        &self,
        response: Response,
        shown: &str,
        (what, limit): (&'static str, u64),
    ) -> Result<Vec<u8>, ChartError> {
        let large = || ChartError::TooLarge { what, url: shown.to_owned(), limit };
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(large());
        }
        let mut content = Vec::new();
        let read = self.body(response).take(limit + 1).read_to_end(&mut content);
        read.map_err(|error| self.broken(shown, &error))?;
        if content.len() as u64 > limit { Err(large()) } else { Ok(content) }
    }

    /// Why reading an answer broke off.
    pub(super) fn broken(&self, shown: &str, error: &io::Error) -> ChartError {
        if error.kind() == io::ErrorKind::TimedOut {
            return self.timeout(shown, "receiving");
        }
        ChartError::Unreachable { url: shown.to_owned(), cause: error.to_string() }
    }

    fn timeout(&self, shown: &str, doing: &'static str) -> ChartError {
        ChartError::Timeout { url: shown.to_owned(), seconds: self.deadline.seconds(), doing }
    }
}

/// What a status that is not a success means; `given` tells whether there were credentials.
pub(super) fn refused(status: StatusCode, shown: &str, given: bool) -> ChartError {
    let (url, cause) = (shown.to_owned(), status.to_string());
    match status.as_u16() {
        401 | 403 => ChartError::AuthenticationRefused {
            url,
            cause,
            remedy: if given {
                "User name or password may be mistyped, expired, or without the right to read there"
            } else {
                "It wants credentials: give a user name and a password"
            },
        },
        407 => ChartError::AuthenticationRefused {
            url,
            cause: format!("{cause} from the proxy"),
            remedy: "Check user name and password of the proxy",
        },
        404 | 410 => ChartError::NotFound { url, cause },
        429 => ChartError::TooManyRequests { url, cause },
        500.. => ChartError::Unreachable { url, cause },
        _ => ChartError::Protocol { url, doing: "asking it", cause },
    }
}

/// The header for these credentials.
pub(super) fn header(
    access: &Access,
    userinfo: Option<&(String, String)>,
    shown: &str,
) -> Result<Option<HeaderValue>, ChartError> {
    authorization(&access.auth, userinfo).map_err(|fault| invalid(shown, fault))
}

fn invalid(shown: &str, fault: SettingFault) -> ChartError {
    ChartError::SettingInvalid { what: fault.what, url: shown.to_owned(), cause: fault.cause }
}
