//! Artifacts out of registries, and those that generators make.

use serde_json::json;
use testkit::charts::{CosignKey, FLUX_LAYER, Login, Registry, RegistrySetup, archive};

use crate::world::{Outcome, Site, ensure, eventually, map};

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const GENERATOR: &str = "source.extensions.fluxcd.io/v1beta1";

/// Runs what blocks on another thread.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

pub(crate) async fn registry(login: Login) -> Result<Registry, Box<dyn std::error::Error>> {
    Ok(aside(move || Registry::start(RegistrySetup { login, ..RegistrySetup::default() })).await??)
}

/// Puts a folder with one ConfigMap into the registry.
fn publish(site: &Site, registry: &Registry, tag: &str, value: &str) -> String {
    let text = map("a", value).replace("NS", &site.namespace);
    let packed = archive(&[("deploy/a.yaml", &text)]);
    registry.publish(("org/app", tag), &[(FLUX_LAYER, &packed)], Some("main@sha1:origin"))
}

async fn repository(site: &Site, registry: &Registry, fields: serde_json::Value) -> Outcome {
    let mut spec = json!({"url": registry.url("org/app"), "interval": "1h", "insecure": true});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    site.apply(&site.flux(SOURCE, "OCIRepository", "app", &spec)).await
}

async fn from_registry(site: &Site) -> Outcome {
    let source = json!({"kind": "OCIRepository", "name": "app"});
    site.kustomization("apps", json!({"path": "./deploy", "sourceRef": source})).await
}

async fn applied(site: &Site, revision: &str) -> Outcome {
    site.kustomization_until("apps", |object| {
        let status = object.status.clone().unwrap_or_default();
        api::ready(&status.conditions) == api::Ready::Yes && status.last_applied_revision.as_deref() == Some(revision)
    })
    .await
    .map(drop)
}

pub(crate) async fn an_artifact_of_a_registry_is_applied(mut site: Site) -> Outcome {
    let registry = registry(Login::None).await?;
    let first = publish(&site, &registry, "1.0.0", "1");
    site.start().await?;
    repository(&site, &registry, json!({"interval": "1s", "ref": {"semver": "1.x"}})).await?;
    from_registry(&site).await?;
    applied(&site, &format!("1.0.0@{first}")).await?;
    ensure(site.value("a").await?.as_deref() == Some("1"), "it is applied")?;
    let object = site.get(SOURCE, "OCIRepository", "app").await?;
    let artifact = &object["status"]["artifact"];
    ensure(artifact["metadata"]["org.opencontainers.image.revision"] == "main@sha1:origin", artifact.to_string())?;
    let said = site.said((SOURCE, "OCIRepository", "app"), ("Ready", "True"), "").await?;
    ensure(said == ("Succeeded".into(), format!("stored artifact for digest '1.0.0@{first}'")), format!("{said:?}"))?;
    let origin = site.kustomizations().get("apps").await?.status.unwrap_or_default().last_applied_origin_revision;
    ensure(origin.as_deref() == Some("main@sha1:origin"), format!("{origin:?}"))?;
    // A newer version is found by itself; one that is not in the range is not taken.
    publish(&site, &registry, "2.0.0", "9");
    let second = publish(&site, &registry, "1.1.0", "2");
    applied(&site, &format!("1.1.0@{second}")).await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    site.stop().await;
    aside(move || drop(registry)).await?;
    Ok(())
}

pub(crate) async fn registries_want_credentials(mut site: Site) -> Outcome {
    let registry = registry(Login::Basic).await?;
    let digest = publish(&site, &registry, "latest", "1");
    site.start().await?;
    repository(&site, &registry, json!({"secretRef": {"name": "login"}})).await?;
    from_registry(&site).await?;
    let app = (SOURCE, "OCIRepository", "app");
    let said = site.said(app, ("Ready", "False"), "Secret").await?;
    ensure(said.0 == "AuthenticationFailed" && said.1.contains("not found"), format!("{said:?}"))?;
    for (password, words) in [("hunter2", "refused access"), ("engine", "")] {
        let auths = json!({ registry.host(): {"username": "ada", "password": password}});
        let data = json!({".dockerconfigjson": json!({"auths": auths}).to_string()});
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "login", "namespace": site.namespace}, "stringData": data});
        site.apply(&secret).await?;
        if words.is_empty() {
            applied(&site, &format!("latest@{digest}")).await?;
        } else {
            let said = site.said(app, ("FetchFailed", "True"), words).await?;
            ensure(said.0 == "OCIArtifactPullFailed" && !said.1.contains("hunter2"), format!("{said:?}"))?;
        }
    }
    site.stop().await;
    aside(move || drop(registry)).await?;
    Ok(())
}

pub(crate) async fn signatures_are_demanded(mut site: Site) -> Outcome {
    let registry = registry(Login::None).await?;
    let digest = publish(&site, &registry, "latest", "1");
    let (key, stranger) = (CosignKey::new(), CosignKey::new());
    let app = (SOURCE, "OCIRepository", "app");
    site.start().await?;
    from_registry(&site).await?;
    // Without a key nothing can be checked yet: refused, by name, and nothing is applied.
    repository(&site, &registry, json!({"verify": {"provider": "cosign"}})).await?;
    let said = site.said(app, ("SourceVerified", "False"), "cosign keyless").await?;
    ensure(said.0 == "VerificationError" && said.1.contains("--allow-unverified"), format!("{said:?}"))?;
    site.said(app, ("Stalled", "True"), "cosign keyless").await?;
    let keys = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": site.namespace},
        "stringData": {"cosign.pub": key.public()}});
    site.apply(&keys).await?;
    registry.sign("org/app", &digest, &stranger, &digest);
    repository(&site, &registry, json!({"verify": {"provider": "cosign", "secretRef": {"name": "keys"}}})).await?;
    site.said(app, ("SourceVerified", "False"), "no matching signatures").await?;
    ensure(site.value("a").await?.is_none(), "nothing is applied")?;
    registry.sign("org/app", &digest, &key, &digest);
    site.said(app, ("SourceVerified", "True"), &format!("verified signature of revision latest@{digest}")).await?;
    applied(&site, &format!("latest@{digest}")).await?;
    // The same address passes where the caller of `up` says so, and it is told.
    site.stop().await;
    site.allow_unverified = vec![registry.url("org/app")];
    repository(&site, &registry, json!({"verify": {"provider": "cosign"}})).await?;
    site.start().await?;
    site.said(app, ("SourceVerified", "False"), "used all the same").await?;
    site.said(app, ("Ready", "True"), "stored artifact").await?;
    site.stop().await;
    aside(move || drop(registry)).await?;
    Ok(())
}

pub(crate) async fn an_archive_that_climbs_is_refused(mut site: Site) -> Outcome {
    let registry = registry(Login::None).await?;
    let packed = archive(&[("deploy/a.yaml", &map("a", "1")), ("../../etc/cron.d/x", "harm")]);
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &packed)], None);
    site.start().await?;
    repository(&site, &registry, json!({})).await?;
    let said = site.said((SOURCE, "OCIRepository", "app"), ("Ready", "False"), "leads out of it").await?;
    ensure(said.0 == "OCIArtifactLayerOperationFailed", format!("{said:?}"))?;
    site.stop().await;
    aside(move || drop(registry)).await?;
    Ok(())
}

/// A generator that makes an artifact of each of these folders.
fn generator(folders: &[&str]) -> serde_json::Value {
    let copy = |folder: &&str| json!([{"from": format!("@repo/{folder}/**"), "to": "@artifact/"}]);
    let output = |folder: &&str| json!({"name": folder, "originRevision": "@repo", "copy": copy(folder)});
    let outputs: Vec<_> = folders.iter().map(output).collect();
    json!({"sources": [{"alias": "repo", "kind": "GitRepository", "name": "repo"}], "artifacts": outputs})
}

async fn revision_of(site: &Site, artifact: &str) -> Result<String, Box<dyn std::error::Error>> {
    site.said((SOURCE, "ExternalArtifact", artifact), ("Ready", "True"), "").await?;
    let object = site.get(SOURCE, "ExternalArtifact", artifact).await?;
    Ok(object["status"]["artifact"]["revision"].as_str().unwrap_or_default().to_owned())
}

pub(crate) async fn a_generator_splits_a_repository(mut site: Site) -> Outcome {
    site.write(&[("front/deploy/a.yaml", &map("a", "1")), ("back/deploy/b.yaml", &map("b", "1"))]);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &generator(&["front", "back"]))).await?;
    for name in ["front", "back"] {
        let source = json!({"kind": "ExternalArtifact", "name": name});
        site.kustomization(name, json!({"path": "./deploy", "sourceRef": source})).await?;
    }
    for map in ["a", "b"] {
        eventually(|| site.value(map), |value| value.as_deref() == Some("1")).await?;
    }
    let (front, back) = (revision_of(&site, "front").await?, revision_of(&site, "back").await?);
    ensure(front.starts_with("latest@sha256:") && front != back, format!("{front} {back}"))?;
    let said = site.said((GENERATOR, "ArtifactGenerator", "split"), ("Ready", "True"), "").await?;
    ensure(said.1 == "reconciliation succeeded, generated 2 artifact(s)", format!("{said:?}"))?;
    let user = engine::Name::new(&site.namespace, "back");
    site.state_until("who uses it is applied", |state| {
        state.deliveries.get(&user).is_some_and(|delivery| delivery.applied.is_some())
    })
    .await?;
    let before = site.delivery("back").and_then(|delivery| delivery.applied.clone());
    // A commit in one folder is nothing to the other.
    site.write(&[("front/deploy/a.yaml", &map("a", "2"))]);
    let commit = site.repo.commit("second");
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    ensure(revision_of(&site, "back").await? == back, "the other artifact stays")?;
    ensure(site.delivery("back").and_then(|delivery| delivery.applied.clone()) == before, "and who uses it")?;
    let object = site.get(SOURCE, "ExternalArtifact", "front").await?;
    let origin = object.pointer("/status/artifact/metadata/org.opencontainers.image.revision").cloned();
    ensure(origin == Some(format!("main@sha1:{commit}").into()), format!("{origin:?}"))?;
    // What is not made any more goes, and all of it with the generator.
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &generator(&["front"]))).await?;
    site.said((GENERATOR, "ArtifactGenerator", "split"), ("Ready", "True"), "generated 1 artifact(s)").await?;
    ensure(site.get(SOURCE, "ExternalArtifact", "back").await.is_err(), "the artifact is gone")?;
    ensure(site.value("b").await?.as_deref() == Some("1"), "what was made of it is left in place")?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_generator_says_what_is_missing(mut site: Site) -> Outcome {
    site.write(&[("front/a.yaml", &map("a", "1"))]);
    site.repo.commit("first");
    site.start().await?;
    let split = (GENERATOR, "ArtifactGenerator", "split");
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &generator(&["gone"]))).await?;
    let said = site.said(split, ("Ready", "False"), "not found").await?;
    ensure(said.0 == "SourceFetchFailed" && said.1.contains("GitRepository/"), format!("{said:?}"))?;
    site.source().await?;
    let said = site.said(split, ("Ready", "False"), "gone build failed").await?;
    ensure(said.0 == "BuildFailed" && said.1.contains("'@repo/gone/**'"), format!("{said:?}"))?;
    let mut strange = generator(&["front"]);
    strange["artifacts"][0]["copy"][0]["from"] = "@other/front/**".into();
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &strange)).await?;
    let said = site.said(split, ("Stalled", "True"), "@other").await?;
    ensure(said.0 == "ValidationFailed", format!("{said:?}"))?;
    let mut pattern = generator(&["front"]);
    pattern["pathPattern"] = "@repo/{app".into();
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &pattern)).await?;
    let said = site.said(split, ("Stalled", "True"), "an opening brace has no closing one").await?;
    ensure(said.0 == "ValidationFailed", format!("{said:?}"))?;
    let mut strange = generator(&["front"]);
    strange["artifacts"][0]["copy"][0]["strategy"] = "Melt".into();
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &strange)).await?;
    let said = site.said(split, ("Stalled", "True"), "spec.artifacts.copy.strategy").await?;
    ensure(said.0 == "UnsupportedFeature", format!("{said:?}"))?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_generator_makes_an_artifact_of_each_folder(mut site: Site) -> Outcome {
    site.write(&[("apps/Front/a.yaml", &map("a", "1")), ("apps/back/b.yaml", &map("b", "1"))]);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let copy = json!([{"from": "@repo/apps/{app}/**", "to": "@artifact/{app}/"}]);
    let spec = json!({"sources": [{"alias": "repo", "kind": "GitRepository", "name": "repo"}],
        "pathPattern": "@repo/apps/{app}", "artifacts": [{"name": "app-{app}", "copy": copy}]});
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &spec)).await?;
    let split = (GENERATOR, "ArtifactGenerator", "split");
    site.said(split, ("Ready", "True"), "generated 2 artifact(s)").await?;
    let labels = site.get(SOURCE, "ExternalArtifact", "app-front").await?["metadata"]["labels"].clone();
    ensure(labels["app"] == "front", labels.to_string())?;
    let source = json!({"kind": "ExternalArtifact", "name": "app-front"});
    site.kustomization("front", json!({"path": "./Front", "sourceRef": source})).await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    // A folder more is an artifact more; one that goes takes its artifact along.
    site.write(&[("apps/third/c.yaml", &map("c", "1"))]);
    std::fs::remove_dir_all(site.repo.path().join("apps/back"))?;
    site.repo.commit("second");
    let is_there = async || site.get(SOURCE, "ExternalArtifact", "app-third").await.is_ok();
    eventually(|| async { Ok(is_there().await) }, |there| *there).await?;
    let is_gone = async || site.get(SOURCE, "ExternalArtifact", "app-back").await.is_err();
    eventually(|| async { Ok(is_gone().await) }, |gone| *gone).await?;
    // Names that differ in capital letters alone would be one artifact.
    site.write(&[("apps/FRONT/a.yaml", &map("a", "9"))]);
    site.repo.commit("third");
    let said = site.said(split, ("Ready", "False"), "two folders come to the artifact name \"app-front\"").await?;
    ensure(said.0 == "ValidationFailed", format!("{said:?}"))?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_generator_merges_and_unpacks(mut site: Site) -> Outcome {
    site.write(&[("base.yaml", &map("a", "1")), ("over.yaml", "data:\n  value: '2'\n")]);
    let packed = archive(&[("inner/b.yaml", &map("b", "1").replace("NS", &site.namespace))]);
    site.repo.write("vendor/all.tgz", &packed);
    site.repo.commit("first");
    site.start().await?;
    // Archives are left out of sources unless rules of one's own say otherwise.
    let source = json!({"url": site.url(), "interval": "1h", "ref": {"branch": "main"}, "ignore": "!*.tgz"});
    site.apply(&site.flux(SOURCE, "GitRepository", "repo", &source)).await?;
    let copy = json!([{"from": "@repo/base.yaml", "to": "@artifact/deploy/a.yaml"},
        {"from": "@repo/over.yaml", "to": "@artifact/deploy/a.yaml", "strategy": "Merge"},
        {"from": "@repo/vendor/all.tgz", "to": "@artifact/deploy/", "strategy": "Extract"}]);
    let spec = json!({"sources": [{"alias": "repo", "kind": "GitRepository", "name": "repo"}],
        "artifacts": [{"name": "made", "copy": copy}]});
    site.apply(&site.flux(GENERATOR, "ArtifactGenerator", "split", &spec)).await?;
    let source = json!({"kind": "ExternalArtifact", "name": "made"});
    site.kustomization("made", json!({"path": "./deploy", "sourceRef": source})).await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    eventually(|| site.value("b"), |value| value.as_deref() == Some("1")).await?;
    // An archive that climbs is refused, and what is held is held on.
    site.repo.write("vendor/all.tgz", archive(&[("../../x.yaml", "harm")]));
    site.repo.commit("second");
    let said =
        site.said((GENERATOR, "ArtifactGenerator", "split"), ("Ready", "False"), "failed to extract tarball").await?;
    ensure(said.0 == "BuildFailed" && said.1.contains("leads out of it"), format!("{said:?}"))?;
    site.stop().await;
    Ok(())
}
