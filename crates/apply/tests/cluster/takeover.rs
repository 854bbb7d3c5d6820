//! Objects that somebody else has made or manages.

use apply::Outcome;

use crate::world::{Outcomes, Site, outcomes, yaml};

pub(crate) async fn edits_by_kubectl_are_undone(mut site: Site) -> Outcomes {
    let by_hand = "
apiVersion: v1
kind: ConfigMap
metadata:
  name: old
  namespace: NS
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}', mine: stays}
data: {a: '1', b: '2'}
"
    .replace("NS", &site.namespace);
    site.cluster.with_field_manager("kubectl-client-side-apply").create(&yaml(&by_hand)).await?;
    let set = "{apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: NS}, data: {a: '1'}}";
    let done = site.apply(set).await?;
    assert_eq!(outcomes(&done), "configured ConfigMap/old");
    let stored = site.stored("v1", "ConfigMap", "old").await?.ok_or("a ConfigMap")?;
    assert_eq!(goyaml::json::to_string(stored.get("data").ok_or("data")?), r#"{"a":"1"}"#);
    assert!(stored.at(&["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]).is_none());

    // An edit with kubectl on an object that we know goes the same way, and does not come again.
    let key = site.key("", "ConfigMap", "old");
    site.edit(&key, "v1", "kubectl-edit", "{data: {added: by-hand}}").await?;
    site.until("the edit shows", |observer| {
        observer.get(&key).filter(|live| live.value().at(&["data", "added"]).is_some())
    })
    .await?;
    assert_eq!(outcomes(&site.apply(set).await?), "configured ConfigMap/old");
    let stored = site.stored("v1", "ConfigMap", "old").await?.ok_or("a ConfigMap")?;
    assert!(stored.at(&["data", "added"]).is_none());
    assert!(site.plan(set).await?.is_noop());
    Ok(())
}

pub(crate) async fn objects_say_how_they_are_applied(mut site: Site) -> Outcomes {
    let there = "{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME, namespace: NS}, data: {a: old}}"
        .replace("NS", &site.namespace);
    for name in ["once", "merged", "ignored"] {
        site.cluster.with_field_manager("kubectl-create").create(&yaml(&there.replace("NAME", name))).await?;
    }
    let wanted = |name: &str, policy: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: NS, annotations: {{kustomize.toolkit.fluxcd.io/{policy}}}}}, data: {{b: new}}}}\n"
        )
    };
    let set = [
        wanted("once", "ssa: IfNotPresent"),
        wanted("merged", "ssa: Merge"),
        wanted("ignored", "reconcile: disabled"),
        wanted("fresh", "ssa: IfNotPresent"),
    ]
    .concat();
    let done = site.apply(&set).await?;
    assert_eq!(
        outcomes(&done),
        "configured ConfigMap/merged, created ConfigMap/fresh, skipped ConfigMap/ignored, skipped ConfigMap/once"
    );
    let merged = site.stored("v1", "ConfigMap", "merged").await?.ok_or("a ConfigMap")?;
    assert_eq!((merged.str_at(&["data", "a"]), merged.str_at(&["data", "b"])), (Some("old"), Some("new")));
    let done = site.apply(&set).await?;
    assert_eq!(done.with(Outcome::Configured).count(), 0, "{done}");
    Ok(())
}
