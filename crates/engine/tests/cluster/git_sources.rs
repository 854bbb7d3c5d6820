//! Git repositories with all that Flux knows of them: signatures, submodules, folders of others, folders only, a proxy, apps.

use serde_json::{Value, json};
use testkit::git::{Access, GitRepo, GitServer, Setup, Signer};
use testkit::{ForwardProxy, GitHubMock};

use crate::artifacts::aside;
use crate::world::{Outcome, Site, ensure, eventually, map};

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const REPO: (&str, &str, &str) = (SOURCE, "GitRepository", "repo");

/// The GitRepository `name` of this site's repository, with these fields beside the usual ones.
async fn source(site: &Site, name: &str, url: &str, fields: Value) -> Outcome {
    let mut spec = json!({"url": url, "interval": "1s", "ref": {"branch": "main"}});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    site.apply(&site.flux(SOURCE, "GitRepository", name, &spec)).await
}

async fn secret(site: &Site, name: &str, data: Value) -> Outcome {
    let metadata = json!({"name": name, "namespace": site.namespace});
    site.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})).await
}

pub(crate) async fn signatures_of_commits_are_demanded(mut site: Site) -> Outcome {
    let (ada, eve) = (Signer::ssh("ed25519"), Signer::ssh("ed25519"));
    let verify = |mode: &str| json!({"verify": {"mode": mode, "secretRef": {"name": "people"}}});
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let signed = site.repo.commit_signed("signed", &ada);
    site.start().await?;
    source(&site, "repo", &site.url(), verify("HEAD")).await?;
    site.kustomization("apps", json!({})).await?;
    let said = site.said(REPO, ("SourceVerified", "False"), "public keys secret error").await?;
    ensure(said.0 == "VerificationError" && said.1.contains("create it"), format!("{said:?}"))?;
    secret(&site, "people", json!({"eve.sshpub": eve.public()})).await?;
    let said = site.said(REPO, ("SourceVerified", "False"), "no matching key").await?;
    ensure(said.0 == "InvalidCommitSignature", format!("{said:?}"))?;
    ensure(site.value("a").await?.is_none(), "nothing of it is applied")?;
    secret(&site, "people", json!({"eve.sshpub": eve.public(), "ada.sshpub": ada.public()})).await?;
    let words = format!("verified signature of\n\t- commit '{signed}' with key 'SHA256:");
    site.said(REPO, ("SourceVerified", "True"), &words).await?;
    site.ready("apps", &signed).await?;
    let status = site.get(SOURCE, "GitRepository", "repo").await?["status"].clone();
    ensure(status["sourceVerificationMode"] == "HEAD", status.to_string())?;
    // A commit that nobody signed comes no further, and what is held is held on.
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    site.repo.commit("not signed");
    site.said(REPO, ("Ready", "False"), "is not signed").await?;
    let status = site.get(SOURCE, "GitRepository", "repo").await?["status"].clone();
    ensure(status["artifact"]["revision"] == format!("main@sha1:{signed}"), status.to_string())?;
    ensure(site.value("a").await?.as_deref() == Some("1"), "the signed one stays")?;
    let next = site.repo.commit_signed("signed again", &ada);
    site.ready("apps", &next).await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    // A branch has no tag whose signature could be looked at: told at once, and for good.
    source(&site, "repo", &site.url(), verify("Tag")).await?;
    let said = site.said(REPO, ("Stalled", "True"), "if a tag reference is not specified").await?;
    ensure(said.0 == "InvalidVerificationMode", format!("{said:?}"))?;
    site.repo.tag_signed("v1.0.0", &ada);
    let mut fields = verify("TagAndHEAD");
    fields["ref"] = json!({"semver": "1.x"});
    source(&site, "repo", &site.url(), fields).await?;
    site.said(REPO, ("SourceVerified", "True"), "- tag 'v1.0.0@").await?;
    site.said(REPO, ("Ready", "True"), "v1.0.0@sha1:").await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn included_repositories_are_followed(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    let other = GitRepo::with_files(&[("deploy/b.yaml", &map("b", "1").replace("NS", &site.namespace))]);
    other.publish(&server.path("other.git"));
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    let include = json!([{"repository": {"name": "other"}, "fromPath": "deploy", "toPath": "apps/other"}]);
    source(&site, "repo", &site.url(), json!({"include": include})).await?;
    site.kustomization("apps", json!({})).await?;
    let said = site.said(REPO, ("IncludeUnavailable", "True"), "could not get resource for include 'other'").await?;
    ensure(said.0 == "NotFound", format!("{said:?}"))?;
    source(&site, "other", &server.url("none.git"), json!({})).await?;
    let said = site.said(REPO, ("IncludeUnavailable", "True"), "no artifact available for include 'other'").await?;
    ensure(said.0 == "NoArtifact", format!("{said:?}"))?;
    source(&site, "other", &server.url("other.git"), json!({})).await?;
    site.ready("apps", &commit).await?;
    eventually(|| site.value("b"), |value| value.as_deref() == Some("1")).await?;
    let status = site.get(SOURCE, "GitRepository", "repo").await?["status"].clone();
    let included = &status["includedArtifacts"][0]["revision"];
    ensure(included.as_str().is_some_and(|found| found.starts_with("main@sha1:")), status.to_string())?;
    ensure(status["observedInclude"] == include, status.to_string())?;
    ensure(!status["conditions"].to_string().contains("IncludeUnavailable"), status.to_string())?;
    // A commit there is one here.
    other.commit_file("deploy/b.yaml", &map("b", "2").replace("NS", &site.namespace));
    other.publish(&server.path("other.git"));
    eventually(|| site.value("b"), |value| value.as_deref() == Some("2")).await?;
    // What would climb or take the place of something is refused; so are circles.
    let climbing = json!([{"repository": {"name": "other"}, "toPath": "../x"}]);
    source(&site, "repo", &site.url(), json!({"include": climbing})).await?;
    let said = site.said(REPO, ("StorageOperationFailed", "True"), "path calculation for include 'other'").await?;
    ensure(said.0 == "IllegalPath", format!("{said:?}"))?;
    let taken = json!([{"repository": {"name": "other"}, "toPath": "apps"}]);
    source(&site, "repo", &site.url(), json!({"include": taken})).await?;
    site.said(REPO, ("StorageOperationFailed", "True"), "is there already").await?;
    source(&site, "other", &server.url("other.git"), json!({"include": [{"repository": {"name": "repo"}}]})).await?;
    let said = site.said(REPO, ("IncludeUnavailable", "True"), "go in a circle: repo → other → repo").await?;
    ensure(said.0 == "CircularInclude", format!("{said:?}"))?;
    source(&site, "other", &server.url("other.git"), json!({"include": []})).await?;
    source(&site, "repo", &site.url(), json!({"include": include})).await?;
    site.said(REPO, ("Ready", "True"), "stored artifact").await?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}

pub(crate) async fn submodules_and_sparse_folders_are_applied(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    let lib = GitRepo::with_files(&[("b.yaml", &map("b", "1").replace("NS", &site.namespace))]);
    lib.publish(&server.path("lib.git"));
    site.write(&[
        ("apps/a.yaml", &map("a", "1")),
        ("other/c.yaml", "c"),
        (".gitmodules", "[submodule \"lib\"]\n\tpath = apps/lib\n\turl = ../lib.git\n"),
    ]);
    let pinned = lib.git(&["rev-parse", "HEAD"]);
    site.repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},apps/lib", pinned.trim())]);
    std::fs::create_dir_all(site.repo.path().join("apps/lib"))?;
    let commit = site.repo.commit("first");
    site.repo.publish(&server.path("app.git"));
    site.start().await?;
    let fields = json!({"recurseSubmodules": true, "sparseCheckout": ["./apps"]});
    source(&site, "repo", &server.url("app.git"), fields).await?;
    site.kustomization("apps", json!({})).await?;
    site.ready("apps", &commit).await?;
    for name in ["a", "b"] {
        eventually(|| site.value(name), |value| value.as_deref() == Some("1")).await?;
    }
    let status = site.get(SOURCE, "GitRepository", "repo").await?["status"].clone();
    ensure(status["observedRecurseSubmodules"] == true, status.to_string())?;
    ensure(status["observedSparseCheckout"] == json!(["./apps"]), status.to_string())?;
    source(&site, "repo", &server.url("app.git"), json!({"sparseCheckout": ["none"]})).await?;
    let said = site.said(REPO, ("FetchFailed", "True"), "sparse checkout dir 'none' does not exist").await?;
    ensure(said.0 == "GitOperationFailed", format!("{said:?}"))?;
    site.stop().await;
    aside(move || drop(server)).await?;
    Ok(())
}

pub(crate) async fn a_github_app_reads_its_repositories(mut site: Site) -> Outcome {
    let access = Access::Basic("x-access-token", "ghs_token");
    let server = aside(move || GitServer::with(Setup { access, ..Setup::default() })).await?;
    let github = aside(|| GitHubMock::start("ghs_token")).await?;
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    site.repo.publish(&server.path("app.git"));
    site.start().await?;
    source(&site, "repo", &server.url("app.git"), json!({"provider": "github"})).await?;
    site.kustomization("apps", json!({})).await?;
    let said = site.said(REPO, ("Stalled", "True"), "secretRef with github app data must be specified").await?;
    ensure(said.0 == "InvalidProviderConfiguration", format!("{said:?}"))?;
    let app = json!({"githubAppID": github.app(), "githubAppInstallationOwner": "lab",
        "githubAppPrivateKey": github.private_key(), "githubAppBaseURL": github.url()});
    secret(&site, "app", app).await?;
    source(&site, "repo", &server.url("app.git"), json!({"secretRef": {"name": "app"}})).await?;
    site.said(REPO, ("Ready", "False"), "has github app data but provider is not set to github").await?;
    source(&site, "repo", &server.url("app.git"), json!({"provider": "github", "secretRef": {"name": "app"}})).await?;
    site.ready("apps", &commit).await?;
    ensure(github.tokens() == 1, "a token is asked for once")?;
    site.stop().await;
    aside(move || drop((server, github))).await?;
    Ok(())
}

pub(crate) async fn a_repository_is_reached_through_a_proxy(mut site: Site) -> Outcome {
    let server = aside(GitServer::start).await?;
    let proxy = aside(ForwardProxy::start).await?;
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    site.repo.publish(&server.path("app.git"));
    site.start().await?;
    let login =
        |password: &str| json!({"address": proxy.address(), "username": ForwardProxy::USER, "password": password});
    secret(&site, "proxy", login("hunter2")).await?;
    source(&site, "repo", &server.url("app.git"), json!({"proxySecretRef": {"name": "proxy"}})).await?;
    site.kustomization("apps", json!({})).await?;
    let said = site.said(REPO, ("Ready", "False"), "proxy").await?;
    ensure(said.0 == "AuthenticationFailed" && !said.1.contains("hunter2"), format!("{said:?}"))?;
    ensure(server.requests() == 0, "the proxy lets nothing through")?;
    secret(&site, "proxy", login(ForwardProxy::PASSWORD)).await?;
    site.ready("apps", &commit).await?;
    site.stop().await;
    aside(move || drop((server, proxy))).await?;
    Ok(())
}
