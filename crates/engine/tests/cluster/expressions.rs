//! CEL in specs: health of objects and readiness of dependencies.

use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::world::{Outcome, Site, condition_of, ensure, map};

/// A ConfigMap is well as soon as somebody has said so in an annotation.
fn health() -> serde_json::Value {
    let says = |what: &str| {
        format!(
            "has(metadata.annotations) && 'phase' in metadata.annotations && metadata.annotations.phase == '{what}'"
        )
    };
    json!({"wait": true, "timeout": "20s", "healthCheckExprs": [
        {"apiVersion": "v1", "kind": "ConfigMap", "failed": says("broken"), "current": says("done")},
    ]})
}

async fn annotate(site: &Site, name: &str, phase: &str) -> Outcome {
    let patch = json!({"metadata": {"annotations": {"phase": phase}}});
    site.maps().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

pub(crate) async fn health_is_judged_by_expressions(mut site: Site) -> Outcome {
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", health()).await?;
    site.state_until("waiting for health", |state| {
        state.deliveries.values().any(|delivery| delivery.phase == engine::Phase::Settling)
    })
    .await?;
    annotate(&site, "a", "broken").await?;
    let message = site.failed("apps", "HealthCheckFailed").await?;
    ensure(message.contains("ConfigMap/") && message.contains("`failed` of healthCheckExprs"), message)?;
    annotate(&site, "a", "done").await?;
    site.ready("apps", &first).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_dependency_is_judged_by_an_expression(mut site: Site) -> Outcome {
    site.write(&[("one/a.yaml", &map("a", "1")), ("two/b.yaml", &map("b", "1"))]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("one", json!({})).await?;
    let expression = "has(dep.metadata.labels) && dep.metadata.labels.stage == self.spec.path";
    site.kustomization("two", json!({"dependsOn": [{"name": "one", "readyExpr": expression}]})).await?;
    site.ready("one", &first).await?;
    let message = site.failed("two", "DependencyNotReady").await?;
    ensure(message.contains("one' is not ready according to readyExpr eval"), message)?;
    ensure(site.value("b").await?.is_none(), "nothing is applied")?;
    let patch = json!({"metadata": {"labels": {"stage": "two"}}});
    site.kustomizations().patch("one", &PatchParams::default(), &Patch::Merge(patch)).await?;
    site.ready("two", &first).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn expressions_that_are_none_are_terminal(mut site: Site) -> Outcome {
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let exprs = json!([{"apiVersion": "v1", "kind": "ConfigMap", "failed": "a b", "current": "("}]);
    site.kustomization("apps", json!({"healthCheckExprs": exprs})).await?;
    let message = site.failed("apps", "InvalidCELExpression").await?;
    for part in ["failed terminally", "spec.healthCheckExprs[0].failed", "spec.healthCheckExprs[0].current"] {
        ensure(message.contains(part), format!("{part}: {message}"))?;
    }
    let object = site.kustomizations().get("apps").await?;
    let stalled = condition_of(&object, "Stalled").map(|stalled| stalled.reason);
    ensure(stalled.as_deref() == Some("InvalidCELExpression"), format!("{stalled:?}"))?;
    ensure(object.status.and_then(|status| status.observed_generation) == object.metadata.generation, "seen")?;
    ensure(site.value("a").await?.is_none(), "nothing is applied")?;
    site.stop().await;
    Ok(())
}
