//! Repositories on servers, with credentials in Secrets.

use serde_json::{Value, json};
use testkit::git::{Access, GitServer, Setup, SshKey, SshServer};

use crate::world::{Outcome, Site, ensure, eventually, map};

/// Runs what blocks, or brings a runtime of its own, on another thread.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

/// The GitRepository `repo` of an address, with credentials in the Secret `login`.
async fn source(site: &Site, url: &str) -> Outcome {
    let spec = json!({"url": url, "interval": "1s", "ref": {"branch": "main"}, "secretRef": {"name": "login"}});
    let object = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "repo", "namespace": site.namespace}, "spec": spec});
    site.apply(&object).await
}

async fn login(site: &Site, data: Value) -> Outcome {
    let metadata = json!({"name": "login", "namespace": site.namespace});
    site.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})).await
}

/// Waits until the source's `Ready` says no with these words, and no secret ones.
async fn refused(site: &Site, reason: &str, words: &str) -> Outcome {
    let sources = site.sources();
    let said = |source: &api::GitRepository| {
        let conditions = source.status.clone().unwrap_or_default().conditions;
        api::condition(&conditions, "Ready").cloned().filter(|ready| ready.status == "False")
    };
    let fits = |source: &api::GitRepository| {
        said(source).is_some_and(|ready| ready.reason == reason && ready.message.contains(words))
    };
    eventually(|| sources.get("repo"), fits).await?;
    let message = said(&sources.get("repo").await?).map(|ready| ready.message).unwrap_or_default();
    ensure(!message.contains("hunter2"), message)
}

pub(crate) async fn https_with_credentials_of_a_secret(mut site: Site) -> Outcome {
    let setup = Setup { access: Access::Basic("ada", "engine"), tls: true, ..Setup::default() };
    let server = aside(move || GitServer::with(setup)).await?;
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let first = site.repo.commit("first");
    site.repo.publish(&server.path("app.git"));
    site.start().await?;
    site.kustomization("apps", json!({})).await?;
    source(&site, &server.url("app.git")).await?;
    refused(&site, "AuthenticationFailed", "create it").await?;
    login(&site, json!({"username": "ada", "password": "hunter2"})).await?;
    refused(&site, "GitOperationFailed", "`ca.crt`").await?;
    let authority = server.authority().unwrap_or_default();
    login(&site, json!({"username": "ada", "password": "hunter2", "ca.crt": authority})).await?;
    refused(&site, "AuthenticationFailed", "`password`").await?;
    login(&site, json!({"username": "ada", "password": "engine", "ca.crt": authority})).await?;
    site.ready("apps", &first).await?;
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    let second = site.repo.commit("second");
    site.repo.publish(&server.path("app.git"));
    site.ready("apps", &second).await?;
    // Without the right password there is nothing new, but what is held is held on.
    login(&site, json!({"username": "ada", "password": "hunter2", "ca.crt": authority})).await?;
    refused(&site, "AuthenticationFailed", "refused access").await?;
    site.edit("a", "9", "edit").await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}

pub(crate) async fn ssh_with_the_key_of_a_secret(mut site: Site) -> Outcome {
    let (key, stranger) = (SshKey::generate("ed25519", ""), SshKey::generate("ed25519", ""));
    let server = SshServer::start(&[&key], true).ok_or("sshd was looked for before")?;
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    let folder = tempfile::tempdir()?;
    let bare = folder.path().join("app.git");
    site.repo.publish(&bare);
    site.start().await?;
    site.kustomization("apps", json!({})).await?;
    login(&site, json!({"identity": key.private})).await?;
    source(&site, &server.url(&bare)).await?;
    refused(&site, "AuthenticationFailed", "no key 'known_hosts'").await?;
    login(&site, json!({"identity": stranger.private, "known_hosts": server.known_hosts()})).await?;
    refused(&site, "AuthenticationFailed", "deploy key").await?;
    login(&site, json!({"identity": key.private, "known_hosts": server.known_hosts_with(&stranger)})).await?;
    refused(&site, "GitOperationFailed", "CHANGED").await?;
    login(&site, json!({"identity": key.private, "known_hosts": server.known_hosts()})).await?;
    site.ready("apps", &commit).await?;
    ensure(site.value("a").await?.as_deref() == Some("1"), "it is applied")?;
    site.stop().await;
    Ok(())
}
