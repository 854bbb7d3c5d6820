//! A conversation with a registry: what it asks of us before it answers (Docker's token protocol, or Basic).

use http_auth::{ChallengeRef, parse_challenges};
use reqwest::{
    Method, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE},
};
use serde::Deserialize;

use super::Reference;
use crate::{
    charts::{
        error::ChartError,
        request::Access,
        web::{self, Web},
    },
    request::Auth,
};

/// Where a registry tells the digest of what it sends.
const CONTENT_DIGEST: &str = "docker-content-digest";
/// Bytes of a token's answer.
const MAX_TOKEN: u64 = 1 << 20;
/// The user that stands for an identity token, as Docker has it.
const IDENTITY: &str = "<token>";

/// A conversation about one folder of a registry.
pub(super) struct Session<'a> {
    web: &'a Web,
    access: &'a Access,
    /// `https://host/v2/NAME/`.
    base: Url,
    repository: String,
    /// What the registry asked for at the first request.
    authorization: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(web: &'a Web, access: &'a Access, reference: &Reference) -> Result<Self, ChartError> {
        let scheme = if access.plain_http { "http" } else { "https" };
        let address = format!("{scheme}://{}/v2/{}/", reference.server(), reference.repository);
        let base = Url::parse(&address).map_err(|error| ChartError::AddressInvalid {
            url: reference.shown(),
            cause: error.to_string(),
            example: "oci://host/path/chart",
        })?;
        let repository = reference.repository.clone();
        Ok(Self { web, access, base, repository, authorization: None })
    }

    /// The whole content at a path below the folder.
    pub(super) fn get(
        &mut self,
        path: &str,
        (accept, limit, what): (&str, u64, &'static str),
        shown: &str,
    ) -> Result<Vec<u8>, ChartError> {
        let response = self.ask(path, accept, shown)?;
        self.bytes(response, shown, (what, limit))
    }

    pub(super) fn bytes(
        &self,
        response: Response,
        shown: &str,
        bound: (&'static str, u64),
    ) -> Result<Vec<u8>, ChartError> {
        self.web.bytes(response, shown, bound)
    }

    /// The digest that the registry tells of a manifest, without its content.
    pub(super) fn head(&mut self, path: &str, accept: &str, shown: &str) -> Result<Option<String>, ChartError> {
        let response = self.converse(&Method::HEAD, path, accept, shown)?;
        let told = response.headers().get(CONTENT_DIGEST).and_then(|value| value.to_str().ok());
        Ok(told.map(str::to_owned))
    }

    /// The answer at a path; credentials are sent when the registry asks for them.
    pub(super) fn ask(&mut self, path: &str, accept: &str, shown: &str) -> Result<Response, ChartError> {
        self.converse(&Method::GET, path, accept, shown)
    }

    fn converse(&mut self, method: &Method, path: &str, accept: &str, shown: &str) -> Result<Response, ChartError> {
        let response = self.send(method, path, accept, shown)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return self.check(response, shown);
        }
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let challenge = challenge.unwrap_or_default().to_owned();
        self.authorization = self.answer(&challenge, shown)?;
        if self.authorization.is_none() {
            return Err(web::refused(StatusCode::UNAUTHORIZED, shown, false));
        }
        let response = self.send(method, path, accept, shown)?;
        self.check(response, shown)
    }

    fn send(&self, method: &Method, path: &str, accept: &str, shown: &str) -> Result<Response, ChartError> {
        let url = self.base.join(path).map_err(|error| ChartError::Protocol {
            url: shown.to_owned(),
            doing: "following its list of tags",
            cause: error.to_string(),
        })?;
        let mut request = self.web.request(method.clone(), url).header(ACCEPT, accept);
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        self.web.send(request, shown)
    }

    fn check(&self, response: Response, shown: &str) -> Result<Response, ChartError> {
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        Err(web::refused(response.status(), shown, !matches!(self.access.auth, Auth::None)))
    }

    /// What to send for what the registry wants: its first challenge that we know.
    fn answer(&self, challenges: &str, shown: &str) -> Result<Option<HeaderValue>, ChartError> {
        for challenge in parse_challenges(challenges).unwrap_or_default() {
            if challenge.scheme.eq_ignore_ascii_case("bearer") {
                if let Auth::Bearer(_) = self.access.auth {
                    return web::header(self.access, None, shown);
                }
                let token = Auth::Bearer(self.token(&challenge, shown)?);
                return web::header(&Access { auth: token, ..Access::default() }, None, shown);
            }
            if challenge.scheme.eq_ignore_ascii_case("basic") {
                return web::header(self.access, None, shown);
            }
        }
        Ok(None)
    }

    /// Fetches a token from where the registry says.
    fn token(&self, challenge: &ChallengeRef<'_>, shown: &str) -> Result<String, ChartError> {
        let parameter = |name: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped()).unwrap_or_default()
        };
        let wrong = |cause: String| ChartError::Protocol { url: shown.to_owned(), doing: "asking for a token", cause };
        let realm =
            Url::parse(&parameter("realm")).map_err(|error| wrong(format!("its realm is no address: {error}")))?;
        if realm.scheme() != "https" && self.base.scheme() == "https" {
            return Err(wrong(format!("its realm {} gives up TLS", web::shown(&realm))));
        }
        let scope = match parameter("scope") {
            scope if scope.is_empty() => format!("repository:{}:pull", self.repository),
            scope => scope,
        };
        let place = web::shown(&realm);
        let response = self.ask_for_token(realm, &[("service", &parameter("service")), ("scope", &scope)], &place)?;
        if response.status() != StatusCode::OK {
            return Err(web::refused(response.status(), &place, !matches!(self.access.auth, Auth::None)));
        }
        let data = self.web.bytes(response, &place, ("the token", MAX_TOKEN))?;
        let answer: Option<Token> = serde_json::from_slice(&data).ok();
        let token = answer.and_then(|answer| answer.token.filter(|text| !text.is_empty()).or(answer.access_token));
        token.ok_or_else(|| ChartError::Protocol {
            url: place,
            doing: "asking for a token",
            cause: "its answer has none".to_owned(),
        })
    }

    fn ask_for_token(&self, realm: Url, fields: &[(&str, &str)], place: &str) -> Result<Response, ChartError> {
        let mut url = realm;
        if let Auth::Basic { username, password } = &self.access.auth
            && username == IDENTITY
        {
            let mut form = url.clone();
            form.query_pairs_mut().clear().extend_pairs(fields).extend_pairs([
                ("grant_type", "refresh_token"),
                ("client_id", "setpoint"),
                ("refresh_token", password),
            ]);
            let request = self.web.post(url).header("content-type", "application/x-www-form-urlencoded");
            return self.web.send(request.body(form.query().unwrap_or_default().to_owned()), place);
        }
        url.query_pairs_mut().extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
        let mut request = self.web.get(url);
        if let Some(value) = web::header(self.access, None, place)? {
            request = request.header(AUTHORIZATION, value);
        }
        self.web.send(request, place)
    }
}
