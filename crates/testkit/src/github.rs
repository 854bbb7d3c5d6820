//! A stand-in for the part of GitHub's API that gives out tokens of apps. It is a mock: made from GitHub's documentation of
//! apps, never held against GitHub itself.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::{
    git::pem_key,
    web::{Answer, Listener, listen},
};

/// The app's number.
const APP: &str = "4711";
/// The number of its installation for the organisation `lab`; the user `ada` has the next one.
const INSTALLATION: u64 = 815;
/// Longest life of an app's word, in seconds, as GitHub has it.
const MAX_LIFE: i64 = 600;

/// A mock of GitHub's API; it ends with its value.
#[derive(Debug)]
pub struct GitHubMock {
    listener: Listener,
    private_key: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    public_key: Vec<u8>,
    token: String,
    tokens: AtomicU64,
    life: Mutex<i64>,
}

impl GitHubMock {
    /// An API that gives this token to the one app it knows.
    ///
    /// # Panics
    /// If `ssh-keygen`, which makes the app's key, is missing.
    pub fn start(token: &str) -> Self {
        let private_key = pem_key();
        let der = pem::parse(&private_key).expect("ssh-keygen writes PEM").into_contents();
        let pair = RsaKeyPair::from_der(&der).expect("ssh-keygen makes RSA keys");
        let state = Arc::new(State {
            public_key: pair.public_key().as_ref().to_vec(),
            token: token.to_owned(),
            tokens: AtomicU64::new(0),
            life: Mutex::new(3600),
        });
        Self { listener: listen(None, &state), private_key, state }
    }

    /// The address of the API.
    pub fn url(&self) -> String {
        format!("http://localhost:{}/api/v3", self.listener.address.port())
    }

    /// The number of the app.
    pub fn app(&self) -> &'static str {
        APP
    }

    /// The number of the app's installation for the organisation `lab`.
    pub fn installation(&self) -> String {
        INSTALLATION.to_string()
    }

    /// PEM of the app's private key.
    pub fn private_key(&self) -> &str {
        &self.private_key
    }

    /// Seconds for which tokens are good from now on.
    pub fn set_life(&self, seconds: i64) {
        *self.state.life.lock().unwrap_or_else(PoisonError::into_inner) = seconds;
    }

    /// How many tokens it gave out.
    pub fn tokens(&self) -> u64 {
        self.state.tokens.load(Ordering::Relaxed)
    }
}

impl Answer for State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let said = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (status, body) = match self.check(said.and_then(|value| value.strip_prefix("Bearer "))) {
            Err(why) => (StatusCode::UNAUTHORIZED, json!({"message": why})),
            Ok(()) => self.reply(request.method(), request.uri().path()),
        };
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        *response.status_mut() = status;
        response
    }
}

impl State {
    /// Whether an app's word about itself is one.
    fn check(&self, jwt: Option<&str>) -> Result<(), &'static str> {
        let (signed, signature) =
            jwt.and_then(|jwt| jwt.rsplit_once('.')).ok_or("A JSON web token could not be decoded")?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        key.verify(signed.as_bytes(), &decode(signature)).map_err(|_| "A JSON web token could not be decoded")?;
        let (head, claims) = signed.split_once('.').ok_or("A JSON web token could not be decoded")?;
        let read = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap_or_default();
        if read(head)["alg"] != "RS256" {
            return Err("the algorithm is not RS256");
        }
        let claims = read(claims);
        if claims["iss"] != APP {
            return Err("'Issuer' claim ('iss') must be an Integer");
        }
        let now = jiff::Timestamp::now().as_second();
        let (issued, expires) =
            (claims["iat"].as_i64().unwrap_or(i64::MAX), claims["exp"].as_i64().unwrap_or_default());
        if issued > now || expires <= now || expires - now > MAX_LIFE {
            return Err("'Expiration time' claim ('exp') is too far in the future");
        }
        Ok(())
    }

    fn reply(&self, method: &Method, path: &str) -> (StatusCode, Value) {
        let missing = || (StatusCode::NOT_FOUND, json!({"message": "Not Found"}));
        let Some(path) = path.strip_prefix("/api/v3") else { return missing() };
        let of = |number: u64| format!("/app/installations/{number}/access_tokens");
        match (method, path) {
            (&Method::GET, "/orgs/lab/installation") => (StatusCode::OK, json!({"id": INSTALLATION})),
            (&Method::GET, "/users/ada/installation") => (StatusCode::OK, json!({"id": INSTALLATION + 1})),
            (&Method::POST, path) if path == of(INSTALLATION) || path == of(INSTALLATION + 1) => {
                self.tokens.fetch_add(1, Ordering::Relaxed);
                let life = *self.life.lock().unwrap_or_else(PoisonError::into_inner);
                let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(life);
                (StatusCode::CREATED, json!({"token": self.token, "expires_at": end.to_string()}))
            }
            _ => missing(),
        }
    }
}
