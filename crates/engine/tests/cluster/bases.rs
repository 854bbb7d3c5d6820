//! Bases in other repositories, which kustomizations name by their addresses.

use serde_json::json;
use testkit::git::{GitRepo, GitServer};

use crate::world::{Outcome, Site, ensure, eventually, map};

/// Runs what blocks, or brings a runtime of its own, on another thread.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

/// A repository for the base, whose `app` names `more` beside it and brings the ConfigMap `base`.
fn upstream(site: &Site, value: &str) -> GitRepo {
    let repo = GitRepo::new();
    repo.write("app/kustomization.yaml", "resources: [a.yaml, ../more]\n");
    repo.write("app/a.yaml", map("base", value).replace("NS", &site.namespace));
    repo.write("more/kustomization.yaml", "configMapGenerator: [{name: more, literals: [value=1]}]\n");
    repo.write("README.md", "a base\n");
    repo.commit("first");
    repo
}

/// The site's own folder, which names the base on a server.
fn overlay(site: &Site, server: &GitServer, fields: &str) {
    let base = server.url("org/base.git//app?ref=main");
    let text = format!("resources: ['{base}', own.yaml]\nnamespace: NS\n{fields}");
    site.write(&[("apps/kustomization.yaml", &text), ("apps/own.yaml", &map("own", "1"))]);
}

pub(crate) async fn a_remote_base_is_followed(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    let base = upstream(&site, "1");
    base.publish(&server.path("org/base.git"));
    overlay(&site, &server, "");
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"interval": "2s"})).await?;
    site.ready("apps", &commit).await?;
    ensure(site.value("base").await?.as_deref() == Some("1"), "the base is applied")?;
    // Nothing in the Kustomization's own source tells that there is a new commit.
    base.write("app/a.yaml", map("base", "2").replace("NS", &site.namespace));
    base.commit("second");
    base.publish(&server.path("org/base.git"));
    eventually(|| site.value("base"), |value| value.as_deref() == Some("2")).await?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}

pub(crate) async fn a_remote_base_is_asked_once_an_interval(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    upstream(&site, "1").publish(&server.path("org/base.git"));
    overlay(&site, &server, "");
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({})).await?;
    site.ready("apps", &commit).await?;
    let asked = server.requests();
    ensure(asked > 0, "it is asked")?;
    site.kustomization("again", json!({"path": "apps", "namePrefix": "again-"})).await?;
    site.ready("again", &commit).await?;
    ensure(server.requests() == asked, "what one Kustomization had fetched is known to the other")?;
    // Commits in the own source render both again, with the base as it is known.
    for value in ["2", "3"] {
        site.write(&[("apps/own.yaml", &map("own", value))]);
        let commit = site.repo.commit(value);
        site.ready("apps", &commit).await?;
        site.ready("again", &commit).await?;
    }
    ensure(site.value("again-own").await?.as_deref() == Some("3"), "the last commit is applied")?;
    ensure(server.requests() == asked, format!("asked {} times more", server.requests() - asked))?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}

pub(crate) async fn a_remote_base_that_is_not_there_is_tried_again(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    overlay(&site, &server, "");
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({})).await?;
    let message = site.failed("apps", "BuildFailed").await?;
    let told = message.contains("apps/kustomization.yaml:1") && message.contains("there is no Git repository");
    ensure(told, message)?;
    upstream(&site, "1").publish(&server.path("org/base.git"));
    site.ready("apps", &commit).await?;
    ensure(site.value("base").await?.as_deref() == Some("1"), "the base is applied")?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}

pub(crate) async fn remote_bases_can_be_off(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    upstream(&site, "1").publish(&server.path("org/base.git"));
    overlay(&site, &server, "");
    site.repo.commit("first");
    site.remote_bases = false;
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({})).await?;
    let message = site.failed("apps", "BuildFailed").await?;
    ensure(message.contains("apps/kustomization.yaml:1") && message.contains("are off here"), message)?;
    ensure(server.requests() == 0, "nothing is fetched")?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}
