//! Broken repositories, refused objects, sources that go.

use serde_json::json;

use crate::world::{Outcome, Site, condition_of, ensure, eventually, map};

const NAMELESS_PORT: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: NS}\nspec: {ports: [{port: 99999999}]}\n";

pub(crate) async fn a_refused_object_stops_no_other(mut site: Site) -> Outcome {
    site.write(&[("apps/a.yaml", &map("a", "1")), ("apps/s.yaml", NAMELESS_PORT)]);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({})).await?;
    let message = site.failed("apps", "ReconciliationFailed").await?;
    ensure(message.contains("Service/") && message.contains("port"), message)?;
    ensure(site.value("a").await?.is_some(), "a is there")?;
    site.repo.git(&["rm", "--quiet", "apps/s.yaml"]);
    let commit = site.repo.commit("without s");
    site.ready("apps", &commit).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn broken_yaml_is_told_and_nothing_deleted(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("good/g.yaml", &map("g", "1"))]).await?;
    site.repo.write("apps/broken.yaml", "kind: ConfigMap\n  name: [\n");
    site.write(&[("good/g.yaml", &map("g", "2"))]);
    let commit = site.repo.commit("broken");
    site.kustomization("good", json!({})).await?;
    let message = site.failed("apps", "BuildFailed").await?;
    ensure(message.contains("apps/broken.yaml"), message)?;
    ensure(site.value("a").await?.is_some(), "nothing is deleted")?;
    site.ready("good", &commit).await?;
    let name = engine::Name::new(&site.namespace, "apps");
    site.state_until("the finding", |state| {
        state.deliveries.get(&name).is_some_and(|delivery| !delivery.diagnostics.is_empty())
    })
    .await?;
    site.edit("a", "9", "edit").await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    site.repo.git(&["rm", "--quiet", "apps/broken.yaml"]);
    let mended = site.repo.commit("mended");
    site.ready("apps", &mended).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_source_that_goes_leaves_all_in_place(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    let aside = site.repo.path().join("aside");
    std::fs::rename(site.repo.path().join(".git"), &aside)?;
    let again = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "repo", "namespace": site.namespace, "annotations": {"reconcile.fluxcd.io/requestedAt": "now"}},
        "spec": {"url": site.url(), "interval": "1h", "ref": {"branch": "main"}}});
    site.apply(&again).await?;
    let sources = site.sources();
    let status = |source: &api::GitRepository| source.status.clone().unwrap_or_default();
    eventually(|| sources.get("repo"), |source| api::ready(&status(source).conditions) == api::Ready::No).await?;
    let source = status(&sources.get("repo").await?);
    ensure(source.artifact.is_some(), "the last good artifact stays")?;
    ensure(source.last_handled_reconcile_at.as_deref() == Some("now"), "the request is handled")?;
    let object = site.kustomizations().get("apps").await?;
    ensure(condition_of(&object, "Ready").is_some_and(|ready| ready.status == "True"), "apps stays ready")?;
    site.edit("a", "9", "edit").await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn other_folders_are_not_read(mut site: Site) -> Outcome {
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    site.repo.commit("first");
    site.start().await?;
    let spec = json!({"url": site.url(), "interval": "1h"});
    let other = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "other", "namespace": site.namespace}, "spec": spec});
    site.apply(&other).await?;
    let sources = site.sources();
    let reason = |source: &api::GitRepository| {
        let status = source.status.clone().unwrap_or_default();
        api::condition(&status.conditions, "Stalled").map(|stalled| stalled.reason.clone())
    };
    eventually(|| sources.get("other"), |source| reason(source).as_deref() == Some("URLInvalid")).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn unsupported_fields_are_named(mut site: Site) -> Outcome {
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let strange = site.kustomization("apps", json!({"newField": 1})).await;
    let refused = strange.err().map(|error| error.to_string()).unwrap_or_default();
    ensure(refused.contains("newField"), format!("what no version has is refused by the server: {refused}"))?;
    site.kustomization(
        "apps",
        json!({"decryption": {"provider": "vault"}, "kubeConfig": {"configMapRef": {"name": "far"}}}),
    )
    .await?;
    let message = site.failed("apps", "UnsupportedFeature").await?;
    ensure(message.contains("spec.decryption.provider, spec.kubeConfig.configMapRef"), message)?;
    ensure(site.value("a").await?.is_none(), "nothing is applied")?;
    site.stop().await;
    Ok(())
}

/// Four sorts of refusal in one commit: each is told with its file, and what is good is applied.
pub(crate) async fn all_refusals_are_told_at_once(mut site: Site) -> Outcome {
    let frozen = map("frozen", "1") + "immutable: true\n";
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/frozen.yaml", &frozen)]).await?;
    site.write(&[
        ("apps/a.yaml", &map("a", "2")),
        ("apps/frozen.yaml", &frozen.replace("value: \"1\"", "value: \"2\"")),
        ("apps/lost.yaml", &map("lost", "1").replace("NS", "NS-nowhere")),
        ("apps/port.yaml", NAMELESS_PORT),
        ("apps/widget.yaml", "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w, namespace: NS}\n"),
    ]);
    site.repo.commit("bad");
    let message = site.failed("apps", "ReconciliationFailed").await?;
    for (file, words) in [
        ("frozen", "immutable"),
        ("lost", "does not exist; add a Namespace"),
        ("port", "between 1 and 65535"),
        ("widget", "does not know the kind"),
    ] {
        let line = message.lines().find(|line| line.starts_with(&format!("apps/{file}.yaml:1: ")));
        ensure(line.is_some_and(|line| line.contains(words)), format!("{file} is not told of in\n{message}"))?;
    }
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    ensure(site.value("frozen").await?.as_deref() == Some("1"), "it is left as it was")?;
    site.repo.git(&["rm", "--quiet", "apps/lost.yaml", "apps/port.yaml", "apps/widget.yaml"]);
    site.write(&[("apps/frozen.yaml", &frozen)]);
    let mended = site.repo.commit("mended");
    site.ready("apps", &mended).await?;
    site.stop().await;
    Ok(())
}
