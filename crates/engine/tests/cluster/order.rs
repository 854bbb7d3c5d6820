//! What waits for what.

use serde_json::json;

use crate::world::{Outcome, Site, condition_of, ensure, map};

pub(crate) async fn dependencies_go_first(mut site: Site) -> Outcome {
    site.write(&[("infra/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"dependsOn": [{"name": "infra"}]})).await?;
    let message = site.failed("apps", "DependencyNotReady").await?;
    ensure(message == format!("dependency '{}/infra' not found", site.namespace), message)?;
    ensure(site.value("b").await?.is_none(), "b waits")?;
    site.kustomization("infra", json!({})).await?;
    site.ready("apps", &commit).await?;
    ensure(site.value("a").await?.is_some(), "a was first")?;
    let after = site.repo.commit("second");
    site.write(&[("infra/a.yaml", &map("a", "2")), ("apps/b.yaml", &map("b", "2"))]);
    let last = site.repo.commit(&format!("after {after}"));
    site.ready("apps", &last).await?;
    ensure(site.value("a").await?.as_deref() == Some("2"), "a was first again")?;
    site.stop().await;
    Ok(())
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: NS}\nspec:\n  replicas: 1\n  \
selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: web}]}\n";

pub(crate) async fn health_is_waited_for(mut site: Site) -> Outcome {
    site.write(&[("apps/web.yaml", DEPLOYMENT)]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"wait": true})).await?;
    site.ready("apps", &commit).await?;
    let object = site.kustomizations().get("apps").await?;
    let healthy = condition_of(&object, "Healthy").ok_or("the condition Healthy")?;
    ensure(healthy.message.starts_with("Health check passed in "), healthy.message)?;
    site.stop().await;
    Ok(())
}
