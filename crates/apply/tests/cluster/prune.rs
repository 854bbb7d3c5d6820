//! What is not wanted any more goes, if it is ours.

use apply::{Outcome, PlanOptions, plan, prune};

use crate::install::APP;
use crate::world::{Outcomes, Site, outcomes};

pub(crate) async fn prune_deletes_what_is_ours(mut site: Site) -> Outcomes {
    let kept = "
apiVersion: v1
kind: ConfigMap
metadata: {name: keep, namespace: NS, annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: stolen, namespace: NS}
---
";
    site.apply(&format!("{kept}{APP}")).await?;
    let stolen = site.key("", "ConfigMap", "stolen");
    site.edit(&stolen, "v1", "other", "{metadata: {labels: {kustomize.toolkit.fluxcd.io/name: other}}}").await?;
    site.until("the new label shows", |observer| {
        observer.get(&stolen).filter(|live| live.owner.as_ref().is_some_and(|owner| owner.name == "other"))
    })
    .await?;

    let rest = APP.split("---").take(4).collect::<Vec<_>>().join("---");
    let done = site.apply(&rest).await?;
    let unchanged = "skipped ConfigMap/keep, skipped ConfigMap/stolen, unchanged ConfigMap/settings, unchanged Secret/token, \
                     unchanged Service/web, unchanged ServiceAccount/web";
    assert_eq!(outcomes(&done), format!("deleted Deployment/web, {unchanged}"));
    assert!(site.stored("apps/v1", "Deployment", "web").await?.is_none());
    assert!(site.stored("v1", "ConfigMap", "stolen").await?.is_some());
    assert!(site.stored("v1", "ConfigMap", "keep").await?.is_some());
    assert_eq!(site.inventory.len(), 4, "{:?}", site.inventory);
    assert_eq!(site.observer.drift(&site.key("apps", "Deployment", "web")), None, "our own deletion is no drift");
    Ok(())
}

pub(crate) async fn prune_holds_an_empty_render(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    let plan_empty = site.plan("").await?;
    let held = plan_empty.held.clone().ok_or("held")?;
    let done = site.carry_out(&plan_empty).await?;
    assert!(done.results.is_empty(), "{done}");
    assert_eq!(site.inventory.len(), 5, "what is held stays owned");

    let approved = PlanOptions {
        prune: Some(prune::Policy::Loss),
        approval: Some(&held.digest),
        ..PlanOptions::new(&site.owner, &[], &site.inventory)
    };
    let plan = plan(&site.cluster, &site.observer, &approved).await?;
    let done = site.carry_out(&plan).await?;
    assert_eq!(done.with(Outcome::Deleted).count(), 5, "{done}");
    assert_eq!(done.results.first().map(|result| result.key.kind.clone()).as_deref(), Some("Deployment"));
    assert!(site.inventory.is_empty());
    Ok(())
}
