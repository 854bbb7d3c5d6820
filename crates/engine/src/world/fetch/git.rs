//! Git repositories.

use std::path::PathBuf;

use api::GitRepositorySpec;
use source::{Auth, DEFAULT_TIMEOUT, GitRequest, LocalFolder, Reference, Snapshot};

use super::secrets::{self, Data, text};
use super::{World, blocking, failure};
use crate::index::{FetchFailure, FetchOrder, Fetched};

/// Fetches the commit that is meant.
pub(super) async fn fetch(
    world: &World,
    order: &FetchOrder,
    spec: &GitRepositorySpec,
) -> Result<Fetched, FetchFailure> {
    const REASON: &str = "GitOperationFailed";
    let fetched = if let Some(folder) = work_tree(world, order) {
        blocking(REASON, move || LocalFolder::discover(folder)?.dirty()).await?
    } else {
        let (request, store) = (request(world, order, spec).await?, world.store.clone());
        blocking(REASON, move || store.fetch(&request)).await?
    };
    match fetched {
        Ok(snapshot) => Ok(read(snapshot)),
        Err(error) => {
            Err(FetchFailure { reason: error.reason(), message: error.to_string(), terminal: error.is_terminal() })
        }
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
        commit: Some(snapshot.commit.into()),
        tree: Some(snapshot.tree),
        ..Fetched::new(&snapshot.revision, &snapshot.digest)
    }
}

/// What the spec and its Secrets ask for.
async fn request(world: &World, order: &FetchOrder, spec: &GitRepositorySpec) -> Result<GitRequest, FetchFailure> {
    let namespace = &order.name.namespace;
    let mut request = GitRequest::new(&spec.url);
    request.reference = spec.reference.as_ref().map(reference).unwrap_or_default();
    request.timeout = spec.timeout.map_or(DEFAULT_TIMEOUT, api::Duration::get);
    request.allow_file = order.allow_file;
    request.ignore.clone_from(&spec.ignore);
    if let Some(secret) = &spec.secret_ref {
        let data = secrets::read(world, namespace, &secret.name).await?;
        request.ca = data.get("ca.crt").or_else(|| data.get("caFile")).cloned();
        request.client_certificate = secrets::certificate(&data);
        request.auth = auth(&data, &spec.url, &secret.name)?;
    }
    let agent = world.options.agent.as_ref();
    if let Some(agent) = agent.filter(|agent| agent.source == order.name.plain() && agent.url == spec.url) {
        request.auth = Auth::SshAgent { socket: agent.socket.clone(), known_hosts: agent.known_hosts.clone() };
    }
    if let Some(secret) = &spec.proxy_secret_ref {
        request.proxy = Some(secrets::proxy(world, namespace, &secret.name).await?);
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
