//! What helm keeps about its user: known repositories, their indexes, logins of registries.

use std::env;
use std::path::{Path, PathBuf};

use goyaml::{ParseOptions, Value};
use source::Auth;
use source::charts::{Access, Login, Logins};

use super::args::certificate;
use super::{bounded, credentials};
use crate::failure::Failure;
use crate::folder::cannot;

/// Bytes of one of helm's files.
const MAX_FILE: u64 = 16 << 20;

/// A repository that `helm repo add` made known.
#[derive(Debug)]
pub(super) struct Repository {
    pub(super) url: String,
    fields: Value,
    /// The index that `helm repo update` keeps, if it does.
    pub(super) index: Option<PathBuf>,
}

/// All repositories that are known, with their names.
pub(super) fn repositories() -> Result<Vec<(String, Repository)>, Failure> {
    let path = named("HELM_REPOSITORY_CONFIG").unwrap_or_else(|| config().join("repositories.yaml"));
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = bounded(&path, MAX_FILE)?;
    let wrong = |why: String| Failure::task(format!("{}: {why}", path.display()));
    let text = std::str::from_utf8(&text).map_err(|error| wrong(error.to_string()))?;
    let parsed = goyaml::parse_first(text, &ParseOptions::sigs());
    let document = parsed.map_err(|errors| wrong(errors.first().map(ToString::to_string).unwrap_or_default()))?;
    let all = document.and_then(|document| document.value.get("repositories").cloned()).unwrap_or(Value::NULL);
    Ok(all.as_list().unwrap_or_default().iter().filter_map(repository).collect())
}

fn repository(fields: &Value) -> Option<(String, Repository)> {
    let (name, url) = (fields.str_at(&["name"])?.to_owned(), fields.str_at(&["url"])?.to_owned());
    let kept = named("HELM_REPOSITORY_CACHE").unwrap_or_else(|| cache().join("repository"));
    let index = Some(kept.join(format!("{name}-index.yaml"))).filter(|path| path.is_file());
    Some((name, Repository { url, fields: fields.clone(), index }))
}

impl Repository {
    /// The access of the flags, with what is known of the repository in its place.
    pub(super) fn access(&self, flags: &Access) -> Result<Access, Failure> {
        let text = |name: &str| self.fields.str_at(&[name]).filter(|text| !text.is_empty());
        let flag = |name: &str| self.fields.get(name).and_then(Value::as_bool).unwrap_or_default();
        let mut access = flags.clone();
        if let (Some(username), Some(password)) = (text("username"), text("password")) {
            access.auth = Auth::Basic { username: username.to_owned(), password: password.to_owned() };
            access.pass_credentials = flag("pass_credentials_all");
        }
        if let Some(path) = text("caFile") {
            access.ca = Some(bounded(Path::new(path), MAX_FILE)?);
        }
        if let Some(own) = certificate(text("certFile").map(Path::new), text("keyFile").map(Path::new))? {
            access.client_certificate = Some(own);
        }
        access.insecure_skip_tls_verify |= flag("insecure_skip_tls_verify");
        Ok(access)
    }
}

/// The login for the registry of an `oci://` address: that of `helm registry login`, then Docker's.
pub(super) fn login(address: &str) -> Result<Auth, Failure> {
    let rest = address.strip_prefix("oci://").unwrap_or(address);
    let host = rest.split('/').next().unwrap_or(rest);
    let own = named("HELM_REGISTRY_CONFIG").unwrap_or_else(|| config().join("registry/config.json"));
    let docker = named("DOCKER_CONFIG").unwrap_or_else(|| home().join(".docker")).join("config.json");
    for path in [own, docker] {
        if !path.is_file() {
            continue;
        }
        let logins = Logins::parse(&bounded(&path, MAX_FILE)?);
        let logins = logins.map_err(|why| Failure::task(format!("{}: {why}", path.display())))?;
        match logins.find(host) {
            Login::None => {}
            Login::Known(auth) => return Ok(auth),
            Login::Helper { name, server } => match credentials::ask(&name, &server) {
                Ok(Some(auth)) => return Ok(auth),
                Ok(None) => {}
                Err(error) => return Err(cannot("run", Path::new(&credentials::program(&name)), &error)),
            },
        }
    }
    Ok(Auth::None)
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn home() -> PathBuf {
    named("HOME").unwrap_or_default()
}

/// Helm's folder of settings.
fn config() -> PathBuf {
    let usual = || named("XDG_CONFIG_HOME").unwrap_or_else(|| home().join(".config")).join("helm");
    named("HELM_CONFIG_HOME").unwrap_or_else(usual)
}

/// Helm's folders of plugins, with colons between them.
pub(crate) fn plugins() -> PathBuf {
    let usual = || named("XDG_DATA_HOME").unwrap_or_else(|| home().join(".local/share")).join("helm");
    named("HELM_PLUGINS").unwrap_or_else(|| named("HELM_DATA_HOME").unwrap_or_else(usual).join("plugins"))
}

/// Helm's folder of caches.
fn cache() -> PathBuf {
    let usual = || named("XDG_CACHE_HOME").unwrap_or_else(|| home().join(".cache")).join("helm");
    named("HELM_CACHE_HOME").unwrap_or_else(usual)
}
