//! What cannot be applied is said, all at once, and the rest goes on.

use apply::{DryRun, Outcome};

use crate::install::APP;
use crate::world::{Outcomes, Site, only, outcomes};

pub(crate) async fn all_refusals_at_once(site: Site) -> Outcomes {
    let set = "
apiVersion: v1
kind: ConfigMap
metadata: {name: twice, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: twice, namespace: NS}
---
apiVersion: nowhere.io/v1
kind: Nothing
metadata: {name: a, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: homeless}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: lost, namespace: NS-is-missing}
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: NS}
";
    let plan = site.plan(set).await?;
    let said: Vec<String> =
        plan.refused.iter().map(|refusal| refusal.to_string().replace(&site.namespace, "NS")).collect();
    let expect = [
        "test.yaml:6: ConfigMap/NS/twice: is rendered twice: from test.yaml:2 and from test.yaml:6; take one out, or give it another name or namespace",
        "test.yaml:10: Nothing/NS/a: the cluster does not know the kind nowhere.io/v1 Nothing; install its CustomResourceDefinition first (another Kustomization and dependsOn), or put it into this set",
        "test.yaml:14: ConfigMap/homeless: has no namespace; set metadata.namespace, the kustomization's `namespace` or spec.targetNamespace",
        "test.yaml:22: ConfigMap/NS/: apiVersion, kind or metadata.name is missing; every object needs all three",
        "test.yaml:18: ConfigMap/NS-is-missing/lost: its namespace NS-is-missing does not exist; add a Namespace to the set, or depend on the Kustomization that makes it",
    ];
    assert_eq!(said, expect);
    assert_eq!(plan.changes.len(), 1);
    Ok(())
}

pub(crate) async fn one_bad_object_does_not_stop_others(mut site: Site) -> Outcomes {
    let set = "
apiVersion: v1
kind: ConfigMap
metadata: {name: good, namespace: NS}
---
apiVersion: v1
kind: Service
metadata: {name: bad, namespace: NS}
spec: {ports: [{port: 99999}]}
";
    let done = site.apply(set).await?;
    assert_eq!(outcomes(&done), "created ConfigMap/good, failed Service/bad");
    let failed = done.with(Outcome::Failed).next().ok_or("a failure")?;
    assert!(failed.message.contains("spec.ports[0].port") && !failed.transient, "{}", failed.message);
    // A dry-run says the same beforehand.
    let plan = site.plan_as(set, DryRun::Always, false).await?;
    assert_eq!(plan.refused.len(), 1);
    assert!(plan.refused[0].message.starts_with("dry-run failed (Invalid): "), "{}", plan.refused[0]);
    Ok(())
}

pub(crate) async fn immutable_fields_need_force(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    let changed = APP.replace("NS-web", "NS-other");
    let uid = |site: &Site| site.observer.get(&site.key("apps", "Deployment", "web")).map(|live| live.uid.clone());
    let before = uid(&site);
    let done = site.apply(&changed).await?;
    let failed = done.with(Outcome::Failed).next().ok_or("a failure")?;
    assert!(failed.message.contains("set force"), "{}", failed.message);

    let plan = site.plan_as(&changed, DryRun::Never, true).await?;
    only(&site.carry_out(&plan).await?, &[Outcome::Created, Outcome::Configured, Outcome::Unchanged])?;
    assert_ne!(uid(&site), before);
    let stored = site.stored("apps/v1", "Deployment", "web").await?.ok_or("a Deployment")?;
    let expect = format!("{}-other", site.namespace);
    assert_eq!(stored.str_at(&["spec", "selector", "matchLabels", "app"]), Some(expect.as_str()));
    Ok(())
}
