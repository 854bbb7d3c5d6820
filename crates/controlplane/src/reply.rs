//! Answers before they become HTTP.

use bytes::Bytes;
use goyaml::Value;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::body::{self, ResponseBody};
use crate::status::ApiError;

/// The media type of nearly every answer; clients compare it, so it has no charset.
pub(crate) const JSON: &str = "application/json";

/// An answer.
pub(crate) struct Reply {
    code: u16,
    content_type: &'static str,
    body: ResponseBody,
    headers: Vec<(HeaderName, String)>,
}

impl Reply {
    /// JSON text.
    pub(crate) fn json(code: u16, json: impl Into<Bytes>) -> Self {
        Self::new(code, JSON, body::full(json))
    }

    /// A value as JSON.
    pub(crate) fn value(code: u16, value: &Value) -> Self {
        Self::json(code, goyaml::json::to_string(value))
    }

    /// Plain text.
    pub(crate) fn text(code: u16, text: impl Into<Bytes>) -> Self {
        Self::new(code, "text/plain; charset=utf-8", body::full(text))
    }

    /// "Not modified": without a content type, as caches would take it over into what they kept.
    pub(crate) fn not_modified() -> Self {
        Self::new(304, "", body::full(""))
    }

    /// Any body.
    pub(crate) fn new(code: u16, content_type: &'static str, body: ResponseBody) -> Self {
        Self { code, content_type, body, headers: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a `Warning` header for each text, as kubectl prints them.
    #[must_use]
    pub(crate) fn warnings(mut self, warnings: &[String]) -> Self {
        for text in warnings {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            self.headers.push((http::header::WARNING, format!("299 - \"{quoted}\"")));
        }
        self
    }

    /// As HTTP, with the headers every answer has.
    pub(crate) fn into_http(self, audit_id: &str) -> Response<ResponseBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        if let Ok(value) = HeaderValue::from_str(audit_id) {
            headers.insert("audit-id", value);
        }
        for (name, value) in self.headers {
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
                continue;
            };
            if name == http::header::WARNING {
                headers.append(name, value);
            } else {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self::json(error.code, error.json())
    }
}
