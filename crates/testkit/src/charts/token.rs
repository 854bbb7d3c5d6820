//! The server that gives tokens for a registry, as Docker's registry demands them: signed with a key that it trusts.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, SigningKey};
use serde_json::json;

use super::site::user;
use crate::web::{Answer, Listener, listen};

/// What registry and server agree on.
pub(super) const SERVICE: &str = "charts";
pub(super) const ISSUER: &str = "testkit";
/// How long a token is good.
const LIFE: Duration = Duration::from_mins(5);

/// A running server of tokens.
pub(super) struct Tokens {
    listener: Listener,
    /// PEM of the certificate of its key.
    pub(super) certificate: String,
}

struct State {
    key: KeyPair,
    chain: String,
    login: (&'static str, &'static str),
}

impl Tokens {
    /// Gives tokens to this user.
    ///
    /// # Panics
    /// If no key can be made.
    pub(super) fn start(login: (&'static str, &'static str)) -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key can be made");
        let params = CertificateParams::new(vec![ISSUER.to_owned()]).expect("a plain name");
        let own = params.self_signed(&key).expect("a key signs itself");
        let chain = BASE64_STANDARD.encode(own.der());
        let listener = listen(None, &Arc::new(State { key, chain, login }));
        Self { listener, certificate: own.pem() }
    }

    pub(super) fn realm(&self) -> String {
        format!("http://localhost:{}/token", self.listener.address.port())
    }
}

impl Answer for State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let given = user(request.headers());
        let given = given.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        let (status, body) = if given == Some(self.login) {
            (StatusCode::OK, json!({ "token": self.token(request.uri().query().unwrap_or_default()) }))
        } else {
            (StatusCode::UNAUTHORIZED, json!({ "details": "who are you?" }))
        };
        let body = Full::from(body.to_string());
        Response::builder().status(status).body(body).expect("a plain answer")
    }
}

impl State {
    /// A token for the scopes of the query.
    fn token(&self, query: &str) -> String {
        let scopes = query.split('&').filter_map(|pair| pair.strip_prefix("scope="));
        let access: Vec<_> = scopes.filter_map(access).collect();
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let head = json!({ "typ": "JWT", "alg": "EdDSA", "x5c": [self.chain] });
        let claims = json!({
            "iss": ISSUER, "sub": self.login.0, "aud": SERVICE, "jti": now.as_nanos().to_string(), "access": access,
            "iat": now.as_secs(), "nbf": now.as_secs() - LIFE.as_secs(), "exp": (now + LIFE).as_secs(),
        });
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = self.key.sign(signed.as_bytes()).expect("a key signs");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// `repository:NAME:pull,push`, in whatever escapes.
fn access(scope: &str) -> Option<serde_json::Value> {
    let plain = scope.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
    let mut parts = plain.split(':');
    let (kind, name, actions) = (parts.next()?, parts.next()?, parts.next()?);
    Some(json!({ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() }))
}
