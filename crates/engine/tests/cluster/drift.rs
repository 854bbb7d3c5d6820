//! What somebody changes by hand is put back.

use std::time::Duration;

use kube::api::DeleteParams;

use crate::world::{Outcome, Site, condition_of, ensure, eventually, map};

pub(crate) async fn an_edit_is_put_back(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    site.edit("a", "9", "edit").await?;
    let took = eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    ensure(took < Duration::from_secs(1), format!("took {took:?}"))?;
    let name = engine::Name::new(&site.namespace, "apps");
    site.state_until("the drift", |state| {
        state.deliveries.get(&name).is_some_and(|delivery| !delivery.drift.is_empty())
    })
    .await?;
    let drift = site.delivery("apps").and_then(|delivery| delivery.drift.back().cloned()).ok_or("a drift")?;
    ensure(&*drift.manager == "edit" && !drift.deleted, format!("{drift:?}"))?;
    ensure(drift.fields == [".data.value  1 -> 9"], format!("{:?}", drift.fields))?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_deletion_is_put_back(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    site.maps().delete("a", &DeleteParams::default()).await?;
    let took = eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    ensure(took < Duration::from_secs(1), format!("took {took:?}"))?;
    let name = engine::Name::new(&site.namespace, "apps");
    site.state_until("the drift", |state| {
        state.deliveries.get(&name).is_some_and(|delivery| delivery.drift.iter().any(|drift| drift.deleted))
    })
    .await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_fight_is_contested(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    for round in 0..5 {
        site.edit("a", &format!("theirs {round}"), "rival").await?;
        eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    }
    site.edit("a", "theirs at last", "rival").await?;
    let object = site.kustomization_until("apps", |object| condition_of(object, "DriftContested").is_some()).await?;
    let condition = condition_of(&object, "DriftContested").ok_or("the condition")?;
    ensure(condition.message.contains("(by rival)"), condition.message)?;
    ensure(site.value("a").await?.as_deref() == Some("theirs at last"), "left alone for now")?;
    site.stop().await;
    Ok(())
}
