//! What Secrets hold, as Flux names their keys.

use source::charts::{Access, Login, Logins};
use source::{Auth, ClientCertificate, Proxy};

use super::{World, failure};
use crate::index::FetchFailure;
pub(super) use crate::world::secret::Data;

/// Reads a Secret that must be there.
pub(super) async fn read(world: &World, namespace: &str, name: &str) -> Result<Data, FetchFailure> {
    match world.secret(namespace, name).await {
        Ok(Some(data)) => Ok(data),
        Ok(None) => Err(failure(
            "AuthenticationFailed",
            format!("Secret '{namespace}/{name}' not found; create it, or take it out of the spec"),
        )),
        Err(error) => {
            Err(failure("AuthenticationFailed", format!("Secret '{namespace}/{name}' cannot be read: {error}")))
        }
    }
}

/// The proxy that a Secret describes.
pub(super) async fn proxy(world: &World, namespace: &str, name: &str) -> Result<Proxy, FetchFailure> {
    let data = read(world, namespace, name).await?;
    let message = format!("Secret '{name}' has no key 'address', which a proxy needs");
    Ok(Proxy {
        address: text(&data, "address").ok_or_else(|| failure("AuthenticationFailed", message))?,
        username: text(&data, "username"),
        password: text(&data, "password"),
    })
}

/// A client certificate and its key.
pub(super) fn certificate(data: &Data) -> Option<ClientCertificate> {
    let (certificate, key) = (data.get("tls.crt")?, data.get("tls.key")?);
    Some(ClientCertificate { certificate: certificate.clone(), key: key.clone() })
}

/// A text without its last newline.
pub(super) fn text(data: &Data, key: &str) -> Option<String> {
    let value = String::from_utf8_lossy(data.get(key)?);
    // Keys need their final newline; everything else is a line by itself.
    let value = if key == "identity" || key == "known_hosts" { &*value } else { value.trim_end_matches(['\n', '\r']) };
    Some(value.to_owned())
}

/// Adds what a Secret of certificates holds.
pub(super) fn add_certificates(access: &mut Access, data: &Data) {
    access.ca = data.get("ca.crt").or_else(|| data.get("caFile")).cloned().or(access.ca.take());
    access.client_certificate = certificate(data).or(access.client_certificate.take());
}

/// The credentials for a registry: those that a Secret of Docker's has for the host, or `username` and `password`.
pub(super) fn registry_auth(data: &Data, host: &str, name: &str) -> Result<Auth, FetchFailure> {
    let wrong = |cause: String| failure("AuthenticationFailed", format!("Secret '{name}' {cause}"));
    let Some(config) = data.get(".dockerconfigjson") else {
        return match (text(data, "username"), text(data, "password")) {
            (Some(username), Some(password)) => Ok(Auth::Basic { username, password }),
            _ => Err(wrong("has neither '.dockerconfigjson' nor 'username' and 'password'".to_owned())),
        };
    };
    let logins = Logins::parse(config).map_err(|cause| wrong(format!("cannot be used: .dockerconfigjson: {cause}")))?;
    match logins.find(host) {
        Login::Known(auth) => Ok(auth),
        // Flux goes on without credentials: the registry says whether it minds.
        Login::None => Ok(Auth::None),
        Login::Helper { name: helper, .. } => Err(wrong(format!(
            "names the credential helper '{helper}', a program that is not here; write the login itself"
        ))),
    }
}

/// The host of an address, with its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
