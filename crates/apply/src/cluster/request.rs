//! One request: sent, repeated where that is safe, its answer read.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use goyaml::Value;
use http_body_util::BodyExt as _;
use kube::client::Body;
use object::ObjectKey;

use super::{Answer, Cluster};
use crate::{ApplyError, Cause};

pub(super) const APPLY: &str = "application/apply-patch+yaml";
pub(super) const JSON_PATCH: &str = "application/json-patch+json";
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

/// How often a request is sent again after a connection error or a 429.
const RETRIES: u32 = 4;
/// First pause before sending again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause a server may ask for; above it the error is handed on.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long one answer may take, watches aside.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);
/// Largest body of an answer, in bytes.
const BODY_LIMIT: usize = 64 << 20;

/// A request that can be built again for another try.
pub(crate) struct Request {
    method: http::Method,
    path: String,
    query: String,
    content_type: &'static str,
    accept: &'static str,
    body: String,
    /// Whether it may change something.
    changes: bool,
}

impl Request {
    fn new(method: http::Method, path: String, content_type: &'static str, body: String) -> Self {
        let changes = method != http::Method::GET;
        Self { method, path, query: String::new(), content_type, accept: JSON, body, changes }
    }

    pub(crate) fn get(path: String) -> Self {
        Self::new(http::Method::GET, path, JSON, String::new())
    }

    pub(super) fn post(path: String, body: String) -> Self {
        Self::new(http::Method::POST, path, JSON, body)
    }

    pub(super) fn put(path: String, body: String) -> Self {
        Self::new(http::Method::PUT, path, JSON, body)
    }

    pub(super) fn patch(path: String, content_type: &'static str, body: String) -> Self {
        Self::new(http::Method::PATCH, path, content_type, body)
    }

    pub(super) fn delete(path: String, body: String) -> Self {
        Self::new(http::Method::DELETE, path, JSON, body)
    }

    /// Says that it only asks what would happen.
    pub(super) fn harmless(mut self) -> Self {
        self.changes = false;
        self
    }

    pub(super) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// Adds a parameter; one without a value is left out.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.query.push(if self.query.is_empty() { '?' } else { '&' });
            self.query.push_str(name);
            self.query.push('=');
            escape(&mut self.query, value);
        }
        self
    }

    pub(crate) fn build(&self, user: Option<&str>) -> Result<http::Request<Body>, Cause> {
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(format!("{}{}", self.path, self.query))
            .header(http::header::ACCEPT, self.accept);
        if !self.body.is_empty() {
            request = request.header(http::header::CONTENT_TYPE, self.content_type);
        }
        if let Some(user) = user {
            request = request.header("Impersonate-User", user);
        }
        request
            .body(Body::from(self.body.clone().into_bytes()))
            .map_err(|error| Cause::Answer(format!("the request cannot be written: {error}")))
    }
}

/// Percent-encodes what cannot stand in a query or a path segment.
pub(super) fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("because a String takes everything");
        }
    }
}

impl Cluster {
    /// Sends a request and reads the object in its answer.
    pub(super) async fn send(
        &self,
        what: &'static str,
        key: &ObjectKey,
        request: Request,
    ) -> Result<Answer, ApplyError> {
        let key = (!key.kind.is_empty()).then(|| key.clone());
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        loop {
            let cause = match self.send_once(&request).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => cause,
            };
            match pause_before_retry(&cause, pause).filter(|_| tries < RETRIES) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(ApplyError::new(key, what, cause)),
            }
            tries += 1;
            pause *= 2;
        }
    }

    async fn send_once(&self, request: &Request) -> Result<Answer, Cause> {
        if let Some(why) = self.gate.why_closed().filter(|_| request.changes) {
            return Err(Cause::Closed(why));
        }
        let request = request.build(self.user())?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let exchange = async {
            let answer = self.client.send(request).await.map_err(Cause::Connection)?;
            let (head, body) = answer.into_parts();
            let body = http_body_util::Limited::new(body, BODY_LIMIT)
                .collect()
                .await
                .map_err(|error| Cause::Answer(error.to_string()))?
                .to_bytes();
            read(&head, &body)
        };
        tokio::time::timeout(ANSWER_LIMIT, exchange).await.unwrap_or(Err(Cause::TimedOut(ANSWER_LIMIT.as_secs())))
    }

    /// Sends a request whose answer does not end; gives back its body once the server has accepted it.
    pub(crate) async fn stream(&self, request: &Request) -> Result<Body, Cause> {
        let request = request.build(self.user())?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.send(request).await.map_err(Cause::Connection)?;
        let (head, body) = answer.into_parts();
        if head.status.is_success() {
            return Ok(body);
        }
        let bytes = http_body_util::Limited::new(body, BODY_LIMIT)
            .collect()
            .await
            .map_err(|error| Cause::Answer(error.to_string()))?
            .to_bytes();
        Err(status(&head, &bytes))
    }

    /// Sends a GET without an object behind it.
    pub(crate) async fn fetch(&self, what: &'static str, request: Request) -> Result<Value, ApplyError> {
        let nothing = super::key_of(&object::Gvk::from_api_version("", ""), "", "");
        Ok(self.send(what, &nothing, request).await?.value)
    }
}

fn pause_before_retry(cause: &Cause, pause: Duration) -> Option<Duration> {
    match cause {
        Cause::Connection(_) => Some(pause),
        Cause::Status { code: 429, retry_after, .. } => {
            let asked = Duration::from_secs(retry_after.unwrap_or(1));
            (asked <= LONGEST_PAUSE).then_some(asked)
        }
        _ => None,
    }
}

fn read(head: &http::response::Parts, body: &[u8]) -> Result<Answer, Cause> {
    if !head.status.is_success() {
        return Err(status(head, body));
    }
    let value = goyaml::json::parse(body).map_err(|error| Cause::Answer(error.to_string()))?;
    Ok(Answer { value, created: head.status == http::StatusCode::CREATED })
}

fn status(head: &http::response::Parts, body: &[u8]) -> Cause {
    let value = goyaml::json::parse(body).unwrap_or_default();
    let text = |name| value.str_at(&[name]).unwrap_or("").to_owned();
    let retry_after = head.headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let message = match value.str_at(&["message"]) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(body).trim().chars().take(200).collect(),
    };
    Cause::Status { code: head.status.as_u16(), reason: text("reason"), message, retry_after }
}
