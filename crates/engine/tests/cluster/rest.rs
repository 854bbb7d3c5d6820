//! Rest: what costs nothing, and what a change costs.

use std::time::Duration;

use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::world::{Outcome, Site, ensure, map, since};

/// Long enough for anything that would be written by itself.
const A_WHILE: Duration = Duration::from_millis(800);

pub(crate) async fn suspended_is_left_alone(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    let suspend = |suspend: bool| Patch::Merge(json!({"spec": {"suspend": suspend}}));
    site.kustomizations().patch("apps", &PatchParams::default(), &suspend(true)).await?;
    site.state_until("suspended", |state| {
        state.deliveries.values().any(|delivery| delivery.phase == engine::Phase::Suspended)
    })
    .await?;
    let before = site.kustomizations().get("apps").await?.status;
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    let commit = site.repo.commit("second");
    site.edit("a", "9", "edit").await?;
    tokio::time::sleep(A_WHILE).await;
    ensure(site.value("a").await?.as_deref() == Some("9"), "left alone")?;
    ensure(site.kustomizations().get("apps").await?.status == before, "the status is left alone")?;
    site.kustomizations().patch("apps", &PatchParams::default(), &suspend(false)).await?;
    site.ready("apps", &commit).await?;
    ensure(site.value("a").await?.as_deref() == Some("2"), "goes on")?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_restart_writes_nothing(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]).await?;
    tokio::time::sleep(A_WHILE).await;
    site.stop().await;
    let version = |site: &Site| {
        let (kustomizations, maps, sources) = (site.kustomizations(), site.maps(), site.sources());
        async move {
            let versions = [
                kustomizations.get("apps").await?.metadata.resource_version,
                sources.get("repo").await?.metadata.resource_version,
                maps.get("a").await?.metadata.resource_version,
            ];
            Ok::<_, kube::Error>(versions)
        }
    };
    let before = version(&site).await?;
    site.start().await?;
    site.state_until("all settled", engine::State::all_settled).await?;
    tokio::time::sleep(A_WHILE).await;
    ensure(version(&site).await? == before, "nothing was written")?;
    site.edit("a", "9", "edit").await?;
    crate::world::eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_change_elsewhere_costs_nothing(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    let before = (site.requests_at_rest().await, site.kustomizations().get("apps").await?.metadata.resource_version);
    site.write(&[("docs/readme.yaml", &map("x", "1"))]);
    let commit = site.repo.commit("elsewhere");
    let at = |state: &engine::State| {
        state
            .deliveries
            .values()
            .all(|delivery| delivery.applied.as_deref().is_some_and(|applied| applied.ends_with(&commit)))
    };
    site.state_until("the new revision", at).await?;
    let after = site.requests_at_rest().await;
    ensure(
        site.kustomizations().get("apps").await?.metadata.resource_version == before.1,
        "the Kustomization was not written",
    )?;
    let asked: Vec<_> = since(&before.0, &after)
        .into_iter()
        .filter(|line| !line.contains("gitrepositories") && !line.contains("events"))
        .collect();
    ensure(asked.is_empty(), format!("{asked:?}"))?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn one_change_is_three_requests(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]).await?;
    let before = site.requests_at_rest().await;
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    let commit = site.repo.commit("second");
    site.ready("apps", &commit).await?;
    let after = site.requests_at_rest().await;
    let asked: Vec<_> = since(&before, &after).into_iter().filter(|line| !line.contains("gitrepositories")).collect();
    let expected = ["2 create events", "1 patch configmaps", "1 patch kustomizations/status"];
    ensure(asked == expected, format!("{asked:?}"))?;
    site.stop().await;
    Ok(())
}
