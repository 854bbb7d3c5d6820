//! What others change is seen by watch, named and healed.

use std::time::Duration;

use apply::Outcome;
use object::diff::Table;

use crate::install::APP;
use crate::world::{Outcomes, Site, only};

pub(crate) async fn drift_is_seen_named_and_healed(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    let deployment = site.key("apps", "Deployment", "web");
    let secret = site.key("", "Secret", "token");
    assert_eq!(site.observer.drift(&deployment), None);

    let template = "{spec: {replicas: 0, template: {spec: {containers: [{name: web, image: 'evil:1'}]}}}}";
    site.edit(&deployment, "v1", "somebody", template).await?;
    let drift = site.until("the edit shows", |observer| observer.drift(&deployment)).await?;
    let image = drift.fields.iter().find(|field| field.path.ends_with("[name=web].image")).map(ToString::to_string);
    assert_eq!(image.as_deref(), Some(".spec.template.spec.containers[name=web].image  nginx:1.27 -> evil:1"));
    assert_eq!(drift.manager.as_deref(), Some("somebody"));
    assert!(drift.time.is_some());

    site.edit(&secret, "v1", "thief", "{data: {password: T1RIRVI=}}").await?;
    let drift = site.until("the edited Secret shows", |observer| observer.drift(&secret)).await?;
    assert_eq!(Table(&drift.fields).to_string(), ".data.password  ***** -> ***** (changed)\n");
    assert_eq!(drift.manager.as_deref(), Some("thief"));

    let before = site.cluster.requests();
    let done = site.apply(APP).await?;
    assert_eq!(done.with(Outcome::Configured).count(), 2, "{done}");
    assert_eq!(site.cluster.requests() - before, 2, "one patch an object");
    assert_eq!(site.observer.drift(&deployment), None);
    let stored = site.stored("v1", "Secret", "token").await?.ok_or("a Secret")?;
    assert_eq!(stored.str_at(&["data", "password"]), Some("VE9QU0VDUkVU"));
    Ok(())
}

pub(crate) async fn deletion_is_drift(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    let key = site.key("", "ConfigMap", "settings");
    let gvk = object::Gvk::from_api_version("v1", "ConfigMap");
    site.cluster.delete(&gvk, &key, &apply::DeleteOptions::default()).await?;
    let drift = site.until("the deletion shows", |observer| observer.drift(&key)).await?;
    assert!(drift.missing);
    let done = site.apply(APP).await?;
    assert_eq!(done.with(Outcome::Created).count(), 1, "{done}");
    assert_eq!(site.observer.drift(&key), None);
    Ok(())
}

/// Additions by others, status and our own applies are not drift.
pub(crate) async fn our_own_writes_are_no_drift(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    let key = site.key("", "ConfigMap", "settings");
    site.edit(&key, "v1", "friend", "{data: {extra: more}, metadata: {annotations: {note: hello}}}").await?;
    site.until("the addition shows", |observer| {
        observer.get(&key).filter(|live| live.value().at(&["data", "extra"]).is_some())
    })
    .await?;
    assert_eq!(site.observer.drift(&key), None);
    for round in 0..5 {
        let text = APP.replace("size: \"3\"", &format!("size: \"{round}\""));
        only(&site.apply(&text).await?, &[Outcome::Unchanged, Outcome::Configured])?;
        assert_eq!(site.observer.drift(&key), None, "round {round}");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(site.observer.drift(&key), None, "the late events of our own writes");
    let stored = site.stored("v1", "ConfigMap", "settings").await?.ok_or("a ConfigMap")?;
    assert_eq!(stored.str_at(&["data", "extra"]), Some("more"));
    Ok(())
}
