//! Credentials as Docker and `helm registry login` keep them: `config.json`.

use std::collections::BTreeMap;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;

use crate::request::Auth;

/// Where Docker keeps the login of its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// Some writers leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The logins of a `config.json` or of a Secret's `.dockerconfigjson`.
#[derive(Default, Deserialize)]
pub struct Logins {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    #[serde(rename = "identitytoken")]
    identity: String,
    #[serde(rename = "registrytoken")]
    token: String,
}

/// What is known of a registry.
#[derive(Debug)]
pub enum Login {
    /// Nothing.
    None,
    /// These credentials.
    Known(Auth),
    /// The program `docker-credential-NAME` knows; it is asked for `server`.
    Helper {
        /// Which program.
        name: String,
        /// What it calls the registry.
        server: String,
    },
}

impl std::fmt::Debug for Logins {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Logins").field("auths", &self.auths.keys()).finish_non_exhaustive()
    }
}

impl Logins {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, without its content.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| {
            format!("line {} is not what a config.json of Docker has there ({:?})", error.line(), error.classify())
        })
    }

    /// The login for a registry's host, with its port if one is written.
    pub fn find(&self, host: &str) -> Login {
        let hub = matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io");
        let server = if hub { DOCKER_HUB } else { host };
        let helper = self.helpers.get(server).or_else(|| self.helpers.get(host));
        if let Some(name) = helper.filter(|name| is_plain(name)) {
            return Login::Helper { name: name.clone(), server: server.to_owned() };
        }
        let named = self.auths.get(server).or_else(|| {
            let same = |key: &str| bare(key) == host;
            self.auths.iter().find_map(|(key, entry)| same(key).then_some(entry))
        });
        if let Some(auth) = named.and_then(Entry::auth) {
            return Login::Known(auth);
        }
        if is_plain(&self.store) {
            return Login::Helper { name: self.store.clone(), server: server.to_owned() };
        }
        Login::None
    }
}

/// Whether a text is fit to be a part of a program's name.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The host of `https://host/v1/`, as older files have it.
fn bare(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

impl Entry {
    fn auth(&self) -> Option<Auth> {
        if !self.token.is_empty() {
            return Some(Auth::Bearer(self.token.clone()));
        }
        if !self.identity.is_empty() {
            return Some(Auth::Basic { username: "<token>".to_owned(), password: self.identity.clone() });
        }
        let decoded = BASE64.decode(self.auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        let (username, password) = match pair {
            Some((username, password)) => (username.to_owned(), password.trim_end_matches('\0').to_owned()),
            None => (self.username.clone(), self.password.clone()),
        };
        (!username.is_empty()).then_some(Auth::Basic { username, password })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(login: &Login) -> String {
        match login {
            Login::Known(Auth::Basic { username, password }) => format!("{username}:{password}"),
            Login::Known(Auth::Bearer(token)) => format!("bearer {token}"),
            Login::Helper { name, server } => format!("{name} for {server}"),
            _ => "nobody".to_owned(),
        }
    }

    #[test]
    fn logins_are_found_by_host() {
        let text = br#"{"auths": {
            "registry.example.org:5000": {"auth": "YWRhOmVuZ2luZQ=="},
            "https://old.example.org/v1/": {"auth": "YWRhOm9sZA"},
            "plain.example.org": {"username": "ada", "password": "plain"},
            "acr.example.org": {"auth": "MDA6", "identitytoken": "idt"},
            "token.example.org": {"registrytoken": "tok"},
            "https://index.docker.io/v1/": {"auth": "YWRhOmh1Yg=="},
            "kept.example.org": {}
        }, "credHelpers": {"ecr.example.org": "ecr-login", "bad.example.org": "../x"}, "credsStore": "desktop"}"#;
        let logins = Logins::parse(text).unwrap();
        for (host, expected) in [
            ("registry.example.org:5000", "ada:engine"),
            ("old.example.org", "ada:old"),
            ("plain.example.org", "ada:plain"),
            ("acr.example.org", "<token>:idt"),
            ("token.example.org", "bearer tok"),
            ("docker.io", "ada:hub"),
            ("ecr.example.org", "ecr-login for ecr.example.org"),
            ("kept.example.org", "desktop for kept.example.org"),
            ("bad.example.org", "desktop for bad.example.org"),
        ] {
            assert_eq!(shown(&logins.find(host)), expected, "{host}");
        }
        assert!(matches!(Logins::default().find("docker.io"), Login::None));
        assert!(!format!("{logins:?}").contains("engine"));
    }

    #[test]
    fn a_wrong_file_is_told_without_its_secrets() {
        let error = Logins::parse(b"{\"auths\": {\"a\": {\"auth\": \"YWRhOmVuZ2luZQ==\" oops").unwrap_err();
        assert!(error.contains("line 1") && !error.contains("YWRh"), "{error}");
    }
}
