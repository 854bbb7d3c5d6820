//! What stands before every page: the names of this host, the session, the headers of the answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE,
};
use http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::pages::trouble::{self, Trouble};
use crate::router::App;

/// Everything is our own; nothing inline; no page in a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Names that mean this machine. Another name that leads here is another site's (DNS rebinding).
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Lets a request through or answers it.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&app, &request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    let constant = HeaderValue::from_static;
    headers.insert(CONTENT_SECURITY_POLICY, constant(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, constant("nosniff"));
    headers.insert(X_FRAME_OPTIONS, constant("DENY"));
    headers.insert(REFERRER_POLICY, constant("no-referrer"));
    headers.insert("cross-origin-opener-policy", constant("same-origin"));
    headers.insert("cross-origin-resource-policy", constant("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(constant("no-store"));
    response
}

fn refusal(app: &App, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let path = request.uri().path();
    if !is_here(text(headers, HOST)) {
        return Some(trouble::answer(&Trouble::strange_host(text(headers, HOST))));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD && !is_own_origin(headers) {
        return Some(trouble::answer(&Trouble::foreign_form()));
    }
    if path == "/healthz" || path.starts_with("/static/") {
        return None;
    }
    if request.method() == Method::GET
        && let Some(token) = request.uri().query().and_then(token_of)
    {
        return Some(log_in(app, token, path));
    }
    if app.login.is_session(text(headers, COOKIE)) || (path.starts_with("/api/") && is_bearer(app, headers)) {
        return None;
    }
    Some(if path.starts_with("/api/") {
        (
            StatusCode::UNAUTHORIZED,
            "{\"error\":\"send the token of the printed address as `Authorization: Bearer TOKEN`\"}\n",
        )
            .into_response()
    } else {
        trouble::answer(&Trouble::not_logged_in())
    })
}

/// Starts a session and leads to the same page without the token.
fn log_in(app: &App, token: &str, path: &str) -> Response {
    if !app.login.is_token(token) {
        return trouble::answer(&Trouble::wrong_token());
    }
    // Two slashes would lead to another host.
    let path = if path.starts_with("//") { "/" } else { path };
    let mut response = Redirect::to(path).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&app.login.set_cookie()) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn is_bearer(app: &App, headers: &HeaderMap) -> bool {
    text(headers, AUTHORIZATION).strip_prefix("Bearer ").is_some_and(|token| app.login.is_token(token))
}

fn token_of(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

/// Browsers say where a form comes from; what says nothing is no browser.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let origin = text(headers, ORIGIN);
    // A browser told to send no referrer may send `null` with its own forms; the form's token decides then.
    origin.is_empty() || origin == "null" || origin.strip_prefix("http://") == Some(text(headers, HOST))
}

fn is_here(host: &str) -> bool {
    HOSTS.iter().any(|name| {
        host.strip_prefix(name).is_some_and(|port| {
            port.is_empty()
                || port
                    .strip_prefix(':')
                    .is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine() {
        for (host, expect) in [
            ("localhost", true),
            ("localhost:9080", true),
            ("127.0.0.1:1", true),
            ("[::1]:9080", true),
            ("", false),
            ("localhost.example.org", false),
            ("localhost:", false),
            ("127.0.0.1:80@example.org", false),
            ("example.org:9080", false),
        ] {
            assert_eq!(is_here(host), expect, "{host}");
        }
    }
}
