//! From a commit to the cluster.

use std::time::Duration;

use serde_json::json;

use crate::world::{Outcome, Site, condition_of, ensure, eventually, map};

pub(crate) async fn sync_makes_all_and_tells(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/sub/b.yaml", &map("b", "2"))]).await?;
    ensure(site.value("a").await? == Some("1".into()), "a is there")?;
    ensure(site.value("b").await? == Some("2".into()), "b is there")?;
    let object = site.kustomizations().get("apps").await?;
    let status = object.status.clone().unwrap_or_default();
    let ids: Vec<_> = status.inventory.unwrap_or_default().entries.into_iter().map(|entry| entry.id).collect();
    let expected = [format!("{}_a__ConfigMap", site.namespace), format!("{}_b__ConfigMap", site.namespace)];
    ensure(ids == expected, format!("{ids:?}"))?;
    ensure(status.observed_generation == object.metadata.generation, "the generation was observed")?;
    ensure(status.history.len() == 1, format!("one try: {:?}", status.history))?;
    ensure(condition_of(&object, "Reconciling").is_none(), "work has ended")?;
    ensure(object.metadata.finalizers == Some(vec![api::FINALIZER.into()]), "the finalizer is set")?;
    site.state_until("two healthy objects", |state| {
        state.all_settled() && state.deliveries.values().all(|delivery| delivery.health.current == 2)
    })
    .await?;
    let source = site.sources().get("repo").await?.status.unwrap_or_default();
    let message = api::condition(&source.conditions, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    ensure(message.starts_with("stored artifact for revision 'main@sha1:"), message)?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_commit_is_applied_within_two_seconds(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    let commit = site.repo.commit("second");
    let took = eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    ensure(took < Duration::from_secs(2), format!("took {took:?}"))?;
    site.ready("apps", &commit).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_forced_push_is_followed(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    let second = site.repo.commit("second");
    site.ready("apps", &second).await?;
    site.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    site.write(&[("apps/a.yaml", &map("a", "3"))]);
    let third = site.repo.commit("another second");
    site.ready("apps", &third).await?;
    ensure(site.value("a").await? == Some("3".into()), "the new history is applied")?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_labelled_input_is_followed(mut site: Site) -> Outcome {
    let inputs = |value: &str| {
        let metadata =
            json!({"name": "inputs", "namespace": site.namespace, "labels": {"reconcile.fluxcd.io/watch": "Enabled"}});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}})
    };
    let (one, two) = (inputs("one"), inputs("two"));
    site.apply(&one).await?;
    site.write(&[("apps/a.yaml", &map("a", "${value}"))]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let from = json!({"substituteFrom": [{"kind": "ConfigMap", "name": "inputs"}]});
    site.kustomization("apps", json!({"postBuild": from})).await?;
    site.ready("apps", &first).await?;
    site.apply(&two).await?;
    // Long before the interval, which is an hour.
    eventually(|| site.value("a"), |value| value.as_deref() == Some("two")).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn variables_come_from_the_cluster(mut site: Site) -> Outcome {
    let vars = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "vars", "namespace": site.namespace}, "data": {"who": "world"}});
    site.apply(&vars).await?;
    site.write(&[("apps/a.yaml", &map("a", "hello ${who}, ${greeting:=good day}"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let build =
        json!({"substitute": {"greeting": "welcome"}, "substituteFrom": [{"kind": "ConfigMap", "name": "vars"}]});
    site.kustomization("apps", json!({"postBuild": build})).await?;
    site.ready("apps", &commit).await?;
    let value = site.value("a").await?;
    ensure(value.as_deref() == Some("hello world, welcome"), format!("{value:?}"))?;
    site.stop().await;
    Ok(())
}
