//! Access as a GitHub App: a token of an installation, got with the app's private key, good for an hour.
//!
//! The app signs a short text about itself (a JWT) and gets for it a token, which is the password of a user called
//! `x-access-token` to Git.

use std::{
    collections::HashMap,
    fmt,
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    error::SourceError,
    request::{Auth, GitRequest},
    transport::{Body, Clients, Deadline, Io, http_settings},
};

/// Where GitHub's API is.
const API: &str = "https://api.github.com";
/// The user of a token.
const USER: &str = "x-access-token";
/// Seconds by which our clock may be ahead of GitHub's.
const CLOCK_SKEW: i64 = 30;
/// Seconds for which the app's own text is good; it is used at once.
const JWT_LIFE: i64 = 120;
/// Seconds that a token must still be good for to be used again: a fifth of its hour.
const SPARE: i64 = 720;
/// Tokens kept.
const MAX_TOKENS: usize = 256;
/// Bytes of an answer.
const MAX_ANSWER: u64 = 1 << 20;

/// A GitHub App and where it is installed.
#[derive(Clone)]
pub struct GitHubApp {
    /// The app's number.
    pub app: String,
    /// Where it is installed.
    pub installation: Installation,
    /// PEM of its private key.
    pub private_key: Vec<u8>,
    /// The API's address; that of github.com when absent.
    pub api: Option<String>,
}

/// Where an app is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installation {
    /// The installation's number.
    Number(String),
    /// The organisation or user.
    Owner(String),
}

impl fmt::Debug for GitHubApp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "GitHubApp({}, {:?})", self.app, self.installation)
    }
}

/// Tokens that are still good, by what they were got for.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<[u8; 32], Token>>);

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tokens")
    }
}

#[derive(Clone)]
struct Token {
    token: String,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Given {
    token: String,
    expires_at: String,
}

#[derive(Deserialize)]
struct Found {
    id: u64,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
}

impl Tokens {
    /// The login of an app; a token that was got before is used while it is good.
    pub(crate) fn login(
        &self,
        io: &Arc<Io>,
        clients: &Clients,
        request: &GitRequest,
        app: &GitHubApp,
    ) -> Result<Auth, SourceError> {
        let login = |token: &Token| Auth::Basic { username: USER.to_owned(), password: token.token.clone() };
        let (key, now) = (key(request, app), Timestamp::now());
        let is_good = |token: &&Token| token.expires_at.as_second() - SPARE > now.as_second();
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).filter(is_good) {
            return Ok(login(known));
        }
        let token = Asking::new(io, clients, request, app)?.token(app, now)?;
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, token| is_good(&&*token));
        if tokens.len() < MAX_TOKENS {
            tokens.insert(key, token.clone());
        }
        Ok(login(&token))
    }
}

/// Two apps that differ in anything share no token.
fn key(request: &GitRequest, app: &GitHubApp) -> [u8; 32] {
    let installation = format!("{:?}", app.installation);
    let proxy = request.proxy.as_ref().map(|proxy| proxy.address.as_str()).unwrap_or_default();
    let mut hash = Sha256::new();
    let api = app.api.as_deref().unwrap_or(API);
    for part in [app.app.as_bytes(), installation.as_bytes(), &app.private_key, api.as_bytes(), proxy.as_bytes()] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A conversation with GitHub's API.
struct Asking<'a> {
    io: &'a Arc<Io>,
    client: reqwest::Client,
    deadline: Deadline,
    api: String,
    authorization: HeaderValue,
}

impl<'a> Asking<'a> {
    fn new(io: &'a Arc<Io>, clients: &Clients, request: &GitRequest, app: &GitHubApp) -> Result<Self, SourceError> {
        let api = app.api.as_deref().filter(|api| !api.is_empty()).unwrap_or(API).trim_end_matches('/').to_owned();
        let local = |rest: &str| rest.starts_with("127.0.0.1:") || rest.starts_with("localhost:");
        if !api.starts_with("https://") && !api.strip_prefix("http://").is_some_and(local) {
            return Err(wrong(format!("githubAppBaseURL {api:?} is no https:// address")));
        }
        let client = clients.get(&http_settings(request)).map_err(|fault| SourceError::SettingInvalid {
            what: fault.what,
            url: api.clone(),
            cause: fault.cause,
        })?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", jwt(app, Timestamp::now())?))
            .map_err(|_| wrong("githubAppID has characters that no number has".to_owned()))?;
        authorization.set_sensitive(true);
        Ok(Self { io, client, deadline: Deadline::after(request.timeout), api, authorization })
    }

    fn token(&self, app: &GitHubApp, now: Timestamp) -> Result<Token, SourceError> {
        let number = match &app.installation {
            Installation::Number(number) => number.clone(),
            Installation::Owner(owner) => self.installation(owner)?,
        };
        if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(wrong(format!("githubAppInstallationID {number:?} is no number")));
        }
        let path = format!("/app/installations/{number}/access_tokens");
        let Given { token, expires_at } = self.ask(Method::POST, &path)?;
        let expires_at = expires_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        if expires_at <= now || token.is_empty() {
            return Err(wrong("the token that GitHub gave is no longer good; check this machine's clock".to_owned()));
        }
        Ok(Token { token, expires_at })
    }

    /// The installation of an organisation, or of a user.
    fn installation(&self, owner: &str) -> Result<String, SourceError> {
        let is_name = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
        if owner.is_empty() || !owner.bytes().all(is_name) {
            return Err(wrong(format!("githubAppInstallationOwner {owner:?} is no name of an organisation or user")));
        }
        let of = |kind: &str| self.ask::<Found>(Method::GET, &format!("/{kind}/{owner}/installation"));
        let found = of("orgs").or_else(|organisation| {
            of("users").map_err(|user| {
                wrong(format!(
                    "it is installed neither for an organisation nor a user '{owner}': {organisation}; {user}"
                ))
            })
        });
        found.map(|found| found.id.to_string())
    }

    fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, SourceError> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.api))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28");
        let unreachable = |cause: String| SourceError::Unreachable { url: self.api.clone(), cause };
        let sent = self.io.until(self.deadline, request.send()).map_err(|error| unreachable(error.to_string()))?;
        let response = sent.map_err(|error| unreachable(error.without_url().to_string()))?;
        let status = response.status();
        let mut text = Vec::new();
        let body = Body::new(Arc::clone(self.io), self.deadline, response);
        body.take(MAX_ANSWER).read_to_end(&mut text).map_err(|error| unreachable(error.to_string()))?;
        if !status.is_success() {
            let said = serde_json::from_slice::<Complaint>(&text).map(|complaint| complaint.message);
            return Err(wrong(refusal(status, path, &said.unwrap_or_default())));
        }
        serde_json::from_slice(&text).map_err(|_| wrong(format!("{path} was not answered as GitHub does")))
    }
}

/// What GitHub's refusal means.
fn refusal(status: StatusCode, path: &str, said: &str) -> String {
    let hint = match status.as_u16() {
        401 => "check githubAppID and githubAppPrivateKey, and this machine's clock",
        403 => "the app lacks a right, or the installation is suspended",
        404 => "check githubAppInstallationID, or where the app is installed",
        _ => "it is tried again",
    };
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(200).collect();
    format!("{path} was answered by HTTP {status} ({said}); {hint}")
}

fn wrong(cause: String) -> SourceError {
    SourceError::GitHubApp { cause }
}

/// The app's word about itself.
fn jwt(app: &GitHubApp, now: Timestamp) -> Result<String, SourceError> {
    let unusable =
        |why: &str| wrong(format!("githubAppPrivateKey cannot be used: {why}; put the whole .pem file there"));
    let der = PrivateKeyDer::from_pem_slice(&app.private_key).map_err(|_| unusable("it is no PEM file of a key"))?;
    let pair = match &der {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        _ => return Err(unusable("it is no RSA key")),
    };
    let pair = pair.map_err(|_| unusable("it is no RSA key of 2048 bits or more"))?;
    let issued = now.as_second() - CLOCK_SKEW;
    let parts =
        [json!({"alg": "RS256", "typ": "JWT"}), json!({"iat": issued, "exp": issued + JWT_LIFE, "iss": app.app})];
    let text = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| unusable("it does not sign"))?;
    Ok(format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}
