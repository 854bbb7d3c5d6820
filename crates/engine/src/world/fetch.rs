//! Fetching a source with the credentials of its Secrets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api::GitRepository;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};
use source::{Auth, ClientCertificate, DEFAULT_TIMEOUT, GitRequest, LocalFolder, Proxy, Reference, Snapshot};

use super::{Event, World};
use crate::index::{FetchFailure, FetchOrder, Fetched};

/// The data of a Secret.
type Data = BTreeMap<String, Vec<u8>>;

/// Fetches a source and tells the loop.
pub(crate) async fn run(world: World, order: FetchOrder) {
    let name = order.name.clone();
    let result = fetch(&world, &order).await;
    world.send(Event::Fetched(name, result));
}

async fn fetch(world: &World, order: &FetchOrder) -> Result<Fetched, FetchFailure> {
    let fetched = if let Some(folder) = work_tree(world, order) {
        tokio::task::spawn_blocking(move || LocalFolder::discover(folder)?.dirty()).await
    } else {
        let (request, store) = (request(world, order).await?, world.store.clone());
        tokio::task::spawn_blocking(move || store.fetch(&request)).await
    };
    match fetched {
        Ok(Ok(snapshot)) => Ok(read(snapshot)),
        Ok(Err(error)) => {
            Err(FetchFailure { reason: error.reason(), message: error.to_string(), terminal: error.is_terminal() })
        }
        Err(error) => Err(failure(
            "GitOperationFailed",
            format!("the fetch was broken off by an error in setpoint itself: {error}"),
        )),
    }
}

/// The working copy to be read in place of its commits, for the one source that `up` was given.
fn work_tree(world: &World, order: &FetchOrder) -> Option<PathBuf> {
    if !order.allow_file {
        return None;
    }
    world.options.local.as_ref()?.work_tree.clone()
}

fn read(snapshot: Snapshot) -> Fetched {
    Fetched {
        revision: snapshot.revision.into(),
        digest: snapshot.digest.into(),
        commit: snapshot.commit.id.into(),
        author: snapshot.commit.author.into(),
        subject: snapshot.commit.subject.into(),
        time: snapshot.commit.time,
        tree: Some(snapshot.tree),
    }
}

/// What the spec and its Secrets ask for.
async fn request(world: &World, order: &FetchOrder) -> Result<GitRequest, FetchFailure> {
    let spec = &order.object.spec;
    let mut request = GitRequest::new(&spec.url);
    request.reference = spec.reference.as_ref().map(reference).unwrap_or_default();
    request.timeout = spec.timeout.map_or(DEFAULT_TIMEOUT, api::Duration::get);
    request.allow_file = order.allow_file;
    request.ignore.clone_from(&spec.ignore);
    if let Some(secret) = &spec.secret_ref {
        let data = secret_data(world, &order.object, &secret.name).await?;
        request.ca = data.get("ca.crt").or_else(|| data.get("caFile")).cloned();
        request.client_certificate = certificate(&data);
        request.auth = auth(&data, &spec.url, &secret.name)?;
    }
    if let Some(agent) =
        world.options.agent.as_ref().filter(|agent| agent.source == order.name && agent.url == spec.url)
    {
        request.auth = Auth::SshAgent { socket: agent.socket.clone(), known_hosts: agent.known_hosts.clone() };
    }
    if let Some(secret) = &spec.proxy_secret_ref {
        let data = secret_data(world, &order.object, &secret.name).await?;
        let missing = || {
            failure(
                "AuthenticationFailed",
                format!("Secret '{}' has no key 'address', which a proxy needs", secret.name),
            )
        };
        request.proxy = Some(Proxy {
            address: text(&data, "address").ok_or_else(missing)?,
            username: text(&data, "username"),
            password: text(&data, "password"),
        });
    }
    Ok(request)
}

fn reference(reference: &api::GitRepositoryReference) -> Reference {
    Reference {
        branch: reference.branch.clone(),
        tag: reference.tag.clone(),
        semver: reference.semver.clone(),
        name: reference.name.clone(),
        commit: reference.commit.clone(),
    }
}

async fn secret_data(world: &World, object: &GitRepository, name: &str) -> Result<Data, FetchFailure> {
    let namespace = object.namespace().unwrap_or_default();
    let api: Api<Secret> = Api::namespaced(world.client.clone(), &namespace);
    match api.get_opt(name).await {
        Ok(Some(secret)) => {
            Ok(secret.data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)).collect())
        }
        Ok(None) => Err(failure(
            "AuthenticationFailed",
            format!("Secret '{namespace}/{name}' not found; create it, or take it out of the GitRepository"),
        )),
        Err(error) => {
            Err(failure("AuthenticationFailed", format!("Secret '{namespace}/{name}' cannot be read: {error}")))
        }
    }
}

/// The credentials in a Secret, as Flux reads them.
fn auth(data: &Data, url: &str, name: &str) -> Result<Auth, FetchFailure> {
    if url.starts_with("ssh://") {
        let need = |key: &str| {
            let message = format!("Secret '{name}' has no key '{key}', which ssh:// addresses need");
            text(data, key).ok_or_else(|| failure("AuthenticationFailed", message))
        };
        return Ok(Auth::SshKey {
            private_key: need("identity")?,
            passphrase: text(data, "password"),
            known_hosts: need("known_hosts")?,
        });
    }
    if let Some(token) = text(data, "bearerToken") {
        return Ok(Auth::Bearer(token));
    }
    match (text(data, "username"), text(data, "password")) {
        (None, None) => Ok(Auth::None),
        (username, password) => {
            Ok(Auth::Basic { username: username.unwrap_or_default(), password: password.unwrap_or_default() })
        }
    }
}

fn certificate(data: &Data) -> Option<ClientCertificate> {
    let (certificate, key) = (data.get("tls.crt")?, data.get("tls.key")?);
    Some(ClientCertificate { certificate: certificate.clone(), key: key.clone() })
}

fn text(data: &Data, key: &str) -> Option<String> {
    let value = String::from_utf8_lossy(data.get(key)?);
    // Keys need their final newline; everything else is a line by itself.
    let value = if key == "identity" || key == "known_hosts" { &*value } else { value.trim_end_matches(['\n', '\r']) };
    Some(value.to_owned())
}

fn failure(reason: &'static str, message: String) -> FetchFailure {
    FetchFailure { reason, message, terminal: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)], url: &str, expect: &str) {
        let data = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect();
        let found = match auth(&data, url, "creds") {
            Ok(auth) => format!("{auth:?}"),
            Err(failure) => failure.message,
        };
        assert_eq!(found, expect);
    }

    #[test]
    fn secrets_are_read_as_flux_reads_them() {
        check(&[], "https://a/b", "None");
        check(&[("username", "u"), ("password", "p\n")], "https://a/b", "Basic(…)");
        check(&[("bearerToken", "t"), ("username", "u")], "https://a/b", "Bearer(…)");
        check(&[("identity", "k"), ("known_hosts", "h")], "ssh://git@a/b", "SshKey(…)");
        check(
            &[("identity", "k")],
            "ssh://git@a/b",
            "Secret 'creds' has no key 'known_hosts', which ssh:// addresses need",
        );
    }
}
